import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { countOf, LARGE_NUMBERS, MOST_NUMBERS, numbersOf } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, getJson, type Candidate, type Connector } from './connector.js';

const MODEL =
  /^(.*\/v1\/models\/[^/:]+(?:\/(?:versions|labels)\/[^/:]+)?)(?::(predict|classify|regress))?(?:\/metadata)?\/?$/;
const VARIANTS = 8;
/** Whole images are large: two of them are variety enough. */
const VARIANTS_OF_LARGE = 2;

/**
 * TensorFlow Serving (tensorflow/serving `g3doc/api_rest.md`): the signature at `…/metadata` says which tensors are asked
 * in `{"instances": […]}`, below any prefix.
 */
export const tensorflowServing: Connector = {
  id: 'tensorflow-serving',
  async describe(context, url, authorizationSecret) {
    const told = MODEL.exec(url.pathname.replace(/%3a/gi, ':'));
    if (told === null) return [];
    const base = `${url.origin}${told[1] ?? ''}`;
    const inputs = inputsOf(await getJson(context, `${base}/metadata`, authorizationSecret));
    const numbers = inputs.reduce((sum, { shape }) => sum + countOf(shape), 0);
    if (inputs.length === 0 || numbers > MOST_NUMBERS) return [];
    const length = numbers > LARGE_NUMBERS ? VARIANTS_OF_LARGE : VARIANTS;
    const payloads = Array.from({ length }, (_, variant) => payloadFor(inputs, variant)).filter((p) => p !== null);
    const candidate: Candidate = {
      endpoint: {
        url: `${base}:${told[2] ?? 'predict'}`,
        connector: 'tensorflow-serving',
        settings: {},
        authorizationSecret,
      },
      payloads,
      what: 'TensorFlow Serving signature',
    };
    return [candidate];
  },
  ask: askByPost,
};

interface Input {
  readonly name: string;
  readonly dtype: string;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** Inputs of `serving_default`, or of the first signature. Sizes are written as text (proto3 JSON). */
function inputsOf(document: Json | null): Input[] {
  const inner = field(field(field(document, 'metadata'), 'signature_def'), 'signature_def');
  if (!isObject(inner ?? undefined)) return [];
  const signatures = inner as JsonObject;
  const signature =
    signatures.serving_default ?? Object.values(signatures).find((other) => field(other, 'inputs') !== null);
  const inputs = field(signature ?? null, 'inputs');
  if (!isObject(inputs ?? undefined)) return [];
  return Object.entries(inputs as JsonObject).map(([name, input]) => {
    const dim = field(field(input, 'tensor_shape'), 'dim');
    const sizes = (isList(dim) ? dim : []).map((one) => Number(field(one, 'size')));
    const dtype = field(input, 'dtype');
    return { name, dtype: typeof dtype === 'string' ? dtype : 'DT_FLOAT', shape: sizes.slice(1) };
  });
}

const field = (value: Json | null, name: string): Json | null =>
  value !== null && isObject(value) ? (value[name] ?? null) : null;

/** A lone input is asked by its bare value; several by name. */
function payloadFor(inputs: readonly Input[], variant: number): Json | null {
  const values = inputs.map((input): readonly [string, Json | null] => [input.name, valueFor(input, variant)]);
  if (values.some(([, value]) => value === null)) return null;
  const [only] = values;
  return { instances: [values.length === 1 && only !== undefined ? only[1] : Object.fromEntries(values)] };
}

function valueFor({ dtype, shape }: Input, variant: number): Json | null {
  const numbers = numbersOf(shape, variant);
  if (numbers === null) return null;
  return mapped(numbers, (number) => {
    if (dtype === 'DT_STRING') return SENTENCES[(variant + Math.round(number * 10)) % SENTENCES.length] ?? '';
    if (dtype === 'DT_BOOL') return variant % 2 === 0;
    return /INT/.test(dtype) ? Math.round(number) : number;
  });
}

const mapped = (value: Json, of: (number: number) => Json): Json =>
  isList(value) ? value.map((item) => mapped(item, of)) : typeof value === 'number' ? of(value) : value;
