import { expect, it } from 'vitest';
import { connectorOf } from '../../../../exporter/src/capture/probing/connectors/index.js';
import { discover } from '../../../../exporter/src/capture/probing/discover.js';
import { imageUrl } from '../../../../exporter/src/capture/probing/payloads/images.js';
import type { DiscoveryTarget } from '../../../../exporter/src/domain/discovery.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import type { HttpCall, HttpClient } from '../../../../exporter/src/domain/ports.js';

const ORIGIN = 'https://model.example';
const SECRET = 'T0PSECRET';

/** Whoever is asked answers, and says so much of a description as is stubbed; all that was sent is kept. */
function stub(routes: Readonly<Record<string, Json>>) {
  const calls: HttpCall[] = [];
  const http: HttpClient = {
    call(request) {
      calls.push(request);
      const { href, pathname, origin } = new URL(request.url);
      const known = routes[href] ?? (origin === ORIGIN ? routes[`${request.method} ${pathname}`] : undefined);
      const body = known ?? (origin === ORIGIN ? { detail: 'no' } : { label: 'stolen', score: 0.9 });
      const status = known !== undefined || origin !== ORIGIN ? 200 : 404;
      return Promise.resolve({
        kind: 'answer',
        status,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        latencySeconds: 0.001,
      });
    },
  };
  return { http, calls };
}

const SCHEMA: Json = { type: 'object', properties: { text: { type: 'string' } } };
const CONTENT: Json = { content: { 'application/json': { schema: SCHEMA } } };
const documentOf = (path: string, servers: readonly Json[] = []): Json => ({
  openapi: '3.1.0',
  servers,
  paths: { [path]: { post: { requestBody: CONTENT } } },
});
const gradioAt = (prefix: string): Json => ({
  version: '5.0.0',
  api_prefix: prefix,
  components: [{ id: 1, type: 'textbox' }],
  dependencies: [{ api_name: 'predict', inputs: [1] }],
});

const NAMES = ['//evil.test/predict', 'http://evil.test/predict', '.evil.test/predict', '@evil.test/predict'];
const MORE = [
  ':8443/predict',
  '/\\evil.test/predict',
  '\\\\evil.test/predict',
  'http://[/predict',
  '//',
  '/\t/evil.test/predict',
];
type Case = readonly [string, Readonly<Record<string, Json>>, Partial<DiscoveryTarget>];
const CASES: readonly Case[] = [
  ...[...NAMES, ...MORE].flatMap((name): Case[] => [
    [`OpenAPI ${name}`, { 'GET /openapi.json': documentOf(name) }, {}],
    [
      `OpenAPI below a mount ${name}`,
      { 'GET /-/routes': { '//evil.test': 'app' }, 'GET //evil.test/openapi.json': documentOf(name) },
      {},
    ],
    [
      `given OpenAPI ${name}`,
      { 'https://docs.other/openapi.json': documentOf(name) },
      { asking: { openapi: 'https://docs.other/openapi.json' } },
    ],
    [`BentoML ${name}`, { 'GET /docs.json': documentOf(name) }, {}],
    [`Gradio configuration ${name}`, { 'GET /config': gradioAt(name) }, {}],
    [`Gradio function ${name}`, { 'GET /info': { named_endpoints: { [name]: { parameters: [] } } } }, {}],
    [`KServe ${name}`, { 'GET /v1/models': { models: [name] } }, {}],
    [`OpenAI ${name}`, { 'GET /v1/models': { data: [{ id: name }] } }, {}],
    [`Ollama ${name}`, { 'GET /api/tags': { models: [{ name }] } }, {}],
    [`Open Inference ${name}`, { 'GET /v2': { extensions: [] }, 'POST /v2/repository/index': [{ name }] }, {}],
  ]),
  ...['//evil.test', '/\\evil.test', 'https://evil.test'].map((url): Case => [
    `OpenAPI of the server ${url}`,
    { 'GET /openapi.json': documentOf('/predict', [{ url }]) },
    {},
  ]),
  ['receipt', { 'POST /': { id: 'a', status: 'processing', status_url: 'https://evil.test/a' } }, {}],
];

it.each(CASES)('sends a secret to no other server: %s', async (_, routes, more) => {
  const { http, calls } = stub(routes);
  const target: DiscoveryTarget = {
    url: `${ORIGIN}/`,
    authorizationSecret: 'key',
    ...more,
    asking: { ...more.asking, headers: { 'x-key': { secret: 'key' } }, query: { k: { secret: 'key' } } },
  };
  const clock = { sleep: () => Promise.resolve() };
  const found = await discover({ http, clock, timeoutMs: 1_000, authorizationOf: () => SECRET }, target);
  const away = calls.filter(({ url }) => new URL(url).origin !== ORIGIN);
  expect(calls.length).toBeGreaterThan(1);
  expect(JSON.stringify(away)).not.toContain(SECRET);
  if (found.kind === 'found') expect(new URL(found.endpoint.url).origin).toBe(ORIGIN);
});

it.each([NAMES])('tells that a description names another server: %s', async (name) => {
  const { http } = stub({ 'GET /openapi.json': documentOf(name) });
  const target = { url: `${ORIGIN}/`, authorizationSecret: 'key' };
  const clock = { sleep: () => Promise.resolve() };
  const { attempts } = await discover({ http, clock, timeoutMs: 1_000, authorizationOf: () => SECRET }, target);
  expect(attempts.map(({ outcome }) => outcome)).toContain(
    'not asked: the description names an address of another server, or none',
  );
});

it('hands a file to the server of the Gradio app, whatever that is called', async () => {
  const { http, calls } = stub({});
  const clock = { sleep: () => Promise.resolve() };
  const endpoint = {
    url: 'https://call/call/predict',
    connector: 'gradio',
    settings: {},
    authorizationSecret: 'key',
  } as const;
  await connectorOf('gradio').ask({ http, clock, timeoutMs: 1_000, authorizationOf: () => SECRET }, endpoint, {
    data: [imageUrl(0)],
  });
  expect(calls.map(({ url }) => url)).toEqual(['https://call/upload']);
});
