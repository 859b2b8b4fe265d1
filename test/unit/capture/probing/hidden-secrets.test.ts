import { describe, expect, it } from 'vitest';
import { connectorOf, CONNECTORS } from '../../../../exporter/src/capture/probing/connectors/index.js';
import { discover } from '../../../../exporter/src/capture/probing/discover.js';
import { shownCalls } from '../../../../exporter/src/capture/probing/shown-calls.js';
import type { Json } from '../../../../exporter/src/domain/json.js';
import type { HttpCall, HttpClient } from '../../../../exporter/src/domain/ports.js';

const KEY = 'sekret-Ab/c+"9Z&<é';
const PAIR = `Basic ${Buffer.from('joe:hunter22').toString('base64')}`;
const SECRETS: Readonly<Record<string, string>> = { token: 'Bearer t0ken-value', key: KEY, pair: PAIR };
const IN_ADDRESS = 'INURL12345';
const CALL = {
  method: 'POST',
  url: `https://m.example/predict?v=${IN_ADDRESS}`,
  headers: {},
  body: '{}',
  timeoutMs: 1_000,
  maxResponseBytes: 1_000,
} as const;

/** Each way in which a server repeats a text. */
const WAYS: readonly (readonly [string, (said: string) => string])[] = [
  ['as it is', (said) => said],
  ['in JSON', (said) => JSON.stringify({ detail: `bad ${said}` })],
  ['in JSON of PHP', (said) => JSON.stringify({ detail: `bad ${said}` }).replaceAll('/', '\\/')],
  [
    'in JSON of Go',
    (said) =>
      JSON.stringify({ detail: `bad ${said}` })
        .replaceAll('&', '\\u0026')
        .replaceAll('<', '\\u003c'),
  ],
  ['in JSON in JSON', (said) => JSON.stringify({ detail: JSON.stringify({ key: said }) })],
  ['in an address', (said) => `see /login?key=${encodeURIComponent(said)}`],
  ['in a form', (said) => `see ${new URLSearchParams({ key: said }).toString()}`],
];

/** What the caller sent, repeated by a server that knows it. */
const given = [KEY, 't0ken-value', 'Bearer t0ken-value', PAIR, 'joe:hunter22', 'hunter22'];
const repeatedTexts = [...given, IN_ADDRESS];
const words = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, ' ');
const expectHidden = (shown: unknown): void => {
  const text = words(JSON.stringify(shown));
  for (const secret of ['sekret', 't0ken', 'hunter22', PAIR.slice(6), IN_ADDRESS]) expect(text).not.toContain(secret);
};

function repeating(
  way: (said: string) => string,
  status: number,
  routes: Readonly<Record<string, string>> = {},
  texts = repeatedTexts,
): HttpClient {
  return {
    call(request: HttpCall) {
      const { pathname } = new URL(request.url);
      const known = routes[`${request.method} ${pathname}`];
      const body = known ?? texts.map(way).join('\n');
      const headers = { location: `/moved/${encodeURIComponent(KEY)}/hunter22`, allow: 't0ken-value' };
      return Promise.resolve({
        kind: 'answer',
        status: known === undefined ? status : 200,
        headers,
        body,
        latencySeconds: 0.1,
      });
    },
  };
}

const asking = { headers: { 'x-key': { secret: 'key' }, 'x-pair': { secret: 'pair' } } };
/** The same as the API takes them: values, in a header that is named like a secret, or behind a scheme. */
const byValue = { headers: { 'x-key': { value: KEY }, 'x-pair': { value: PAIR } } };
const contextOf = (http: HttpClient) => ({
  http,
  clock: { sleep: () => Promise.resolve() },
  timeoutMs: 1_000,
  authorizationOf: (name: string) => SECRETS[name] ?? null,
  asking,
});
const URL_ASKED = `https://m.example/predict?api_key=${IN_ADDRESS}`;

describe.each(WAYS)('a credential that a server repeats %s', (_, way) => {
  it.each([200, 307, 404, 405, 500])('is not told by an answer with status %i', async (status) => {
    for (const { id } of CONNECTORS) {
      const endpoint = { url: URL_ASKED, connector: id, settings: {}, authorizationSecret: 'token' };
      expectHidden(await connectorOf(id).ask(contextOf(repeating(way, status)), endpoint, { text: 'a' }));
    }
  });

  it('is not told where it was given by value', async () => {
    const said = [KEY, PAIR, 'joe:hunter22', 'hunter22'];
    for (const status of [200, 401]) {
      const context = { ...contextOf(repeating(way, status, {}, said)), asking: byValue };
      const url = 'https://m.example/predict';
      const endpoint = { url, connector: 'rest', settings: {}, authorizationSecret: 'token' } as const;
      expectHidden(await connectorOf('rest').ask(context, endpoint, { text: 'a' }));
    }
  });

  it('is not told by the event stream of a Gradio app, or by the answer that comes later', async () => {
    for (const event of ['error', 'complete']) {
      const stream = given.map((text) => `event: ${event}\ndata: ${JSON.stringify(way(text))}\n\n`);
      for (const one of stream) {
        const http = repeating(way, 404, { 'POST /call/predict': '{"event_id":"e"}', 'GET /call/predict/e': one });
        const url = 'https://m.example/call/predict';
        const endpoint = { url, connector: 'gradio', settings: { api: 'call' }, authorizationSecret: 'token' } as const;
        expectHidden(await connectorOf('gradio').ask(contextOf(http), endpoint, { data: [] }));
      }
    }
    const http = repeating(
      way,
      200,
      { 'POST /predict': '{"id":"e","status":"processing","urls":{"get":"/later"}}' },
      given,
    );
    const endpoint = { url: URL_ASKED, connector: 'rest', settings: {}, authorizationSecret: 'token' } as const;
    expectHidden(await connectorOf('rest').ask(contextOf(http), endpoint, { text: 'a' }));
  });

  it('is not told by discovery, nor made a payload', async () => {
    const example: Json = { text: KEY, way: way('hunter22') };
    const document = JSON.stringify({
      openapi: '3.1.0',
      paths: { '/predict': { post: { requestBody: { content: { 'application/json': { example } } } } } },
    });
    for (const status of [200, 404]) {
      const http = repeating(way, status, { 'GET /openapi.json': document }, given);
      expectHidden(
        await discover(contextOf(http), { url: URL_ASKED.split('?')[0] ?? '', authorizationSecret: 'token', asking }),
      );
    }
  });

  it('is not shown with the calls', async () => {
    const lines: string[] = [];
    const http = shownCalls(
      repeating((said) => way(said).slice(0, 60), 403),
      Object.values(SECRETS),
      (line) => lines.push(line),
    );
    await http.call(CALL);
    for (const text of repeatedTexts) {
      const one = shownCalls(
        {
          call: () =>
            Promise.resolve({ kind: 'answer', status: 403, headers: {}, body: way(text), latencySeconds: 0.1 }),
        },
        Object.values(SECRETS),
        (line) => lines.push(line),
      );
      await one.call(CALL);
    }
    expectHidden(lines);
  });
});

it('leaves words that are no secret as they are', async () => {
  const http: HttpClient = {
    call: () =>
      Promise.resolve({
        kind: 'answer',
        status: 200,
        headers: {},
        body: '{"label":"positive","score":0.9}',
        latencySeconds: 0.1,
      }),
  };
  const endpoint = {
    url: 'https://m.example/predict?class=positive',
    connector: 'rest',
    settings: {},
    authorizationSecret: 'token',
  } as const;
  const context = { ...contextOf(http), asking: { headers: { 'x-tenant': { value: 'positive' } } } };
  expect(await connectorOf('rest').ask(context, endpoint, {})).toMatchObject({ prediction: 'positive' });
});
