import type { ConnectorId } from '../../../domain/model.js';
import { azureMl } from './azure-ml.js';
import { bentoml } from './bentoml.js';
import type { Connector } from './connector.js';
import { gradio } from './gradio.js';
import { huggingfaceInference } from './huggingface-inference.js';
import { huggingfaceSpace } from './huggingface-space.js';
import { kserve } from './kserve.js';
import { mlflow } from './mlflow.js';
import { multipart } from './multipart.js';
import { ollama } from './ollama.js';
import { openInference } from './open-inference.js';
import { openai } from './openai.js';
import { rest } from './rest.js';
import { sagemaker } from './sagemaker.js';
import { seldon } from './seldon.js';
import { tensorflowServing } from './tensorflow-serving.js';
import { torchserve } from './torchserve.js';
import { vertex } from './vertex.js';

/** Every connector, in the order discovery asks them: those told by the address first, the generic one after. */
export const CONNECTORS: readonly Connector[] = [
  openInference,
  torchserve,
  tensorflowServing,
  vertex,
  huggingfaceInference,
  openai,
  kserve,
  ollama,
  azureMl,
  sagemaker,
  rest,
  gradio,
  mlflow,
  bentoml,
  seldon,
  huggingfaceSpace,
  multipart,
];

export function connectorOf(id: ConnectorId): Connector {
  return CONNECTORS.find((connector) => connector.id === id) ?? rest;
}
