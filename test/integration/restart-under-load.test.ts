import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { eventually } from './running-service.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const MODELS = 400;
const SENDERS = 8;
const EVENTS_PER_BATCH = 5;
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const SETTINGS = {
  api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate', 'admin'], key: KEY }],
  // What is counted stays in one place, so that it can be counted again from the store.
  baseline: { minimum_samples: 50_000 },
};

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
  for (let i = 0; i < MODELS; i += 1)
    expect((await post('/api/v1/models', { id: `model-${i}` })).status).toBeLessThan(300);
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
    await sleep(2_500);
    service.child.kill(signal);
    exits.push([signal, await service.exited]);
    start();
    await service.ready();
  }
  await sleep(2_000);
  done = true;
  await Promise.all(senders);
  service.child.kill('SIGTERM');
  exits.push(['SIGTERM', await service.exited]);

  const statuses = [...met.keys()].filter((key) => key !== 'nobody').sort();
  expect([statuses, Object.fromEntries(met)]).toEqual([['200', '503'], expect.anything()]);

  expect(exits).toEqual(exits.map(([signal]) => [signal, signal === 'SIGTERM' ? 0 : null]));
  expect(service.said()).toContain('restoring models');

  const store = await openStore({ kind: 'sqlite', file: join(directory, 'mlfi.sqlite') }, 'read');
  const stored = { events: new Map<string, number>(), labels: new Map<string, number>() };
  for (let i = 0; i < MODELS; i += 1) {
    const learning = await store.baselines.learning(modelId(`model-${i}`));
    if (learning === null) continue;
    if (learning.profile.calls > 0) stored.events.set(`model-${i}`, learning.profile.calls);
    if (learning.profile.labels.labelled > 0) stored.labels.set(`model-${i}`, learning.profile.labels.labelled);
  }
  await store.close();
  const sorted = (counts: Map<string, number>): [string, number][] => [...counts].sort();
  expect(sorted(stored.events)).toEqual(sorted(acknowledged.events));
  expect(sorted(stored.labels)).toEqual(sorted(acknowledged.labels));
  const total = [...acknowledged.events.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(300);
}, 300_000);
