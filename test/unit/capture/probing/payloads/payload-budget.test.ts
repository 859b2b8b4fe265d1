import { expect, it } from 'vitest';
import { bentoml } from '../../../../../exporter/src/capture/probing/connectors/bentoml.js';
import type { Candidate, Connector } from '../../../../../exporter/src/capture/probing/connectors/connector.js';
import { gradio } from '../../../../../exporter/src/capture/probing/connectors/gradio.js';
import { rest } from '../../../../../exporter/src/capture/probing/connectors/rest.js';
import { tensorflowServing } from '../../../../../exporter/src/capture/probing/connectors/tensorflow-serving.js';
import { payloadsFromSchema } from '../../../../../exporter/src/capture/probing/payloads/from-schema.js';
import { payloadsFromRefusal } from '../../../../../exporter/src/capture/probing/payloads/mlflow-signature.js';
import { described } from '../../../../../exporter/src/capture/probing/payloads/unsaid-parts.js';
import type { Json, JsonObject } from '../../../../../exporter/src/domain/json.js';

/** What is bounded takes some milliseconds, all of it some hundred at most; what is not, minutes or all memory. */
const LONGEST_MS = 2_000;
const MOST_BYTES = 10_000_000;

function expectCheap(make: () => readonly Json[]): readonly Json[] {
  const begun = performance.now();
  const payloads = make();
  const bytes = JSON.stringify(payloads).length;
  expect(performance.now() - begun).toBeLessThan(LONGEST_MS);
  expect(bytes).toBeLessThan(MOST_BYTES);
  return payloads;
}

const SELF = { $ref: '#/components/schemas/N' };
const repeated = (count: number, part: Json): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, part]));
const objectOf = (count: number, part: Json): JsonObject => ({ type: 'object', properties: repeated(count, part) });
const withSchemas = (schemas: JsonObject): JsonObject => ({ components: { schemas } });
/** Each kind of ten of the next. */
const LEVELS = Object.fromEntries(
  Array.from({ length: 9 }, (_, i) => [`L${i}`, objectOf(10, { $ref: `#/components/schemas/L${i + 1}` })]),
);

const SCHEMAS: readonly (readonly [string, JsonObject, Json])[] = [
  ['itself five times', withSchemas({ N: objectOf(5, SELF) }), SELF],
  ['itself among options', withSchemas({ N: objectOf(9, { anyOf: [SELF, { type: 'null' }] }) }), SELF],
  ['itself in lists', withSchemas({ N: objectOf(9, { type: 'array', minItems: 200, items: SELF }) }), SELF],
  ['ten of ten of ten', withSchemas(LEVELS), { $ref: '#/components/schemas/L0' }],
  [
    'lists of lists',
    {},
    [1, 2, 3, 4].reduce<Json>((items) => ({ type: 'array', minItems: 200, items }), { type: 'number' }),
  ],
  ['a tensor', {}, { type: 'tensor', shape: [1_000, 1_000] }],
  ['tensors', {}, objectOf(500, { type: 'tensor', shape: [500, 500] })],
  ['a tensor without end', {}, { type: 'tensor', shape: [1e300, 1e-300] }],
  ['a tensor of many dimensions', {}, { type: 'tensor', shape: Array.from({ length: 50_000 }, () => 1) }],
  ['a table of many columns', {}, objectOf(50, { type: 'dataframe', columns: Array.from({ length: 50_000 }, String) })],
  ['long texts', {}, objectOf(5_000, { type: 'string', minLength: 10_000 })],
  ['patterns', {}, objectOf(5_000, { type: 'string', pattern: '(a{200}){200}'.repeat(30) })],
  ['one large example', withSchemas({ N: { example: 'x'.repeat(500_000) } }), objectOf(10_000, SELF)],
  [
    'one long name',
    withSchemas({ N: { type: 'object', properties: { ['x'.repeat(500_000)]: {} } } }),
    objectOf(10_000, SELF),
  ],
  ['one long reference', withSchemas({ N: {} }), objectOf(5_000, { $ref: `#/${'components/'.repeat(20_000)}` })],
  [
    'many options',
    withSchemas({ N: { anyOf: Array.from({ length: 50_000 }, () => ({ type: 'null' })) } }),
    objectOf(10_000, SELF),
  ],
  ['a deep example', {}, { example: JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as Json }],
  [
    'many that are required',
    {},
    { ...objectOf(20_000, { type: 'number' }), required: Object.keys(repeated(20_000, 0)) },
  ],
];

it.each(SCHEMAS)('makes payloads of a schema at once: %s', (_, document, schema) => {
  expectCheap(() => {
    described('document', document, schema);
    return payloadsFromSchema(document, schema);
  });
});

it('fills what may hold itself as far as it is valid', () => {
  const node = { type: 'object', properties: { name: { type: 'integer' }, children: { type: 'array', items: SELF } } };
  expect(payloadsFromSchema(withSchemas({ N: node }), SELF)[0]).toEqual({
    name: expect.any(Number) as number,
    children: [],
  });
  const leaf = { type: 'object', properties: { next: { anyOf: [SELF, { type: 'null' }] } } };
  expect(payloadsFromSchema(withSchemas({ N: leaf }), SELF)[0]).toEqual({ next: null });
});

it('sends whole pictures in few variants', () => {
  const payloads = payloadsFromSchema({}, objectOf(1, { type: 'tensor', shape: [1, 224, 224, 3] }));
  expect(payloads.length).toBeLessThan(4);
  expect(((payloads[0] as JsonObject).p0 as readonly (readonly Json[])[])[0]?.length).toBe(224);
});

const refusal = (schema: string): string => JSON.stringify({ message: `Failed … with schema '[${schema}]'` });
const many = (count: number, type: string): string =>
  Array.from({ length: count }, (_, i) => `'t${i}': ${type}`).join(', ');

it.each([
  ['tensors', many(4_000, "Tensor('float64', (-1, 10000))"), 0],
  ['a tensor of many dimensions', `Tensor('float64', (${'1, '.repeat(50_000)}1))`, 0],
  ['pictures in lists', many(4_000, 'Array(Array(Array(Array(Array(binary)))))'), 0],
  ['columns', many(500, 'double'), 8],
  ['a tensor', "Tensor('float64', (-1, 9000))", 2],
])('makes payloads of a signature at once: %s', (_, schema, count) => {
  expect(expectCheap(() => payloadsFromRefusal(refusal(schema)))).toHaveLength(count);
});

async function candidates(connector: Connector, url: string, path: string, body: Json): Promise<readonly Candidate[]> {
  const text = JSON.stringify(body);
  const context = {
    http: {
      call: (request: { readonly url: string }) =>
        Promise.resolve({
          kind: 'answer',
          status: new URL(request.url).pathname === path ? 200 : 404,
          headers: {},
          body: text,
          latencySeconds: 0.1,
        } as const),
    },
    clock: { sleep: () => Promise.resolve() },
    timeoutMs: 1_000,
    authorizationOf: () => null,
  };
  return connector.describe(context, new URL(url), null);
}

const LARGE = objectOf(400, { type: 'string' });
const OPERATION = { post: { requestBody: { content: { 'application/json': { schema: SELF } } } } };
const document = (path: (i: number) => string): Json => ({
  ...withSchemas({ N: LARGE }),
  paths: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [path(i), OPERATION])),
});
const tensor = (i: number): readonly [string, Json] => [
  `x${i}`,
  { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: '1' }, { size: '900000' }] } },
];
const inputs = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => tensor(i)));

it.each<readonly [string, Connector, string, string, Json]>([
  ['OpenAPI', rest, 'http://m.example/', '/openapi.json', document((i) => `/predict/${i}`)],
  ['OpenAPI with templates', rest, 'http://m.example/a/b', '/openapi.json', document((i) => `/a/{x${i}}`)],
  ['BentoML', bentoml, 'http://m.example/', '/docs.json', document((i) => `/predict/${i}`)],
  [
    'TensorFlow Serving',
    tensorflowServing,
    'http://m.example/v1/models/m',
    '/v1/models/m/metadata',
    { metadata: { signature_def: { signature_def: { serving_default: { inputs } } } } },
  ],
  [
    'Gradio',
    gradio,
    'http://m.example/',
    '/config',
    {
      version: '5.0.0',
      components: [
        { id: 1, type: 'json', props: { value: 'x'.repeat(500_000) } },
        { id: 2, type: '__proto__' },
      ],
      dependencies: [{ api_name: 'predict', inputs: [...Array.from({ length: 100_000 }, () => 1), 2] }],
    },
  ],
])('makes payloads of a description at once: %s', async (_, connector, url, path, body) => {
  const begun = performance.now();
  const found = await candidates(connector, url, path, body);
  expectCheap(() => found.flatMap(({ payloads }) => payloads));
  expect(performance.now() - begun).toBeLessThan(2 * LONGEST_MS);
});

it.each(['__proto__', 'constructor', 'toString', '__defineGetter__', 'hasOwnProperty'])(
  'takes the format %s for one it does not know',
  (format) => {
    const [payload] = payloadsFromSchema({}, { type: 'string', format });
    expect(payload).toMatch(/ /);
  },
);
