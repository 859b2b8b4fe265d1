import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { investigateOnce } from '../../exporter/src/service/investigate-once.js';
import { investigationText } from '../../exporter/src/cli/investigation-text.js';
import { EXIT_CODES } from '../../exporter/src/cli/investigate.js';
import { freePort } from './servers/free-port.js';
import { runService, type RunningService } from './running-service.js';

interface Refusal {
  readonly id: string;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Instead of a path of the test's server. */
  readonly url?: () => string;
  readonly kind: string;
  readonly words?: string;
  /** In the title of the incident once the model has answered; null = none, because it is not the model's failure. */
  readonly after?: string | null;
}

const HTML = { 'content-type': 'text/html' };
const REFUSALS: readonly Refusal[] = [
  { id: 'blocked', url: () => 'http://10.255.255.1/predict', kind: 'blocked-by-egress', words: 'egress.allow_cidrs' },
  { id: 'host', url: () => 'http://no-such-host.invalid/predict', kind: 'host-not-found' },
  {
    id: 'refused',
    url: () => `http://127.0.0.1:${closedPort}/p`,
    kind: 'connection-refused',
    words: 'nothing listens',
  },
  { id: 'certificate', url: () => `https://127.0.0.1:${tlsPort}/p`, kind: 'certificate', words: 'signed by itself' },
  { id: 'grpc', url: () => `http://127.0.0.1:${grpcPort}/`, kind: 'speaks-grpc', words: 'speaks gRPC' },
  {
    id: 'grpc-by-envoy',
    status: 415,
    headers: { 'content-type': 'application/grpc', 'grpc-status': '2' },
    body: '',
    kind: 'speaks-grpc',
    words: 'by gRPC',
  },
  { id: 'no-tls', url: () => `https://127.0.0.1:${port}/p`, kind: 'no-encryption' },
  {
    id: 'no-key',
    status: 401,
    body: '{"detail":"missing X-API-Key"}',
    kind: 'credentials',
    words: 'missing X-API-Key',
    after: 'Credentials refused',
  },
  {
    id: 'forbidden',
    status: 403,
    body: '{"message":"not for you"}',
    kind: 'credentials',
    words: 'not for you',
    after: 'Credentials refused',
  },
  {
    id: 'nowhere',
    status: 404,
    body: '<html><title>default backend</title></html>',
    headers: HTML,
    kind: 'not-found',
    words: 'default backend',
    after: 'at its path',
  },
  { id: 'gone', status: 410, kind: 'not-found', after: 'at its path' },
  {
    id: 'method',
    status: 405,
    headers: { allow: 'GET' },
    kind: 'wrong-method',
    words: 'takes GET',
    after: 'at its path',
  },
  {
    id: 'media',
    status: 415,
    body: '{"error":"send multipart/form-data"}',
    kind: 'payload-needed',
    words: 'send multipart/form-data',
    after: 'Payload refused',
  },
  {
    id: 'invalid',
    status: 422,
    body: '{"detail":[{"loc":["body","age"],"msg":"field required","input":{"text":"The"}}]}',
    kind: 'payload-needed',
    words: 'age: field required',
    after: 'Payload refused',
  },
  {
    id: 'instances',
    status: 400,
    body: `{"error":"Missing 'instances' key"}`,
    kind: 'payload-needed',
    words: "Missing 'instances' key",
    after: 'Payload refused',
  },
  {
    id: 'moved',
    status: 308,
    headers: { location: 'https://new.example/p?token=1' },
    kind: 'moved',
    words: 'https://new.example/p)',
    after: 'another address',
  },
  {
    id: 'sso',
    status: 302,
    headers: { location: 'https://sso.example/login?token=1' },
    kind: 'credentials',
    words: 'asks to sign in',
    after: 'Credentials refused',
  },
  {
    id: 'header',
    status: 422,
    body: '{"detail":[{"loc":["header","x-api-key"],"msg":"Field required"},{"loc":["body","rows"],"msg":"Field required"}]}',
    kind: 'credentials',
    words: 'x-api-key',
  },
  { id: 'silent', kind: 'no-answer-in-time' },
  {
    id: 'no-post',
    status: 501,
    headers: HTML,
    body: "<html><title>Error response</title><p>Unsupported method ('POST')</p></html>",
    kind: 'wrong-method',
  },
  { id: 'limited', status: 429, headers: { 'retry-after': '1' }, kind: 'rate-limited', after: null },
  {
    id: 'loading',
    status: 503,
    headers: { 'retry-after': '1' },
    body: '{"error":"loading weights"}',
    kind: 'not-ready',
    words: 'loading weights',
    after: '',
  },
  {
    id: 'crash',
    status: 500,
    body: 'expected 3 numbers',
    kind: 'server-error',
    words: 'expected 3 numbers',
    after: '',
  },
  {
    id: 'page',
    body: '<!doctype html><title>Sign in</title>',
    headers: HTML,
    kind: 'not-a-model',
    words: 'Sign in',
    after: 'No predictions in the responses',
  },
  {
    id: 'not-loaded',
    body: '{"message":"model is not loaded"}',
    kind: 'error-answer',
    words: 'model is not loaded',
    after: 'error',
  },
  {
    id: 'basket',
    body: '{"order_id":7,"items":[],"status":"open"}',
    kind: 'unknown-answer',
    words: 'order_id',
    after: '',
  },
];
/** The cause that each of them is once the model has answered. */
const CAUSES: Readonly<Record<string, string>> = {
  credentials: 'credentials-refused',
  'not-found': 'endpoint-not-found',
  'wrong-method': 'endpoint-not-found',
  moved: 'endpoint-moved',
  'payload-needed': 'payload-refused',
  'error-answer': 'error-in-answer',
  'not-a-model': 'error-in-answer',
};
/** Starting the model again, or an older version of it, mends none of these. */
const ACCESS = new Set(['credentials', 'not-found', 'wrong-method', 'moved', 'payload-needed', 'not-a-model']);
const WITH_AFTER = REFUSALS.filter(({ after }) => after !== undefined);

let closedPort = 0;
let tlsPort = 0;
let grpcPort = 0;
let port = 0;
let directory: string;
let running: RunningService;
let refusing = false;
const closers: (() => void)[] = [];

const byPath = (path: string): Refusal | undefined => REFUSALS.find(({ id }) => path.split('/')[2] === id);

function answer(request: IncomingMessage, response: ServerResponse): void {
  let sum = 0;
  request.on('data', (chunk: Buffer) => chunk.forEach((byte) => (sum += byte)));
  request.on('end', () => {
    const path = request.url ?? '';
    const refusal = byPath(path);
    const refuses = path.startsWith('/before/') || (path.startsWith('/after/') && refusing);
    if (refusal?.id === 'silent') return;
    if (refusal === undefined) response.writeHead(404).end('{}');
    else if (refuses) response.writeHead(refusal.status ?? 200, refusal.headers).end(refusal.body ?? '{}');
    else
      response
        .writeHead(200)
        .end(JSON.stringify({ label: sum % 2 === 0 ? 'a' : 'b', confidence: 0.8 + (sum % 16) / 100 }));
  });
}

const urlOf = (when: 'before' | 'after', { id, url }: Refusal): string =>
  url?.() ?? `http://127.0.0.1:${port}/${when}/${id}`;

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly severity: string;
  readonly incident_id: string | null;
  readonly headline: string | null;
  readonly cause: string | null;
  readonly setup: { readonly kind: string; readonly sentence: string; readonly advice: string } | null;
}
const shown = async (): Promise<ReadonlyMap<string, Shown>> => {
  const { body } = await running.request('GET', '/api/v1/models');
  return new Map((body as { models: readonly Shown[] }).models.map((model) => [model.id, model]));
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-refusals-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=127.0.0.1',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  );
  const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    request.resume();
    response.end('{"label":"a","confidence":0.9}');
  });
  const plain = createServer(answer);
  const grpc = createHttp2Server();
  await new Promise<void>((done) => grpc.listen(0, '127.0.0.1', done));
  closers.push(() => grpc.close());
  grpcPort = (grpc.address() as AddressInfo).port;
  for (const server of [tls, plain]) {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  tlsPort = (tls.address() as AddressInfo).port;
  port = (plain.address() as AddressInfo).port;
  closedPort = await freePort();
  const payloads = [{ text: 'one' }, { text: 'two' }, { text: 'three' }];
  running = await runService({
    models: [
      ...REFUSALS.map((refusal) => ({ id: `before-${refusal.id}`, url: urlOf('before', refusal) })),
      ...WITH_AFTER.map((refusal) => ({
        id: `after-${refusal.id}`,
        url: urlOf('after', refusal),
        connector: 'rest',
        payloads,
      })),
    ],
  });
}, 60_000);
afterAll(async () => {
  await running.close();
  for (const close of closers) close();
  rmSync(directory, { recursive: true, force: true });
});

describe('before the first answer', () => {
  it('is a state of its own with the server’s words, and never an incident', async () => {
    await expect
      .poll(
        async () => {
          const models = await shown();
          return REFUSALS.filter(({ id, kind }) => models.get(`before-${id}`)?.setup?.kind !== kind).map(
            ({ id }) => `${id}: ${JSON.stringify(models.get(`before-${id}`)?.setup)}`,
          );
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toEqual([]);
    // Several evaluations later it is still no incident.
    await new Promise((done) => setTimeout(done, 8_000));
    const models = await shown();
    for (const { id, words = '' } of REFUSALS) {
      const model = models.get(`before-${id}`);
      expect(model, id).toMatchObject({ state: 'configuring', severity: 'none', incident_id: null, cause: null });
      expect(model?.setup?.sentence, id).toContain(words);
      expect(model?.setup?.advice, id).toMatch(/^[A-Z].*\.$/);
      expect(model?.setup?.advice, id).not.toMatch(/restart|roll back/i);
      expect(JSON.stringify(model?.setup), id).not.toContain('token=1');
    }
  }, 90_000);

  it.each(REFUSALS.map((refusal) => [refusal.id, refusal] as const))(
    'mlfi investigate cannot judge %s: exit code 2, no severity',
    async (id, refusal) => {
      const investigation = await investigateOnce(
        // One look may call any address: what is blocked for the service is not for the person at the terminal.
        id === 'blocked' ? `http://127.0.0.1:${closedPort}/` : urlOf('before', refusal),
        { samples: 5, timeoutMs: 3_000, target: {}, secrets: new Map(), onProgress: () => undefined },
      );
      expect(EXIT_CODES[investigation.verdict]).toBe(2);
      expect(investigation.diagnosis.severity).toBe('none');
      expect(investigation.recommendations).toEqual([]);
      expect(investigation.setup?.kind).toBe(id === 'blocked' ? 'connection-refused' : refusal.kind);
      expect(investigation.explanation.headline).toBe(investigation.setup?.sentence);
    },
    30_000,
  );

  it.each([
    ['is not judged where its server fails on every call with the payload that is given', () => true, 2],
    ['is judged where its server fails on some calls with it', (call: number) => call % 2 === 1, 1],
  ])(
    'a model nobody has seen answer %s',
    async (_, fails, exitCode) => {
      let calls = 0;
      const failing = createServer((request, response) => {
        request.resume();
        calls += 1;
        response.statusCode = fails(calls) ? 500 : 200;
        response.setHeader('content-type', 'application/json');
        response.end(fails(calls) ? '{"detail":"worker died"}' : '{"label":"a","confidence":0.9}');
      });
      await new Promise<void>((done) => failing.listen(0, '127.0.0.1', done));
      try {
        const investigation = await investigateOnce(
          `http://127.0.0.1:${(failing.address() as AddressInfo).port}/predict`,
          {
            samples: 20,
            timeoutMs: 3_000,
            target: { payloads: [{ amount: 12, country: 'DE' }] },
            secrets: new Map(),
            onProgress: () => undefined,
          },
        );
        expect(EXIT_CODES[investigation.verdict]).toBe(exitCode);
        if (exitCode === 1) expect(investigation.diagnosis.causes[0]?.id).toBe('endpoint-errors');
        else expect(investigation).toMatchObject({ setup: { kind: 'server-error' }, recommendations: [] });
        expect(investigationText(investigation)).toContain('worker died');
      } finally {
        failing.close();
      }
    },
    30_000,
  );

  it('takes the certificate authority that is given', async () => {
    const target = { asking: { tls: { caFile: join(directory, 'cert.pem') } } };
    const investigation = await investigateOnce(`https://127.0.0.1:${tlsPort}/p`, {
      samples: 5,
      timeoutMs: 3_000,
      target,
      secrets: new Map(),
      onProgress: () => undefined,
    });
    expect(investigation.discovery?.kind).toBe('found');
  });
});

describe('after a good answer', () => {
  it('is an incident with its own words and without the wrong advice; a limit on calls is not the model’s failure', async () => {
    await expect
      .poll(
        async () => {
          const models = await shown();
          return WITH_AFTER.filter(
            ({ id }) => !['learning', 'healthy'].includes(models.get(`after-${id}`)?.state ?? ''),
          ).map(({ id }) => id);
        },
        { timeout: 30_000, interval: 1_000 },
      )
      .toEqual([]);
    refusing = true;
    const incidents = WITH_AFTER.filter(({ after }) => after !== null);
    await expect
      .poll(
        async () => {
          const models = await shown();
          return incidents.filter(({ id }) => models.get(`after-${id}`)?.incident_id == null).map(({ id }) => id);
        },
        { timeout: 90_000, interval: 1_000 },
      )
      .toEqual([]);
    await new Promise((done) => setTimeout(done, 5_000));
    const models = await shown();
    for (const { id, kind, after, words } of incidents) {
      const model = models.get(`after-${id}`);
      expect(['critical', 'high'], id).toContain(model?.severity);
      expect(model?.headline, id).toContain(after ?? '');
      if (CAUSES[kind] !== undefined) {
        expect(model, id).toMatchObject({ cause: CAUSES[kind], state: 'unreachable' });
        expect(model?.headline, id).toContain(words ?? '');
      }
      const incident = await running.request('GET', `/api/v1/incidents/${model?.incident_id ?? ''}`);
      expect(incident.status, id).toBe(200);
      if (ACCESS.has(kind))
        expect(JSON.stringify(incident.body), id).not.toMatch(/restart-endpoint|"rollback"|scale-out/);
    }
    expect(models.get('after-limited')).toMatchObject({
      incident_id: null,
      severity: 'none',
      setup: { kind: 'rate-limited' },
    });
  }, 150_000);
});
