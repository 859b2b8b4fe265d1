import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../exporter/src/http/routes/index.js';
import {
  claims,
  ISSUER,
  keyServer,
  mint,
  tokenKey,
  type KeyServer,
  type TokenKey,
} from '../unit/http/identity/grafana.js';
import { runService, type RunningService } from './running-service.js';

const SECRET = 'the-secret-of-the-plugin-route-0123456789';
let server: KeyServer;
let key: TokenKey;
let running: RunningService;

beforeAll(async () => {
  server = await keyServer();
  key = await tokenKey('id-2026-11-es256');
  server.set([key.jwk]);
  running = await runService({
    identity: { grafana: { url: ISSUER, keys_url: server.url, shared_secret: SECRET } },
  });
});
afterAll(async () => {
  await running.close();
  await server.close();
});

const token = (changes: Record<string, unknown> = {}): Promise<string> =>
  mint(key, { ...claims(Date.now()), ...changes });

async function call(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<{ readonly status: number; readonly body: { error?: { message: string; details: unknown } } }> {
  const response = await fetch(`${running.service.address}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: isJson ? (JSON.parse(text) as { error?: never }) : {} };
}

/** As Grafana's plugin proxy sends it. */
const proxied = async (grant: string, changes: Record<string, unknown> = {}): Promise<Record<string, string>> => ({
  authorization: `Bearer ${SECRET}`,
  'x-grafana-id': await token(changes),
  'x-grafana-context': '{"Login":"mallory","OrgRole":"Admin"}',
  'x-route-grant': grant,
});
const VOTE = { recommendation_id: 'none', digest: '0'.repeat(64), verdict: 'approve', reason: 'because of this' };
const vote = (headers: Record<string, string>): ReturnType<typeof call> => call('POST', '/api/v1/votes', headers, VOTE);
const without = (headers: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name));

describe('a vote through Grafana', () => {
  it('gets as far as the recommendation with secret, token and grant', async () => {
    expect(await vote(await proxied('approve'))).toMatchObject({ status: 404 });
  });

  it('is 403, never 401, with anything missing or wrong, and says what', async () => {
    const right = await proxied('approve');
    const cases: [string, Record<string, string>, string][] = [
      ['no secret', without(right, 'authorization'), 'no-credential'],
      ['an empty secret', { ...right, authorization: 'Bearer ' }, 'no-credential'],
      ['an unset template', { ...right, authorization: 'Bearer <no value>' }, 'unknown-key-or-secret'],
      ['a wrong secret', { ...right, authorization: `Bearer ${SECRET}x` }, 'unknown-key-or-secret'],
      ['no token', without(right, 'x-grafana-id'), 'no-token'],
      ['another Grafana', await proxied('approve', { iss: 'http://other.test/' }), 'wrong-issuer'],
      ['another organisation', await proxied('approve', { aud: ['org:2'] }), 'wrong-organisation'],
      [
        'a service account',
        await proxied('approve', { type: 'service-account', sub: 'service-account:4' }),
        'not-a-person',
      ],
      ['the route for reading', await proxied('read'), 'scope'],
      ['no grant', without(right, 'x-route-grant'), 'scope'],
      ['a made-up grant', await proxied('approve-everything'), 'scope'],
    ];
    for (const [what, headers, code] of cases) {
      const answer = await vote(headers);
      expect([what, answer.status, answer.body.error?.details]).toEqual([what, 403, { problem: code }]);
    }
  });

  it('is refused to whoever replays a token that another data source was sent', async () => {
    const stolen = await token();
    for (const authorization of [undefined, 'Basic cHJvbTpwcm9t', 'Bearer some-prometheus-token', running.key]) {
      const headers = { 'x-grafana-id': stolen, 'x-route-grant': 'approve' };
      const answer = await vote(authorization === undefined ? headers : { ...headers, authorization });
      expect(answer.status).toBe(403);
    }
    // Even beside a good API key the token makes nobody a person.
    const mixed = { authorization: `Bearer ${running.key}`, 'x-grafana-id': stolen, 'x-route-grant': 'approve' };
    expect(await vote(mixed)).toMatchObject({ status: 403, body: { error: { details: { problem: 'not-a-person' } } } });
  });

  it('is not reached by a path that a proxy reads differently', async () => {
    const { hostname, port } = new URL(running.service.address);
    const headers = await proxied('approve');
    for (const path of [
      '/api/v1/read/../votes',
      '/api/v1//votes',
      '/api/v1/read/%2e%2e/votes',
      '/api/v1/read%2fvotes',
      '/api/v1/read%2Fvotes',
      '/api/v1/read%5cvotes',
      '/api/v1/read\\votes',
    ]) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        rawRequest({ hostname, port, path, method: 'POST', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end(JSON.stringify(VOTE));
      });
      expect([path, status]).toEqual([path, 400]);
    }
  });
});

it('opens to each grant exactly the routes of its scope', async () => {
  for (const grant of ['read', 'operate', 'propose', 'approve', 'admin']) {
    const headers = await proxied(grant);
    for (const { method, path, scope } of ROUTES.filter((route) => route.scope !== null)) {
      if (path === '/api/v1/events' || path === '/probe') continue;
      // Granted, it would read another configuration than this test's; reload.test.ts does that.
      if (path === '/-/reload' && scope === grant) continue;
      const { status } = await call(method, path.replace(':id', 'no-such-thing'), headers);
      if (scope === grant) expect([grant, method, path, status]).not.toEqual([grant, method, path, 403]);
      else expect([grant, method, path, status]).toEqual([grant, method, path, 403]);
    }
  }
});

it('lets Grafana read for visitors who are nobody, and nothing more', async () => {
  const anonymous = { type: 'anonymous', sub: 'anonymous:0' };
  expect((await call('GET', '/api/v1/models', await proxied('read', anonymous))).status).toBe(200);
  expect((await call('POST', '/api/v1/models', await proxied('operate', anonymous), { id: 'x' })).status).toBe(403);
});

describe('whoami', () => {
  const whoami = async (headers: Record<string, string>): Promise<unknown> => {
    const { status, body } = await call('GET', '/api/v1/whoami', headers);
    expect(status).toBe(200);
    return body;
  };
  it('tells the person, the role, what they decide on, and nothing about tokens', async () => {
    const told = await whoami(await proxied('read'));
    expect(told).toMatchObject({
      kind: 'user',
      subject: 'grafana:user:12',
      name: 'Ada Lovelace',
      person: { issuer: 'grafana', id: 'user:12', login: 'ada', email: 'ada@example.org', role: 'Admin' },
      scopes: ['read'],
      problem: null,
    });
    expect((told as { votable_actions: string[] }).votable_actions).toContain('rollback');
    expect(JSON.stringify(told)).not.toMatch(/tokenHash|keyId|eyJ/);
    expect(await whoami(await proxied('read', { role: 'Viewer' }))).toMatchObject({
      votable_actions: [],
      problem: null,
    });
  });

  it('tells exactly what is wrong', async () => {
    const right = await proxied('read');
    expect(await whoami({})).toMatchObject({ kind: 'nobody', problem: { code: 'no-credential' } });
    expect(await whoami({ ...right, authorization: 'Bearer nonsense' })).toMatchObject({
      kind: 'nobody',
      problem: { code: 'unknown-key-or-secret' },
    });
    expect(await whoami(without(right, 'x-grafana-id'))).toMatchObject({ person: null, problem: { code: 'no-token' } });
    const wrongIssuer = await whoami(await proxied('read', { iss: 'http://other.test/' }));
    expect(wrongIssuer).toMatchObject({ person: null, problem: { code: 'wrong-issuer' } });
    expect(JSON.stringify(wrongIssuer)).toContain(ISSUER);
  });
});
