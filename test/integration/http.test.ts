import { request as rawRequest, type RequestOptions } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../exporter/src/http/routes/index.js';
import { runService, TOKENS, type RunningService } from './running-service.js';

let running: RunningService;
beforeAll(async () => {
  // Every route is asked with wrong credentials, all from one address.
  running = await runService({ http: { maximum_body: '64KiB', wrong_credentials_per_minute: 1_000_000 } });
});
afterAll(() => running.close());

const pathOf = (path: string): string => path.replace(':id', 'some-model');
const guarded = ROUTES.filter(({ scope }) => scope !== null);

async function status(method: string, path: string, key: string | null): Promise<number> {
  const response = await fetch(`${running.service.address}${path}`, {
    method,
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
  });
  await response.body?.cancel();
  return response.status;
}

/** Sent as it is, which `fetch` would not. */
const statusOfRaw = (request: RequestOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    rawRequest(request, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

describe('every guarded route', () => {
  it.each(guarded)('$method $path: refused without a credential, 403 with a wrong one', async (route) => {
    const { method, path, scope } = route;
    expect(await status(method, pathOf(path), null)).toBe(scope === 'approve' ? 403 : 401);
    expect(await status(method, pathOf(path), `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`)).toBe(403);
    expect(await status(method, pathOf(path), 'nonsense')).toBe(403);
  });

  it('403 with a key that lacks its scope, and not 403 with one that has it; a revoked key is refused', async () => {
    const made = async (scope: string): Promise<{ id: string; key: string }> =>
      (await running.request('POST', '/api/v1/keys', { name: scope, scopes: [scope] })).body as {
        id: string;
        key: string;
      };
    const keys = new Map<string, { id: string; key: string }>();
    for (const scope of ['read', 'ingest', 'operate', 'propose', 'admin']) keys.set(scope, await made(scope));
    for (const { method, path, scope } of guarded) {
      if (path === '/api/v1/events' || (method === 'DELETE' && path.includes('keys'))) continue;
      for (const [name, { key }] of keys) {
        // Granted, it would read another configuration than this test's; reload.test.ts does that.
        if (path === '/-/reload' && name === scope) continue;
        const answered = await status(method, pathOf(path), key);
        if (name === scope) expect([method, path, answered]).not.toEqual([method, path, 403]);
        else expect([method, path, name, answered]).toEqual([method, path, name, 403]);
      }
    }
    const read = keys.get('read');
    await running.request('DELETE', `/api/v1/keys/${read?.id ?? ''}`);
    expect(await status('GET', '/api/v1/models', read?.key ?? '')).toBe(403);
  });
});

it('lets no API key decide, made of whatever scopes, and people only where their role allows it', async () => {
  expect(await running.request('POST', '/api/v1/keys', { name: 'x', scopes: ['approve'] })).toMatchObject({
    status: 400,
    body: { error: { field: 'scopes.0' } },
  });
  for (const { method, path } of guarded.filter(({ scope }) => scope === 'approve')) {
    expect(await running.request(method, path, {})).toMatchObject({
      status: 403,
      body: { error: { details: { problem: 'not-a-person' } } },
    });
    expect(await status(method, path, TOKENS.ada)).not.toBe(403);
  }
  expect(await running.request('GET', '/api/v1/whoami', undefined, TOKENS.ada)).toMatchObject({
    status: 200,
    body: { kind: 'user', subject: 'local:ada', person: { role: 'Admin' }, problem: null },
  });
  const asKey = await running.request('GET', '/api/v1/whoami');
  expect(asKey.body).toMatchObject({ kind: 'api-key', person: null, votable_actions: [] });
});

it.each([
  '/api/v1/models/../keys',
  '/api//v1/models',
  '/api/v1/models/a%2fb',
  '/api/v1/models/a%5cb',
  '/api/v1/models/a\\b',
])('refuses the path %s', async (path) => {
  const { hostname, port } = new URL(running.service.address);
  expect(await statusOfRaw({ hostname, port, path, headers: { authorization: `Bearer ${running.key}` } })).toBe(400);
});

it.each(['a b["', 'a/b', 'user@a', 'a:b:c', '[::1'])('refuses the Host %s, wherever it is asked', async (host) => {
  const { hostname, port } = new URL(running.service.address);
  for (const path of ['/api/v1/events', '/api/v1/models', '/-/healthy', '/'])
    expect([path, await statusOfRaw({ hostname, port, path, headers: { host } })]).toEqual([path, 400]);
});

it.each(['', 'mlfi:9899', 'my_mlfi.example', '127.0.0.1:80', '[fe80::1%eth0]:9899', '[::1]'])(
  'takes the Host "%s"',
  async (host) => {
    const { hostname, port } = new URL(running.service.address);
    expect(await statusOfRaw({ hostname, port, path: '/-/healthy', headers: { host } })).toBe(200);
  },
);

it('refuses bodies over the limit: declared, streamed, and packed', async () => {
  await running.request('POST', '/api/v1/models', { id: 'big' });
  const url = `${running.service.address}/api/v1/models/big/observations`;
  const headers = { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' };
  const before = process.memoryUsage().rss;
  const stream = (): ReadableStream<Uint8Array> => {
    let sent = 0;
    return new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 16_384) controller.close();
        else controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
  };
  const streamed = await fetch(url, { method: 'POST', headers, body: stream(), duplex: 'half' } as RequestInit).then(
    (response) => response.status,
    () => 413, // The server may close before a gigabyte is sent; then there is no answer to read.
  );
  expect(streamed).toBe(413);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1_048_576);
  const declared = await fetch(url, { method: 'POST', headers, body: ' '.repeat(100_000) });
  expect(declared.status).toBe(413);
  const bomb = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: gzipSync(' '.repeat(10_000_000)),
  });
  expect(bomb.status).toBe(413);
  expect((await running.request('GET', '/-/ready')).status).toBe(200);
});

it('describes every route, and names the field of a wrong body', async () => {
  const { body } = await running.request('GET', '/api/v1/openapi.json');
  const { paths } = body as { paths: Record<string, Record<string, unknown>> };
  for (const { method, path } of ROUTES)
    expect(paths[path.replace(/:([a-z_]+)/gi, '{$1}')]?.[method.toLowerCase()]).toBeDefined();
  const wrong = await running.request('POST', '/api/v1/models', { url: 'ftp://example.org' });
  expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'invalid', field: 'url' } } });
  expect(await running.request('POST', '/api/v1/models', { nonsense: 1 })).toMatchObject({ status: 400 });
  expect(await running.request('GET', '/api/v1/models/none')).toMatchObject({
    status: 404,
    body: { error: { code: 'not-found' } },
  });
});
