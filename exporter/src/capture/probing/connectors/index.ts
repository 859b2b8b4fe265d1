import type { ConnectorId } from '../../../domain/model.js';
import { bentoml } from './bentoml.js';
import type { Connector } from './connector.js';
import { gradio } from './gradio.js';
import { huggingfaceInference } from './huggingface-inference.js';
import { huggingfaceSpace } from './huggingface-space.js';
import { mlflow } from './mlflow.js';
import { openInference } from './open-inference.js';
import { rest } from './rest.js';
import { torchserve } from './torchserve.js';

/** Every connector, in the order discovery asks them: those told by the address first, the generic one after. */
export const CONNECTORS: readonly Connector[] = [
  openInference,
  torchserve,
  huggingfaceInference,
  rest,
  gradio,
  mlflow,
  bentoml,
  huggingfaceSpace,
];

export function connectorOf(id: ConnectorId): Connector {
  return CONNECTORS.find((connector) => connector.id === id) ?? rest;
}
