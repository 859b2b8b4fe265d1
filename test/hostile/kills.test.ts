import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { freePort } from '../integration/servers/free-port.js';
import { postgresBinaries, startPostgres, type Postgres } from '../integration/servers/postgres.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';

const ROUNDS = IS_LONG ? 200 : 12;
const SENDERS = 6;
const EVENTS = 5;
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
  const start = async (): Promise<void> => {
    service = startServiceProcess(directory, port, settings);
    await service.ready();
  };
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mlfi-kills-'));
    port = await freePort();
    settings = {
      api_keys: [{ name: 'senders', scopes: ['read', 'ingest', 'operate'], key: KEY }],
      baseline: { minimum_samples: 1_000_000 },
      logging: { level: 'silent' },
      ...(kind === 'SQLite' ? {} : { database: { url: postgres.freshDatabase() } }),
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

  it(`loses and doubles nothing in ${ROUNDS} rounds of kill −9 amid batches, half of them sent twice at once`, async () => {
    const random = seededRandom(7);
    const acknowledged = Array.from({ length: SENDERS }, () => 0);
    let unanswered = 0;
    let isDone = false;
    const sender = async (i: number): Promise<void> => {
      for (let batch = 0; !isDone; batch += 1) {
        const rows = Array.from({ length: EVENTS }, (_, k) => ({ prediction: 'yes', confidence: 0.5 + k / 100 }));
        const post = () => call('POST', `/api/v1/models/m${i}/observations?batch_id=b-${i}-${batch}`, rows);
        for (;;) {
          const answers = await Promise.allSettled(batch % 2 === 0 ? [post()] : [post(), post()]);
          const statuses = answers.map((one) => (one.status === 'fulfilled' ? one.value.status : 0));
          unanswered += statuses.filter((status) => status === 0).length;
          for (const status of statuses) expect([0, 200, 429, 503]).toContain(status);
          if (statuses.includes(200)) break;
          await sleep(20);
        }
        acknowledged[i] = (acknowledged[i] ?? 0) + EVENTS;
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
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    figure(
      `${kind}: ${ROUNDS} kills, ${unanswered} requests cut off, ${sum(acknowledged)} events acknowledged, ${sum(counted)} counted`,
    );
    expect(counted).toEqual(acknowledged);
    expect(unanswered).toBeGreaterThan(0);
  });
});
