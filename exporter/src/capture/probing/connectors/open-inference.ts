import { isObject, isList, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { Failure } from '../../../domain/observation.js';
import { guessedRows, LARGE_NUMBERS, MOST_NUMBERS } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import {
  askByPost,
  getJson,
  isHttpAnswer,
  isRoot,
  post,
  type Candidate,
  type Connector,
  type ConnectorContext,
} from './connector.js';

const MODEL_PATH = /^(.*\/v2\/models\/[^/]+(?:\/versions\/[^/]+)?)(?:\/infer)?\/?$/;
const VARIANTS = 8;
/** Whole images are large: two of them are variety enough. */
const VARIANTS_OF_LARGE = 2;

/**
 * Open Inference Protocol v2 (KServe, Triton, MLServer) below any prefix: metadata at `…/v2/models/<m>`, `POST …/infer`
 * with typed tensors; the models of a bare server are learned from its repository.
 */
export const openInference: Connector = {
  id: 'open-inference',
  async describe(context, url, authorizationSecret) {
    const told = MODEL_PATH.exec(url.pathname)?.[1];
    const paths = told === undefined ? await modelsOf(context, url, authorizationSecret) : [told];
    const described = paths.slice(0, 3).map(async (path): Promise<Candidate[]> => {
      const metadata = await getJson(context, `${url.origin}${path}`, authorizationSecret);
      if (!isObject(metadata ?? undefined) || !isList((metadata as JsonObject).inputs)) return [];
      const inputs = (metadata as JsonObject).inputs as readonly Json[];
      const endpoint = {
        url: `${url.origin}${path}/infer`,
        connector: 'open-inference',
        settings: {},
        authorizationSecret,
      } as const;
      if (inputs.length === 0) return untold().map((one) => ({ endpoint, ...one }));
      const payloads = payloadsFor(inputs);
      return payloads.length === 0 ? [] : [{ endpoint, payloads, what: 'v2 model metadata' }];
    });
    return (await Promise.all(described)).flat();
  },
  async ask(context, endpoint, payload) {
    const answer = await askByPost(context, endpoint, payload);
    return answer.kind === 'answer' ? answer : { ...answer, failure: explained(answer.failure, payload) };
  },
};

/** Triton and KServe refuse both ways to write 16-bit floats into JSON (triton-inference-server/server `src/http_server.cc`). */
function explained(failure: Failure, payload: Json): Failure {
  const { detail, httpStatus } = failure;
  const types = isObject(payload) && isList(payload.inputs) ? payload.inputs : [];
  const sent = types.flatMap((input) => (isObject(input) && isHalf(input.datatype) ? [input.datatype] : []))[0];
  const type = sent ?? /\b(B?FP?16)\b.*\bJSON\b/i.exec(detail)?.[1];
  if (type === undefined || httpStatus === null || httpStatus < 400) return failure;
  const words = `${type} does not travel as JSON: serve the model with FP32 inputs and outputs, or send its calls as logs`;
  return { ...failure, detail: `${words}; ${detail}`.slice(0, 300) };
}
const isHalf = (datatype: Json | undefined): datatype is string => datatype === 'FP16' || datatype === 'BF16';

/**
 * A model whose metadata names no input, as MLServer's runtimes for scikit-learn and XGBoost are served: one table of numbers
 * of likely widths, first with the probabilities that classifiers give when they are asked for.
 */
function untold(): Omit<Candidate, 'endpoint'>[] {
  const inputs = guessedRows().map((row) => [{ name: 'input-0', shape: [1, row.length], datatype: 'FP32', data: row }]);
  const outputs = [{ name: 'predict' }, { name: 'predict_proba' }];
  return [
    {
      payloads: inputs.map((one): Json => ({ inputs: one, outputs })),
      what: 'v2 model without metadata, probabilities',
      isGuess: true,
    },
    { payloads: inputs.map((one): Json => ({ inputs: one })), what: 'v2 model without metadata', isGuess: true },
  ];
}

/** Models a server has ready, by Triton's and MLServer's repository extension; only at an address that ends before or at `/v2`. */
async function modelsOf(context: ConnectorContext, url: URL, secret: string | null): Promise<string[]> {
  const prefix = /^(.*?)(?:\/v2)?\/?$/.exec(url.pathname)?.[1] ?? '';
  if (!isRoot(url) && !/\/v2\/?$/.test(url.pathname)) return [];
  const server = await getJson(context, `${url.origin}${prefix}/v2`, secret);
  if (!isObject(server ?? undefined) || !isList((server as JsonObject).extensions)) return [];
  const asked = { url: '', connector: 'open-inference', settings: {}, authorizationSecret: secret } as const;
  const index = await post(context, asked, `${url.origin}${prefix}/v2/repository/index`, {});
  if (!isHttpAnswer(index) || index.status !== 200) return [];
  return readyNames(index.body).map((name) => `${prefix}/v2/models/${encodeURIComponent(name)}`);
}

function readyNames(body: string): string[] {
  try {
    const models = parseJson(body);
    if (!isList(models)) return [];
    return models.flatMap((model) =>
      isObject(model) && typeof model.name === 'string' && (model.state ?? 'READY') === 'READY' ? [model.name] : [],
    );
  } catch {
    return [];
  }
}

/** Every tensor whole, for a server refuses fewer numbers than it names; none when there would be too many to send. */
function payloadsFor(inputs: readonly Json[]): Json[] {
  const tensors = inputs.filter(isObject);
  const numbers = tensors.reduce((sum, tensor) => sum + lengthOf(shapeOf(tensor)), 0);
  if (tensors.length === 0 || numbers > MOST_NUMBERS) return [];
  const variants = numbers > LARGE_NUMBERS ? VARIANTS_OF_LARGE : VARIANTS;
  return Array.from({ length: variants }, (_, variant) => ({
    inputs: tensors.map((tensor) => tensorFor(tensor, variant)),
  }));
}

/** Unknown sizes (−1) become 1, so that one row is asked. */
const shapeOf = (input: JsonObject): number[] =>
  (isList(input.shape) ? input.shape : [1]).map((size) => (typeof size === 'number' && size > 0 ? size : 1));
const lengthOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function tensorFor(input: JsonObject, variant: number): JsonObject {
  const shape = shapeOf(input);
  const length = lengthOf(shape);
  const datatype = typeof input.datatype === 'string' ? input.datatype : 'FP32';
  const valueAt = (i: number): Json => {
    if (datatype === 'BYTES') return SENTENCES[(variant + i) % SENTENCES.length] ?? '';
    if (datatype === 'BOOL') return (variant + i) % 2 === 0;
    return /^U?INT/.test(datatype) ? (variant + i) % 10 : Number((0.5 + 0.37 * ((variant * 7 + i) % 11)).toFixed(3));
  };
  return { name: input.name ?? 'input', shape, datatype, data: Array.from({ length }, (_, i) => valueAt(i)) };
}
