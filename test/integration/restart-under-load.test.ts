import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { countedWhileLearnt } from './counted-while-learnt.js';
import { eventually } from './running-service.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const MODELS = 400;
const SENDERS = 8;
const EVENTS_PER_BATCH = 5;
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const SETTINGS = {
  api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate', 'admin'], key: KEY }],
  baseline: { minimum_samples: 300, minimum_duration: '0s' },
};
/** So many of the models are compared with a baseline before the first restart; the others learn to the end. */
const WATCHED = 8;
/** Enough that the watermark is learnt and a baseline is admitted. */
const ROWS_TO_BE_WATCHED = 1_000;

let directory: string;
let port: number;
let service: ServiceProcess;
const start = (): void => {
  service = startServiceProcess(directory, port, SETTINGS);
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-restart-'));
  port = await freePort();
  start();
  await service.ready();
  const register = async (i: number): Promise<void> =>
    expect((await post('/api/v1/models', { id: `model-${i}` })).status).toBeLessThan(300);
  for (let i = 0; i < WATCHED; i += 1) await register(i);
  const watched = Array.from({ length: WATCHED }, (_, i) => beWatched(`model-${i}`));
  for (let i = WATCHED; i < MODELS; i += 1) await register(i);
  await Promise.all(watched);
}, 120_000);
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function post(path: string, body: unknown): Promise<{ status: number; retryAfter: string | null }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

/** What senders met: status codes, and how often nobody answered. */
const met = new Map<string, number>();
const acknowledged = { events: new Map<string, number>(), labels: new Map<string, number>() };
const add = (counts: Map<string, number>, key: string, by: number): void =>
  void counts.set(key, (counts.get(key) ?? 0) + by);

/** Sends until it is acknowledged, as a log shipper does, always under the same batch id. */
async function deliver(path: string, batchId: string, body: unknown): Promise<void> {
  for (;;) {
    const answer = await post(`${path}?batch_id=${batchId}`, body).catch(() => null);
    if (answer === null) add(met, 'nobody', 1);
    else
      add(
        met,
        answer.status === 503 && answer.retryAfter === null ? '503 without Retry-After' : String(answer.status),
        1,
      );
    if (answer?.status === 200) return;
    await sleep(50);
  }
}

/** Gives a model what it learns from, until it is compared with that. */
async function beWatched(model: string): Promise<void> {
  const nowMs = Date.now();
  const random = seededRandom(model);
  const rows = Array.from({ length: ROWS_TO_BE_WATCHED }, (_, i) => ({
    prediction_id: `${model}-${i}`,
    timestamp: new Date(nowMs - (ROWS_TO_BE_WATCHED - i) * 1_000).toISOString(),
    features: { age: 20 + Math.floor(40 * random.next()) },
    prediction: random.next() < 0.3 ? 'no' : 'yes',
    confidence: 0.8 + 0.2 * random.next(),
  }));
  await deliver(`/api/v1/models/${model}/observations`, `past-of-${model}`, rows);
  add(acknowledged.events, model, rows.length);
  await eventually(`${model} watched`, 60_000, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/models/${model}`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    const { state } = (await response.json()) as { state: string };
    return state === 'configuring' || state === 'learning' ? null : state;
  });
}

async function send(sender: number, stopping: () => boolean): Promise<void> {
  for (let round = 0; !stopping(); round += 1) {
    const model = `model-${(sender + round * SENDERS) % MODELS}`;
    const ids = Array.from({ length: EVENTS_PER_BATCH }, (_, i) => `${sender}-${round}-${i}`);
    await deliver(
      `/api/v1/models/${model}/observations`,
      `events-${sender}-${round}`,
      ids.map((id, i) => ({ prediction_id: id, features: { age: 20 + i }, prediction: 'yes', confidence: 0.9 })),
    );
    add(acknowledged.events, model, ids.length);
    const labelled = ids.slice(0, 2);
    await deliver(
      `/api/v1/models/${model}/labels`,
      `labels-${sender}-${round}`,
      labelled.map((id, i) => ({ prediction_id: id, label: i === 0 ? 'yes' : 'no' })),
    );
    add(acknowledged.labels, model, labelled.length);
  }
}

it('is closed in order by a signal while it restores', async () => {
  service.child.kill('SIGTERM');
  await service.exited;
  start();
  await eventually('restoring', 30_000, () =>
    Promise.resolve(service.said().includes('restoring models') ? true : null),
  );
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(service.said()).toMatch(/stopped while models were restored|stopping: answering/);
  start();
  await service.ready();
});

it('loses and doubles nothing when it is restarted under load, and never says 404', async () => {
  let done = false;
  const senders = Array.from({ length: SENDERS }, (_, i) => send(i, () => done));
  const exits: [string, number | null][] = [];
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    await sleep(1_500);
    service.child.kill(signal);
    exits.push([signal, await service.exited]);
    start();
    await service.ready();
  }
  await sleep(1_000);
  done = true;
  await Promise.all(senders);
  service.child.kill('SIGTERM');
  exits.push(['SIGTERM', await service.exited]);

  const statuses = [...met.keys()].filter((key) => key !== 'nobody').sort();
  expect([statuses, Object.fromEntries(met)]).toEqual([['200', '503'], expect.anything()]);

  expect(exits).toEqual(exits.map(([signal]) => [signal, signal === 'SIGTERM' ? 0 : null]));
  expect(service.said()).toContain('restoring models');

  const store = await openStore({ kind: 'sqlite', file: join(directory, 'mlfi.sqlite') }, 'read');
  const watched: string[] = [];
  const stored = { events: new Map<string, number>(), labels: new Map<string, number>() };
  for (let i = 0; i < MODELS; i += 1) {
    const id = modelId(`model-${i}`);
    const baseline = await store.baselines.current(id);
    if (baseline !== null) watched.push(id);
    const learnt = baseline ?? (await store.baselines.learning(id));
    const windows = baseline === null ? [] : await store.windows.range(id, 0, Number.MAX_SAFE_INTEGER);
    const whileLearnt = learnt === null ? [] : [countedWhileLearnt(learnt)];
    for (const profile of [...whileLearnt, ...windows.map((window) => window.profile)]) {
      if (profile.calls > 0) add(stored.events, id, profile.calls);
      if (profile.labels.labelled > 0) add(stored.labels, id, profile.labels.labelled);
    }
  }
  await store.close();
  expect(watched).toEqual(expect.arrayContaining(Array.from({ length: WATCHED }, (_, i) => `model-${i}`)));
  const sorted = (counts: Map<string, number>): [string, number][] => [...counts].sort();
  expect(sorted(stored.events)).toEqual(sorted(acknowledged.events));
  expect(sorted(stored.labels)).toEqual(sorted(acknowledged.labels));
  const total = [...acknowledged.events.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(WATCHED * ROWS_TO_BE_WATCHED + 50);
}, 300_000);
