import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDemoModels, type DemoModels } from '../../exporter/demo/server.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

interface ModelView {
  readonly state: string;
  readonly total_samples: number;
  readonly incident_id: string | null;
  readonly baseline: { readonly state: string; readonly samples: number; readonly version?: number };
}
interface Recommendation {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly plan: object | null;
  readonly priority: string;
  readonly execution: { readonly state: string } | null;
}

const SIGNING_SECRET = 'whsec_dGVzdC1zaWduaW5nLXNlY3JldA==';
const received: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
let models: DemoModels;
let receiver: Server;
let running: RunningService;

beforeAll(async () => {
  models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(3) });
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  running = await runService({
    governance: {
      webhooks: [
        {
          name: 'retrainer',
          url: `http://127.0.0.1:${port}/hook`,
          actions: ['retrain'],
          signing_secret: SIGNING_SECRET,
        },
      ],
    },
  });
});
afterAll(async () => {
  await running.close();
  receiver.close();
  await models.close();
});

const get = async <T>(path: string): Promise<T> => (await running.request('GET', path)).body as T;
const view = (id: string): Promise<ModelView> => get<ModelView>(`/api/v1/models/${id}`);
const pending = async (id: string): Promise<readonly Recommendation[]> =>
  (await get<{ recommendations: Recommendation[] }>(`/api/v1/recommendations?model=${id}&pending=true`))
    .recommendations;

it('goes on learning where it was, keeps the baseline, and loses no sample it answered for', async () => {
  expect(
    (await running.request('POST', '/api/v1/models', { id: 'healthy', url: models.urlOf('healthy') })).status,
  ).toBe(201);
  const half = await eventually('half a baseline', 30_000, async () => {
    const model = await view('healthy');
    return model.baseline.state === 'learning' && model.baseline.samples >= 30 ? model : null;
  });
  await running.restart();
  const resumed = await view('healthy');
  expect(resumed.baseline.samples).toBeGreaterThanOrEqual(half.baseline.samples);
  expect(resumed.total_samples).toBeGreaterThanOrEqual(half.total_samples);

  const ready = await eventually('a baseline', 30_000, async () => {
    const model = await view('healthy');
    return model.baseline.state === 'ready' ? model : null;
  });
  await running.restart();
  const again = await view('healthy');
  expect(again.baseline).toMatchObject({
    state: 'ready',
    version: ready.baseline.version,
    samples: ready.baseline.samples,
  });
  expect(again.total_samples).toBeGreaterThanOrEqual(ready.total_samples);
});

it('answers an ingest after the commit: a batch and its repetition count once, restart between them included', async () => {
  await running.request('POST', '/api/v1/models', { id: 'logged' });
  const lines = Array.from({ length: 50 }, (_, i) =>
    JSON.stringify({ prediction_id: `p${i}`, features: { age: 20 + i }, prediction: 'yes', confidence: 0.9 }),
  );
  const path = '/api/v1/models/logged/observations?batch_id=one';
  expect((await running.request('POST', path, `[${lines.join(',')}]`)).body).toMatchObject({
    accepted: 50,
    rejected: 0,
    duplicate: false,
  });
  await running.restart();
  expect((await running.request('POST', path, `[${lines.join(',')}]`)).body).toMatchObject({
    accepted: 50,
    duplicate: true,
  });
  expect((await view('logged')).total_samples).toBe(50);
  const labels = await running.request('POST', '/api/v1/models/logged/labels', [
    { prediction_id: 'p1', label: 'yes' },
    { prediction_id: 'never-seen', label: 'no' },
  ]);
  expect(labels.body).toMatchObject({ labels_matched: 1, labels_unmatched: 1 });
});

it('counts labels that come before their predictions once these come, each once, also over a restart', async () => {
  await running.request('POST', '/api/v1/models', { id: 'early' });
  const idsOf = (from: number) => Array.from({ length: 600 }, (_, i) => `e${from + i}`);
  const labelsOf = (from: number) => idsOf(from).map((prediction_id) => ({ prediction_id, label: 'yes' }));
  const rowsOf = (from: number) =>
    idsOf(from).map((prediction_id) => ({ prediction_id, prediction: 'yes', confidence: 0.9 }));
  const send = async (what: 'labels' | 'observations', rows: readonly object[]): Promise<unknown> =>
    (await running.request('POST', `/api/v1/models/early/${what}`, rows)).body;
  const labelled = async (): Promise<number> => {
    const { performance } = await get<{ performance: { labelled_share: number | null } }>('/api/v1/models/early');
    return performance.labelled_share ?? 0;
  };
  for (let i = 0; i < 2; i += 1)
    expect(await send('labels', labelsOf(0))).toMatchObject({
      labels_matched: 0,
      labels_unmatched: 600,
      labels_waiting: 600,
    });
  // Labels before their predictions in one batch.
  expect(await send('observations', [...labelsOf(600), ...rowsOf(600)])).toMatchObject({ labels_matched: 600 });
  await running.restart();
  expect(await send('observations', rowsOf(0))).toMatchObject({ accepted: 600, labels_in_rows: 0 });
  expect(await send('labels', labelsOf(0))).toMatchObject({ labels_matched: 0, labels_waiting: 0 });
  await running.restart();
  for (const from of [0, 600])
    expect(await send('labels', labelsOf(from))).toMatchObject({ labels_unmatched: 600, labels_waiting: 0 });
  await eventually('labels of all', 30_000, async () => ((await labelled()) === 1 ? true : null));
});

it('says how many rows came with their label', async () => {
  await running.request('POST', '/api/v1/models', { id: 'with-labels' });
  const { body } = await running.request('POST', '/api/v1/models/with-labels/observations', [
    { prediction: 'yes', label: 'yes' },
    { prediction: 'no', label: 'yes' },
    { prediction: 'no' },
  ]);
  expect(body).toMatchObject({ accepted: 3, labels_in_rows: 2, labels_matched: 0, labels_unmatched: 0 });
});

it('takes the good lines of a batch and names the bad ones', async () => {
  const { status, body } = await running.request('POST', '/api/v1/models/logged/observations', [
    { prediction: 'yes', confidence: 0.5 },
    { prediction: 'yes', confidence: 1.7 },
    { prediction: 'no', timestamp: 'yesterday' },
  ]);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    accepted: 1,
    rejected: 2,
    errors: [
      { line: 2, field: 'confidence' },
      { line: 3, field: 'timestamp' },
    ],
  });
});

it('keeps a pending decision over a restart, binds the vote to its digest, executes once, signs, and audits', async () => {
  await running.request('POST', '/api/v1/models', { id: 'low', url: models.urlOf('low-confidence') });
  const before = await eventually(
    'a recommendation with a plan',
    60_000,
    async () => (await pending('low')).find(({ plan }) => plan !== null) ?? null,
  );
  const incident = (await view('low')).incident_id;
  await running.restart();
  const after = (await pending('low')).find(({ id }) => id === before.id);
  expect(after?.digest).toBe(before.digest);
  expect((await view('low')).incident_id).toBe(incident);

  const vote = (digest: string, bearer: string = TOKENS.ada): Promise<{ status: number; body: unknown }> =>
    running.request(
      'POST',
      '/api/v1/votes',
      { recommendation_id: before.id, digest, verdict: 'approve', reason: 'the labels confirm it' },
      bearer,
    );
  expect(await vote(before.digest, running.key)).toMatchObject({ status: 403 });
  expect(await vote('0'.repeat(64))).toMatchObject({
    status: 409,
    body: { error: { field: 'digest', details: { digest: before.digest } } },
  });
  const votes = await Promise.all([vote(before.digest), vote(before.digest), vote(before.digest)]);
  expect(votes.filter(({ status }) => status === 200)).toHaveLength(1);
  const executed = await eventually('the execution', 10_000, async () => {
    const record = await get<Recommendation>(`/api/v1/recommendations/${before.id}`);
    return record.execution?.state === 'succeeded' ? record : null;
  });
  expect(executed.state).toBe('succeeded');
  expect(received).toHaveLength(1);
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  const key = Buffer.from(SIGNING_SECRET.slice('whsec_'.length), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);

  expect(await get('/api/v1/audit/verify')).toMatchObject({ kind: 'intact' });
  const { entries } = await get<{ entries: { body: { kind: string } }[] }>('/api/v1/audit?limit=1000');
  expect(entries.filter(({ body: entry }) => entry.kind === 'vote')).toHaveLength(1);
});

it('keeps secrets out of everything it says, and feature values out of everything it stores', async () => {
  const canary = 'Canary-7319-Lane';
  const number = 733_911.25;
  await running.request('POST', '/api/v1/models/logged/observations', [
    { features: { street: canary, income: number }, prediction: canary, confidence: 0.6 },
  ]);
  const said = await Promise.all(
    [
      '/metrics',
      '/metrics/models',
      '/api/v1/models',
      '/api/v1/models/logged',
      '/api/v1/models/logged/distributions',
      '/api/v1/keys',
      '/api/v1/recommendations',
      '/api/v1/audit',
    ].map(async (path) => JSON.stringify((await running.request('GET', path)).body)),
  );
  // The secret is base64url: it may hold underscores itself.
  const secret = running.key.replace(/^mlfi_[^_]+_/, '');
  expect(secret).toHaveLength(43);
  for (const text of said) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(SIGNING_SECRET);
    expect(text).not.toContain(canary);
  }
  const stored = readdirSync(running.directory).map((file) =>
    readFileSync(join(running.directory, file)).toString('latin1'),
  );
  expect(stored.length).toBeGreaterThan(0);
  for (const bytes of stored) {
    expect(bytes).not.toContain(canary);
    expect(bytes).not.toContain(String(number));
    expect(bytes).not.toContain(secret);
  }
});
