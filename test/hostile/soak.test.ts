import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import { figure, IS_LONG } from './figures.js';

const MODELS = IS_LONG ? 1_000 : 100;
const MINUTES = IS_LONG ? 20 : 1.5;
/** Every model gets a batch this often. */
const BATCH_EVERY_MS = IS_LONG ? 20_000 : 5_000;
const ROWS = 20;
const SAMPLE_EVERY_MS = IS_LONG ? 5_000 : 1_000;
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;

let directory: string;
let service: ServiceProcess;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-soak-'));
  service = startServiceProcess(directory, await freePort(), {
    api_keys: [{ name: 'soak', scopes: ['read', 'ingest', 'operate'], key: KEY }],
    baseline: { minimum_samples: 100 },
    windows: { length: '1m' },
    logging: { level: 'silent' },
  });
  await service.ready();
  for (let i = 0; i < MODELS; i += 1) expect((await call('POST', '/api/v1/models', { id: `m${i}` })).status).toBe(201);
}, 600_000);
afterAll(async () => {
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

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Median of the slopes of all pairs (Theil 1950, Sen 1968), per unit of x: single peaks do not move it. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x, y], i) => points.slice(i + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)));
  return percentile(slopes, 0.5);
}

/** Rows of a steady model: nothing of it changes over the soak. */
const rows = (round: number): object[] =>
  Array.from({ length: ROWS }, (_, i) => ({
    prediction: (i + round) % 3 === 0 ? 'yes' : 'no',
    confidence: 0.6 + ((i * 37 + round * 11) % 35) / 100,
    latency_ms: 20 + ((i * 13 + round) % 30),
    features: { age: 20 + ((i * 7 + round) % 50), region: `r${(i + round) % 4}` },
  }));

const storeBytes = (): number =>
  ['', '-wal'].reduce(
    (sum, end) => sum + (statSync(join(directory, `mlfi.sqlite${end}`), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

it(
  `runs ${MODELS} models for ${MINUTES} minutes without a leak`,
  async () => {
    const untilMs = performance.now() + MINUTES * 60_000;
    let batches = 0;
    let refused = 0;
    const feed = async (): Promise<void> => {
      for (let round = 0; performance.now() < untilMs; round += 1) {
        const begunMs = performance.now();
        for (let i = 0; i < MODELS && performance.now() < untilMs; i += 1) {
          const { status } = await call('POST', `/api/v1/models/m${i}/observations`, rows(round));
          if (status === 200) batches += 1;
          else refused += 1;
        }
        await sleep(Math.max(0, BATCH_EVERY_MS - (performance.now() - begunMs)));
      }
    };
    const heap: [minutes: number, megabytes: number][] = [];
    const size: [minutes: number, megabytes: number][] = [];
    const scrapesMs: number[] = [];
    const loopMs: number[] = [];
    const startedMs = performance.now();
    const watch = async (): Promise<void> => {
      while (performance.now() < untilMs) {
        const askedMs = performance.now();
        expect((await call('GET', '/metrics/models')).status).toBe(200);
        scrapesMs.push(performance.now() - askedMs);
        const { text } = await call('GET', '/metrics');
        const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
        const minutes = (performance.now() - startedMs) / 60_000;
        heap.push([minutes, value('nodejs_heap_size_used_bytes') / 1e6]);
        size.push([minutes, storeBytes() / 1e6]);
        loopMs.push(value('nodejs_eventloop_lag_p99_seconds') * 1_000);
        await sleep(SAMPLE_EVERY_MS);
      }
    };
    await Promise.all([feed(), watch()]);

    // Learning and the first windows fill what is bounded: the second half is the steady state.
    const steady = heap.slice(Math.floor(heap.length / 2));
    // Garbage makes the heap a saw: its floor is what is held. The lowest of every tenth part.
    const step = Math.max(1, Math.floor(steady.length / 10));
    const floor = Array.from({ length: Math.floor(steady.length / step) }, (_, i) =>
      steady.slice(i * step, (i + 1) * step).reduce((low, one) => (one[1] < low[1] ? one : low)),
    );
    const perMinute = slope(floor);
    const level = mean(floor.map(([, megabytes]) => megabytes));
    const noise = Math.max(
      ...floor.map(([minutes, megabytes]) =>
        Math.abs(megabytes - level - perMinute * (minutes - (floor[0]?.[0] ?? 0))),
      ),
    );
    const grown = perMinute * ((floor.at(-1)?.[0] ?? 0) - (floor[0]?.[0] ?? 0));
    const storeGrowth = slope(size.slice(Math.floor(size.length / 2)));
    figure(`${batches} batches of ${ROWS} rows taken, ${refused} refused`);
    figure(
      `heap: ${level.toFixed(0)} MB, ${perMinute >= 0 ? '+' : ''}${perMinute.toFixed(2)} MB a minute in the second half (noise ±${noise.toFixed(0)} MB)`,
    );
    figure(
      `scrape of /metrics/models: p50 ${percentile(scrapesMs, 0.5).toFixed(0)} ms, p99 ${percentile(scrapesMs, 0.99).toFixed(0)} ms`,
    );
    figure(
      `loop delay, p99 as the service tells it: median ${percentile(loopMs, 0.5).toFixed(0)} ms, worst ${percentile(loopMs, 1).toFixed(0)} ms`,
    );
    figure(
      `store: ${(size.at(-1)?.[1] ?? 0).toFixed(1)} MB, ${storeGrowth.toFixed(2)} MB a minute, ${((storeGrowth * 1e3) / MODELS).toFixed(1)} kB a model and minute`,
    );
    expect(refused).toBe(0);
    expect(batches).toBeGreaterThan(MODELS);
    // A leak is growth that neither the saw of the heap nor a third of its level explains.
    expect(grown).toBeLessThan(Math.max(2 * noise, level / 3));
  },
  (MINUTES + 10) * 60_000,
);
