/**
 * What a logged prediction costs on the path a user takes: HTTP, ids, a tenth of labels, SQLite, detectors that watch, event
 * times that move on. CPU seconds of the whole service beside those of `JSON.parse` of the same bytes and of a Koa that only
 * parses, in one run. Run: npm run bench:ingest (`--short`: a fifth of the rows)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess } from '../integration/service-process.js';
import { streams } from '../accuracy/streams.js';

interface Shape {
  readonly name: string;
  readonly features: number;
  readonly spacingMs: number;
  readonly batch: number;
  readonly models: number;
  readonly rows: number;
  /** Least share of what `JSON.parse` alone takes; null where the goal is in milliseconds. */
  readonly goal: number | null;
  /** Most CPU milliseconds a request. */
  readonly goalMsPerRequest: number | null;
}
const SHAPES: readonly Shape[] = [
  shape('12 features, 500 a batch, 1 ms apart', { goal: 0.4 }),
  shape('12 features, 500 a batch, 1 s apart', { spacingMs: 1_000, goal: 0.2 }),
  shape('50 features, 1 ms apart', { features: 50, rows: 40_000, goal: 0.35 }),
  shape('200 features, 1 ms apart', { features: 200, rows: 10_000, goal: 0.3 }),
  shape('12 features, 100 models, 1 ms apart', { models: 100, goal: 0.28 }),
  shape('one event a request', { batch: 1, rows: 3_000, goalMsPerRequest: 0.3 }),
];
function shape(name: string, given: Partial<Shape>): Shape {
  return {
    name,
    features: 12,
    spacingMs: 1,
    batch: 500,
    models: 1,
    rows: 100_000,
    goal: null,
    goalMsPerRequest: null,
    ...given,
  };
}
/** Rows a model learns from at most before it is measured; as soon as it watches it is. */
const LEARNT_ROWS = 20_000;
/** So far apart that the watermark passes them at once. */
const LEARNT_SPACING_MS = 1_000;
/** The last row is this old, so that event time never waits for the clock. */
const AGE_MS = 60_000;
/** Until it is known who sends, mlfi judges nothing while rows go on coming. */
const FIRST_ARRIVAL_MS = 90_000;
const scale = process.argv.includes('--short') ? 0.2 : 1;

const modelSchema = z.looseObject({
  evidence: z.looseObject({ verdict: z.string(), signals: z.array(z.looseObject({ state: z.string() })) }),
});

interface Batch {
  readonly model: string;
  readonly body: string;
}

const source = streams(7);
const value = (j: number): string | number =>
  j % 4 === 3
    ? (['de', 'fr', 'it', 'us'][Math.floor(source.uniform() * 4)] ?? 'de')
    : Number(source.normal().toFixed(4));

function batchOf(
  { features, spacingMs, batch }: Shape,
  model: string,
  first: number,
  startMs: number,
  series = 'learnt',
): Batch {
  const lines = Array.from({ length: batch }, (_, k) => {
    const i = first + k;
    return JSON.stringify({
      prediction_id: `${model}-${series}-${i}`,
      timestamp: startMs + Math.round(i * spacingMs),
      features: Object.fromEntries(Array.from({ length: features }, (_, j) => [`feature_${j}`, value(j)])),
      prediction: source.uniform() < 0.3 ? 'yes' : 'no',
      confidence: Number((0.5 + 0.5 * source.uniform()).toFixed(4)),
      latency_ms: Number((10 + 10 * source.uniform()).toFixed(2)),
      ...(i % 10 === 0 ? { label: source.uniform() < 0.3 ? 'yes' : 'no' } : {}),
    });
  });
  return { model, body: lines.join('\n') };
}

/** CPU seconds a process has used, its threads among them (Linux counts in hundredths). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function post(url: string, body: string, key: string): Promise<void> {
  const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${key}` };
  for (;;) {
    const answer = await fetch(url, { method: 'POST', headers, body });
    const text = await answer.text();
    if (answer.ok) return;
    if (answer.status !== 429 && answer.status !== 503) throw new Error(`${answer.status} ${text}`);
    await setTimeout(100);
  }
}

/** Two senders at a time, as two hosts would. */
async function sendAll(batches: readonly Batch[], urlOf: (model: string) => string, key: string): Promise<void> {
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      await post(urlOf(batch.model), batch.body, key);
    }
  };
  await Promise.all([sender(), sender()]);
}

const KOA = `
import Koa from 'koa';
const app = new Koa();
app.use(async (ctx) => {
  const chunks = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  let rows = 0;
  for (const line of Buffer.concat(chunks).toString('utf8').split('\\n')) rows += JSON.parse(line) === null ? 0 : 1;
  ctx.body = { rows };
});
app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
`;

async function koaSeconds(batches: readonly Batch[]): Promise<number> {
  const port = await freePort();
  const child = spawn(process.execPath, ['--input-type=module', '-e', KOA], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  const url = `http://127.0.0.1:${port}/`;
  await sendAll(batches.slice(0, 20), () => url, '');
  const from = cpuSeconds(pid);
  await sendAll(batches, () => url, '');
  const seconds = cpuSeconds(pid) - from;
  child.kill();
  return seconds;
}

function parseSeconds(batches: readonly Batch[]): number {
  let best = Infinity;
  let checksum = 0;
  for (let round = 0; round < 3; round += 1) {
    const from = process.cpuUsage();
    for (const { body } of batches) for (const line of body.split('\n')) checksum += JSON.parse(line) === null ? 1 : 0;
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / 1e6);
  }
  if (checksum !== 0) throw new Error('a row is null');
  return best;
}

const KEY = `mlfi_${'b'.repeat(12)}_${'k'.repeat(43)}`;

/** What its detectors say of the first model. */
async function evidenceOf(address: string): Promise<z.infer<typeof modelSchema>['evidence']> {
  const answer = await fetch(`${address}/api/v1/models/m0`, { headers: { authorization: `Bearer ${KEY}` } });
  return modelSchema.parse(await answer.json()).evidence;
}

async function measure(one: Shape): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-bench-'));
  const models = Array.from({ length: one.models }, (_, i) => `m${i}`);
  const perModel = Math.ceil((one.rows * scale) / one.models / one.batch) * one.batch;
  const measuredFromMs = Date.now() - AGE_MS - perModel * one.spacingMs;
  const learntFromMs = measuredFromMs - LEARNT_ROWS * LEARNT_SPACING_MS;
  const batches = Array.from({ length: perModel / one.batch }, (_, k) =>
    models.map((model) => batchOf(one, model, k * one.batch, measuredFromMs, 'measured')),
  ).flat();
  const service = startServiceProcess(
    directory,
    await freePort(),
    {
      models: models.map((id) => ({ id })),
      api_keys: [{ name: 'bench', scopes: ['read', 'ingest'], key: KEY }],
      logging: { level: 'error' },
    },
    process.env.MLFI_BENCH_NODE_OPTIONS?.split(' ') ?? [],
    true,
  );
  try {
    await service.ready();
    const urlOf = (model: string): string => `${service.address}/api/v1/models/${model}/observations`;
    let state = await evidenceOf(service.address);
    for (let first = 0; first < LEARNT_ROWS && state.verdict === 'learning'; first += 1_000) {
      const learning = models.map((model) =>
        batchOf({ ...one, batch: 1_000, spacingMs: LEARNT_SPACING_MS }, model, first, learntFromMs),
      );
      await sendAll(learning, urlOf, KEY);
      await setTimeout(2_000);
      state = await evidenceOf(service.address);
    }
    const untilMs = performance.now() + FIRST_ARRIVAL_MS;
    while (state.verdict === 'learning' && performance.now() < untilMs) {
      await setTimeout(2_000);
      state = await evidenceOf(service.address);
    }
    if (state.verdict === 'learning') throw new Error(`${one.name}: no detector watches after ${LEARNT_ROWS} rows`);
    const pid = service.child.pid ?? 0;
    const from = cpuSeconds(pid);
    const fromMs = performance.now();
    await sendAll(batches, urlOf, KEY);
    const seconds = cpuSeconds(pid) - from;
    const wallSeconds = (performance.now() - fromMs) / 1_000;
    const parse = parseSeconds(batches);
    const koa = await koaSeconds(batches);
    const rows = batches.length * one.batch;
    state = await evidenceOf(service.address);
    const ratio = parse / seconds;
    const msPerRequest = (1_000 * seconds) / batches.length;
    const holds = one.goal === null ? msPerRequest <= (one.goalMsPerRequest ?? 0) : ratio >= one.goal;
    const goal = one.goal === null ? `≤ ${one.goalMsPerRequest} ms a request` : `≥ ${one.goal} of JSON.parse`;
    console.log(
      `${one.name}\n  ${(rows / seconds).toFixed(0)} events a CPU second (${(rows / wallSeconds).toFixed(0)} a second of the clock), ` +
        `${ratio.toFixed(3)} of JSON.parse, ${(koa / seconds).toFixed(3)} of a Koa that parses, ` +
        `${msPerRequest.toFixed(2)} ms a request; goal ${goal}: ${holds ? 'holds' : 'DOES NOT HOLD'}` +
        `; ${state.signals.length} signals, verdict ${state.verdict}`,
    );
  } finally {
    service.child.kill();
    await service.exited;
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2).find((word) => !word.startsWith('--'));
for (const one of SHAPES) if (wanted === undefined || one.name.includes(wanted)) await measure(one);
