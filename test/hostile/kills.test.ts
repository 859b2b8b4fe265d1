import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { openStore, type StoreLocation } from '../../exporter/src/store/open-store.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { countedWhileLearnt } from '../integration/counted-while-learnt.js';
import { freePort } from '../integration/servers/free-port.js';
import { postgresBinaries, startPostgres, type Postgres } from '../integration/servers/postgres.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';

const ROUNDS = IS_LONG ? 200 : 12;
const SENDERS = 6;
const EVENTS = 5;
const LABELS = 2;
/** Batches without an id that are sent while every third commit fails. */
const RESENT = IS_LONG ? 300 : 30;
const PRELOADED = ['--import', join(import.meta.dirname, '../load/fail-points.mjs')];
const REFUSING = { MLFI_TEST_FAIL_POINT: 'before-commit', MLFI_TEST_AT_COMMIT: '3', MLFI_TEST_FATE: 'refuse' };
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;

let postgres: Postgres;
beforeAll(async () => {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('this test needs PostgreSQL (apt-get install postgresql)');
  postgres = await startPostgres(binaries);
});
afterAll(() => postgres.stop());

describe.each(['SQLite', 'PostgreSQL'])('%s', (kind) => {
  let directory: string;
  let port: number;
  let service: ServiceProcess;
  let settings: object;
  let location: StoreLocation;
  const start = async (): Promise<void> => {
    service = startServiceProcess(directory, port, settings, [], true);
    await service.ready();
  };
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mlfi-kills-'));
    port = await freePort();
    location =
      kind === 'SQLite'
        ? { kind: 'sqlite', file: join(directory, 'mlfi.sqlite') }
        : { kind: 'postgresql', url: postgres.freshDatabase(), poolSize: 4 };
    settings = {
      api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate'], key: KEY }],
      baseline: { minimum_samples: 1_000_000 },
      logging: { level: 'silent' },
      ...(location.kind === 'sqlite' ? {} : { database: { url: location.url } }),
    };
    await start();
    for (let i = 0; i < SENDERS; i += 1)
      expect((await call('POST', '/api/v1/models', { id: `m${i}` })).status).toBe(201);
  });
  afterAll(async () => {
    service.child.kill('SIGKILL');
    await service.exited;
    rmSync(directory, { recursive: true, force: true });
  });

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: await response.json() };
  }

  it(`loses and doubles nothing in ${ROUNDS} rounds of kill −9 amid batches and labels, half of them sent twice at once`, async () => {
    const random = seededRandom(7);
    const acknowledged = Array.from({ length: SENDERS }, () => ({ events: 0, labels: 0 }));
    let unanswered = 0;
    let isDone = false;
    /** Sends until it is acknowledged, once or twice at once. */
    const deliver = async (path: string, body: readonly object[], copies: number): Promise<void> => {
      for (;;) {
        const posts = Array.from({ length: copies }, () => call('POST', path, body));
        const answers = await Promise.allSettled(posts);
        const statuses = answers.map((one) => (one.status === 'fulfilled' ? one.value.status : 0));
        unanswered += statuses.filter((status) => status === 0).length;
        for (const status of statuses) expect([0, 200, 429, 503]).toContain(status);
        if (statuses.includes(200)) return;
        await sleep(20);
      }
    };
    const sender = async (i: number): Promise<void> => {
      const own = acknowledged[i] ?? { events: 0, labels: 0 };
      for (let batch = 0; !isDone; batch += 1) {
        const ids = Array.from({ length: EVENTS }, (_, k) => `${i}-${batch}-${k}`);
        const rows = ids.map((prediction_id, k) => ({ prediction_id, prediction: 'yes', confidence: 0.5 + k / 100 }));
        const copies = 1 + (batch % 2);
        await deliver(`/api/v1/models/m${i}/observations?batch_id=b-${i}-${batch}`, rows, copies);
        own.events += EVENTS;
        const labels = ids.slice(0, LABELS).map((prediction_id) => ({ prediction_id, label: 'yes' }));
        // A label joins once, so that its sender needs no batch id.
        const id = batch % 3 === 0 ? '' : `?batch_id=l-${i}-${batch}`;
        await deliver(`/api/v1/models/m${i}/labels${id}`, labels, copies);
        own.labels += LABELS;
        await sleep(5);
      }
    };
    const senders = Array.from({ length: SENDERS }, (_, i) => sender(i));
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(100 + random.next() * 400);
      service.child.kill('SIGKILL');
      await service.exited;
      await start();
    }
    isDone = true;
    await Promise.all(senders);
    // Once more from the store alone.
    service.child.kill('SIGKILL');
    await service.exited;
    await start();
    const counted = [];
    for (let i = 0; i < SENDERS; i += 1)
      counted.push(((await call('GET', `/api/v1/models/m${i}`)).body as { total_samples: number }).total_samples);
    service.child.kill('SIGTERM');
    await service.exited;
    const labelled = await labelsStored(acknowledged.map((_, i) => `m${i}`));
    await start();
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const [events, labels] = [acknowledged.map((own) => own.events), acknowledged.map((own) => own.labels)];
    figure(
      `${kind}: ${ROUNDS} kills, ${unanswered} requests cut off, ${sum(events)} events and ${sum(labels)} labels acknowledged, ${sum(counted)} and ${sum(labelled)} counted`,
    );
    expect(counted).toEqual(events);
    expect(labelled).toEqual(labels);
    expect(unanswered).toBeGreaterThan(0);
  });

  it('counts once what is sent without a batch id until it is no longer refused', async () => {
    service.child.kill('SIGTERM');
    await service.exited;
    // Every third transaction fails after all was written in it, and the store then takes nothing for that moment.
    service = startServiceProcess(directory, port, settings, PRELOADED, true, REFUSING);
    await service.ready();
    const before = await countsOf('m0');
    let refused = 0;
    let sent = 0;
    for (let batch = 0; batch < RESENT; batch += 1) {
      const rows = Array.from({ length: EVENTS }, (_, k) => ({ prediction_id: `r-${batch}-${k}`, prediction: 'yes' }));
      for (;;) {
        const { status } = await call('POST', '/api/v1/models/m0/observations', rows);
        expect([200, 503]).toContain(status);
        if (status === 200) break;
        refused += 1;
        expect(await countsOf('m0')).toBe(before + sent);
      }
      sent += EVENTS;
    }
    figure(`${kind}: ${refused} refusals of batches without an id, ${sent} events sent again until they were taken`);
    expect(refused).toBeGreaterThan(RESENT / 3);
    expect(await countsOf('m0')).toBe(before + sent);
  });

  const countsOf = async (id: string): Promise<number> =>
    ((await call('GET', `/api/v1/models/${id}`)).body as { total_samples: number }).total_samples;

  async function labelsStored(ids: readonly string[]): Promise<readonly number[]> {
    const store = await openStore(location, 'read');
    const labelled = [];
    for (const id of ids) {
      const learning = await store.baselines.learning(modelId(id));
      labelled.push(learning === null ? 0 : countedWhileLearnt(learning).labels.labelled);
    }
    await store.close();
    return labelled;
  }
});
