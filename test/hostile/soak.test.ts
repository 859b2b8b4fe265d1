import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';
import { connectHeap, type HeapReadings } from './heap-readings.js';
import { increase, percentile } from './trend.js';

const MODELS = IS_LONG ? 1_000 : 100;
const MINUTES = IS_LONG ? 14 : 1.2;
/** What is bounded fills up once every model is watched: the rows and windows kept, detectors' blocks, compiled code. */
const FILL_MINUTES = IS_LONG ? 3 : 1.2;
const LONGEST_LEARNING_MINUTES = IS_LONG ? 15 : 6;
/** Every model gets a batch this often. */
const BATCH_EVERY_MS = IS_LONG ? 20_000 : 5_000;
const ROWS = 20;
/** Each waits for its commit: one after the other, a thousand models would hardly ever have sent enough to be watched. */
const SENDERS = 25;
const SCRAPE_EVERY_MS = IS_LONG ? 5_000 : 2_000;
const HEAP_READINGS = IS_LONG ? 30 : 12;
/** A leak that matters would fill a gigabyte within a day, half of what the shipped manifest gives: 0.7 MB a minute. */
const MOST_GROWTH_MB_A_MINUTE = 0.7;
const MB_OF_THE_POD = 2_147;
/** Half of the time Prometheus waits for a scrape by default. */
const SCRAPE_BAR_MS = 5_000;
/** A probe of Kubernetes waits a second by default. */
const LOOP_BAR_MS = 1_000;
/** docs/store.md: what a model adds to the store per window, once its windows are complete. */
const PROMISED_KB_A_WINDOW = 4;
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;

let directory: string;
let service: ServiceProcess;
let heap: HeapReadings;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-soak-'));
  service = startServiceProcess(
    directory,
    await freePort(),
    {
      api_keys: [{ name: 'soak', scopes: ['read', 'ingest', 'operate'], key: KEY }],
      baseline: { minimum_samples: 100 },
      paging: { season: 'none' },
      // Rows and windows are kept as long as the soak takes to fill them.
      windows: { length: IS_LONG ? '1m' : '15s', rows_kept: 100 },
      logging: { level: 'warn' },
    },
    ['--inspect=127.0.0.1:0'],
  );
  await service.ready();
  heap = await connectHeap(service.said());
  for (let i = 0; i < MODELS; i += 1) expect((await call('POST', '/api/v1/models', { id: `m${i}` })).status).toBe(201);
}, 600_000);
afterAll(async () => {
  heap.close();
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** Rows of a steady model: nothing of it changes over the soak. */
const rows = (round: number): object[] =>
  Array.from({ length: ROWS }, (_, i) => ({
    prediction: (i + round) % 3 === 0 ? 'yes' : 'no',
    confidence: 0.6 + ((i * 37 + round * 11) % 35) / 100,
    latency_ms: 20 + ((i * 13 + round) % 30),
    features: { age: 20 + ((i * 7 + round) % 50), region: `r${(i + round) % 4}` },
  }));

const storeMegabytes = (): number =>
  ['', '-wal'].reduce(
    (sum, end) => sum + (statSync(join(directory, `mlfi.sqlite${end}`), { throwIfNoEntry: false })?.size ?? 0),
    0,
  ) / 1e6;

it(
  `holds no more memory after ${MINUTES} minutes of ${MODELS} watched models than it did before`,
  async () => {
    const startedMs = performance.now();
    let untilMs = startedMs + LONGEST_LEARNING_MINUTES * 60_000;
    const watched = async (): Promise<number> =>
      (await call('GET', '/metrics/models')).text.match(/^mlfi_baseline_info\{/gm)?.length ?? 0;
    const minutes = (): number => (performance.now() - startedMs) / 60_000;
    let batches = 0;
    const refused: string[] = [];
    const feed = async (): Promise<void> => {
      for (let round = 0; performance.now() < untilMs; round += 1) {
        const begunMs = performance.now();
        const sendFrom = async (first: number): Promise<void> => {
          for (let i = first; i < MODELS && performance.now() < untilMs; i += SENDERS) {
            const { status, text } = await call('POST', `/api/v1/models/m${i}/observations`, rows(round));
            if (status === 200) batches += 1;
            else refused.push(`${minutes().toFixed(2)}: ${status} ${text.slice(0, 200)}`);
          }
        };
        await Promise.all(Array.from({ length: SENDERS }, (_, first) => sendFrom(first)));
        await sleep(Math.max(0, BATCH_EVERY_MS - (performance.now() - begunMs)));
      }
    };
    const scrapesMs: number[] = [];
    const loopMs: number[] = [];
    const held: [minutes: number, megabytes: number][] = [];
    const stored: [minutes: number, megabytes: number][] = [];
    const resident: [minutes: number, megabytes: number][] = [];
    const external: [minutes: number, megabytes: number][] = [];
    const scrape = async (): Promise<void> => {
      while (performance.now() < untilMs) {
        const askedMs = performance.now();
        expect((await call('GET', '/metrics/models')).status).toBe(200);
        scrapesMs.push(performance.now() - askedMs);
        const { text } = await call('GET', '/metrics');
        const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
        loopMs.push(valueOf('nodejs_eventloop_lag_p99_seconds') * 1_000);
        if (held.length > 0) {
          resident.push([minutes(), valueOf('process_resident_memory_bytes') / 1e6]);
          external.push([minutes(), valueOf('nodejs_external_memory_bytes') / 1e6]);
        }
        await sleep(SCRAPE_EVERY_MS);
      }
    };
    const weigh = async (): Promise<void> => {
      while ((await watched()) < MODELS && performance.now() < untilMs) await sleep(SCRAPE_EVERY_MS);
      figure(`all ${await watched()} models watched after ${minutes().toFixed(1)} minutes`);
      expect(await watched()).toBe(MODELS);
      untilMs = performance.now() + (FILL_MINUTES + MINUTES) * 60_000;
      await sleep(FILL_MINUTES * 60_000);
      const everyMs = (MINUTES * 60_000) / HEAP_READINGS;
      while (performance.now() < untilMs) {
        held.push([minutes(), (await heap.bytesInUse()) / 1e6]);
        stored.push([minutes(), storeMegabytes()]);
        await sleep(everyMs);
      }
    };
    await Promise.all([feed(), scrape(), weigh()]).catch((error: unknown) => {
      const { exitCode, signalCode } = service.child;
      figure(
        `after ${minutes().toFixed(1)} minutes: exit ${exitCode ?? signalCode ?? 'none'}; ${service.said().slice(-800)}`,
      );
      for (const readings of [held, resident, external])
        figure(readings.map(([at, mb]) => `${at.toFixed(1)}: ${mb.toFixed(0)}`).join(' · '));
      throw error;
    });

    const growth = increase(held);
    const storeGrowth = increase(stored).perUnit;
    figure(`${batches} batches of ${ROWS} rows taken, ${refused.length} refused`);
    for (const answer of new Set(refused)) figure(answer);
    if (refused.length > 0) figure(service.said().slice(-2_000));
    figure(
      `heap after garbage collection: ${(held[0]?.[1] ?? 0).toFixed(1)} → ${(held.at(-1)?.[1] ?? 0).toFixed(1)} MB in ${held.length} readings, ${growth.perUnit.toFixed(2)} MB a minute (99 %: at least ${growth.atLeast.toFixed(2)}, that is ${(growth.atLeast * 1_440).toFixed(0)} MB a day; the limit is ${(MOST_GROWTH_MB_A_MINUTE * 1_440).toFixed(0)}, a pod has ${MB_OF_THE_POD} MB)`,
    );
    for (const [what, readings] of [
      ['resident', resident],
      ['outside of the heap', external],
    ] as const)
      figure(
        `${what}: ${(readings[0]?.[1] ?? 0).toFixed(1)} → ${(readings.at(-1)?.[1] ?? 0).toFixed(1)} MB, ${(increase(readings).perUnit * 1_440).toFixed(0)} MB a day (99 %: at least ${(increase(readings).atLeast * 1_440).toFixed(0)})`,
      );
    figure(
      `scrape of /metrics/models: p50 ${percentile(scrapesMs, 0.5).toFixed(0)} ms, p99 ${percentile(scrapesMs, 0.99).toFixed(0)} ms; the bar is ${SCRAPE_BAR_MS} ms`,
    );
    figure(
      `loop delay, p99 as the service tells it: median ${percentile(loopMs, 0.5).toFixed(0)} ms, worst ${percentile(loopMs, 1).toFixed(0)} ms; the bar is ${LOOP_BAR_MS} ms`,
    );
    const windowsAMinute = IS_LONG ? 1 : 4;
    figure(
      `store: ${(stored.at(-1)?.[1] ?? 0).toFixed(1)} MB, ${((storeGrowth * 1e3) / MODELS / windowsAMinute).toFixed(1)} kB a model and window; docs/store.md promises ${PROMISED_KB_A_WINDOW} kB`,
    );
    expect(batches).toBeGreaterThan(MODELS);
    expect(refused).toEqual([]);
    expect(held.length).toBeGreaterThan(5);
    // Everything else is told, for it depends on the machine; memory that only grows does not.
    expect(growth.atLeast).toBeLessThan(MOST_GROWTH_MB_A_MINUTE);
  },
  (LONGEST_LEARNING_MINUTES + FILL_MINUTES + MINUTES + 5) * 60_000,
);

it('tells a leak of a megabyte a minute from noise', () => {
  const noise = seededRandom(5);
  const readings = (leak: number): [number, number][] =>
    Array.from({ length: 30 }, (_, i) => [i * 0.4, 100 + leak * i * 0.4 + 2 * (noise.next() - 0.5)]);
  expect(increase(readings(1)).atLeast).toBeGreaterThan(MOST_GROWTH_MB_A_MINUTE);
  for (let round = 0; round < 100; round += 1)
    expect(increase(readings(0)).atLeast).toBeLessThan(MOST_GROWTH_MB_A_MINUTE);
});
