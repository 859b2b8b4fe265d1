import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { modelAnswer } from '../answers/read-answer.js';
import { SENTENCES } from '../payloads/sentences.js';
import { getJson, isHttpAnswer, post, rootOf, type Candidate, type Connector } from './connector.js';

const MODEL_PATH = /^\/v2\/models\/([^/]+)(\/versions\/[^/]+)?(\/infer)?\/?$/;

/** Open Inference Protocol v2 (KServe, Triton, MLServer): metadata at `/v2/models/<m>`, `POST …/infer` with typed tensors. */
export const openInference: Connector = {
  id: 'open-inference',
  async describe(context, url, authorizationSecret) {
    const match = MODEL_PATH.exec(url.pathname);
    if (match === null) return [];
    const base = `${rootOf(url)}/v2/models/${match[1] ?? ''}${match[2] ?? ''}`;
    const metadata = await getJson(context, base, authorizationSecret);
    if (!isObject(metadata ?? undefined) || !Array.isArray((metadata as JsonObject).inputs)) return [];
    const inputs = ((metadata as JsonObject).inputs as readonly Json[]).filter(isObject);
    const candidate: Candidate = {
      endpoint: { url: `${base}/infer`, connector: 'open-inference', settings: {}, authorizationSecret },
      payloads: Array.from({ length: 8 }, (_, variant) => ({
        inputs: inputs.map((input) => tensorFor(input, variant)),
      })),
      what: 'v2 model metadata',
    };
    return [candidate];
  },
  async ask(context, endpoint, payload) {
    const answer = await post(context, endpoint, endpoint.url, payload);
    return isHttpAnswer(answer) ? modelAnswer(answer, outputsAsObject, context.asking?.pointers) : answer;
  },
};

/** Unknown sizes (−1) become 1, so that one row is asked. */
function tensorFor(input: JsonObject, variant: number): JsonObject {
  const shape = (Array.isArray(input.shape) ? (input.shape as readonly Json[]) : [1]).map((size) =>
    typeof size === 'number' && size > 0 ? size : 1,
  );
  const length = Math.min(
    10_000,
    shape.reduce((product, size) => product * size, 1),
  );
  const datatype = typeof input.datatype === 'string' ? input.datatype : 'FP32';
  const valueAt = (i: number): Json => {
    if (datatype === 'BYTES') return SENTENCES[(variant + i) % SENTENCES.length] ?? '';
    if (datatype === 'BOOL') return (variant + i) % 2 === 0;
    return /^U?INT/.test(datatype) ? (variant + i) % 10 : Number((0.5 + 0.37 * ((variant * 7 + i) % 11)).toFixed(3));
  };
  return { name: input.name ?? 'input', shape, datatype, data: Array.from({ length }, (_, i) => valueAt(i)) };
}

/** One row of several values (`shape` [1, k]) as a list in a list, the way other protocols write it. */
function rowOf(output: JsonObject): Json {
  const { data, shape } = output;
  const isRow = Array.isArray(shape) && shape.length === 2 && shape[0] === 1 && Number(shape[1]) > 1;
  return isRow && Array.isArray(data) && !Array.isArray(data[0]) ? [data as readonly Json[]] : (data ?? null);
}

/** Tensors by name, so that `probabilities` and the like are found; a single unnamed meaning is the prediction. */
function outputsAsObject(body: Json): Json {
  if (!isObject(body) || !Array.isArray(body.outputs)) return body;
  const outputs = (body.outputs as readonly Json[]).filter(isObject);
  const named = Object.fromEntries(
    outputs.map((output) => [typeof output.name === 'string' ? output.name : 'output', rowOf(output)]),
  );
  const [first] = outputs;
  return {
    ...(first === undefined ? {} : { prediction: rowOf(first) }),
    ...named,
    ...(body.model_version === undefined ? {} : { model_version: body.model_version }),
  };
}
