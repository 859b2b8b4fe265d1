/**
 * What a logged prediction costs on the path a user takes: HTTP, ids, a tenth of labels, SQLite, detectors that watch, event
 * times that move on. CPU seconds of the whole service, until every row has been judged, beside those of `JSON.parse` of the
 * same bytes and of a Koa that only parses, in one run. Run: npm run bench:ingest (`--short`: a fifth of the rows and a tenth
 * of the fleet; a word selects the shapes that have it in their name)
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess } from '../integration/service-process.js';
import { streams } from '../accuracy/streams.js';
import { cpuSeconds } from './fleet-peers.js';

interface Shape {
  readonly name: string;
  readonly features: number;
  readonly spacingMs: number;
  readonly batch: number;
  readonly models: number;
  readonly rows: number;
  readonly goal: Goal;
}
type Goal =
  /** Least share of what `JSON.parse` alone takes. */
  | { readonly shareOfParse: number }
  /** Most CPU milliseconds a request. */
  | { readonly msPerRequest: number }
  /** Most CPU an event, as a multiple of what it is in the shape of this name. */
  | { readonly timesOf: string; readonly most: number };

const ONE_OF_FLEET = 'fleet: 1 model, 100 a batch, 1 s apart';
const SHAPES: readonly Shape[] = [
  shape('12 features, 500 a batch, 1 ms apart', { shareOfParse: 0.4 }),
  shape('12 features, 500 a batch, 1 s apart', { shareOfParse: 0.2 }, { spacingMs: 1_000 }),
  shape('50 features, 1 ms apart', { shareOfParse: 0.35 }, { features: 50, rows: 40_000 }),
  shape('200 features, 1 ms apart', { shareOfParse: 0.3 }, { features: 200, rows: 10_000 }),
  shape('one event a request', { msPerRequest: 0.3 }, { batch: 1, rows: 1_000 }),
  shape(ONE_OF_FLEET, { shareOfParse: 0.2 }, { batch: 100, spacingMs: 1_000, rows: 20_000 }),
  shape(
    'fleet: 1,000 models, 100 a batch, 1 s apart',
    { timesOf: ONE_OF_FLEET, most: 1.3 },
    { batch: 100, spacingMs: 1_000, models: 1_000, rows: 300_000 },
  ),
];
function shape(name: string, goal: Goal, given: Partial<Shape> = {}): Shape {
  return { name, features: 12, spacingMs: 1, batch: 500, models: 1, rows: 100_000, goal, ...given };
}
/** Rows a model learns from at most before it is measured; as soon as it watches it is. */
const LEARNT_ROWS = 20_000;
/** Rows that are sent before the measured ones, so that no code is cold that is warm in a service of a minute's age. */
const WARM_ROWS = 10_000;
const WARM_REQUESTS = 300;
/** Batches that the measured ones are cut into, for the spread. */
const PARTS = 3;
/** Rows that may be late by 10 s have been judged by then. */
const JUDGED_AFTER_MS = 13_000;
/** Models whose detectors are asked whether they watch. */
const MODELS_ASKED = 10;
/** The last row is this old, so that event time never waits for the clock. */
const AGE_MS = 60_000;
/** Until it is known who sends, mlfi judges nothing while rows go on coming. */
const FIRST_ARRIVAL_MS = 90_000;
const isShort = process.argv.includes('--short');
const scale = isShort ? 0.2 : 1;

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

/** The same number for every model, one after the other. */
function batchesOf(
  one: Shape,
  models: readonly string[],
  perModel: number,
  startMs: number,
  series: string,
): readonly Batch[] {
  return Array.from({ length: perModel }, (_, k) =>
    models.map((model) => batchOf(one, model, k * one.batch, startMs, series)),
  ).flat();
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

/** What the detectors of a model say. */
async function evidenceOf(address: string, model: string): Promise<z.infer<typeof modelSchema>['evidence']> {
  const answer = await fetch(`${address}/api/v1/models/${model}`, { headers: { authorization: `Bearer ${KEY}` } });
  return modelSchema.parse(await answer.json()).evidence;
}

/** Whether some of the models asked still learn. */
async function learns(address: string, models: readonly string[]): Promise<boolean> {
  const every = Math.max(1, Math.floor(models.length / MODELS_ASKED));
  for (const model of models.filter((_, i) => i % every === 0))
    if ((await evidenceOf(address, model)).verdict === 'learning') return true;
  return false;
}

/** Sends rows, at the pace of those that are measured, until the detectors watch. @throws Error when they do not */
async function teach(
  one: Shape,
  address: string,
  models: readonly string[],
  startMs: number,
  urlOf: (model: string) => string,
): Promise<void> {
  const teaching = { ...one, batch: 500 };
  for (let first = 0; first < LEARNT_ROWS && (await learns(address, models)); first += teaching.batch) {
    await sendAll(
      models.map((model) => batchOf(teaching, model, first, startMs)),
      urlOf,
      KEY,
    );
    if ((first / teaching.batch) % 4 === 3) await setTimeout(JUDGED_AFTER_MS);
  }
  const untilMs = performance.now() + FIRST_ARRIVAL_MS;
  while (await learns(address, models)) {
    if (performance.now() > untilMs) throw new Error(`${one.name}: no detector watches after ${LEARNT_ROWS} rows`);
    await setTimeout(2_000);
  }
}

interface Measured {
  readonly seconds: number;
  /** Seconds of each part: the last holds what was judged at the end. */
  readonly parts: readonly number[];
  readonly wallSeconds: number;
}

/** @param pid of the service; until every row that was sent has been judged */
async function measured(batches: readonly Batch[], pid: number, urlOf: (model: string) => string): Promise<Measured> {
  await setTimeout(JUDGED_AFTER_MS);
  const fromMs = performance.now();
  const at = [cpuSeconds(pid)];
  for (let part = 0; part < PARTS; part += 1) {
    const [from, to] = [part, part + 1].map((k) => Math.round((k * batches.length) / PARTS));
    await sendAll(batches.slice(from, to), urlOf, KEY);
    at.push(cpuSeconds(pid));
  }
  const wallSeconds = (performance.now() - fromMs) / 1_000;
  await setTimeout(JUDGED_AFTER_MS);
  at[PARTS] = cpuSeconds(pid);
  const parts = at.slice(1).map((seconds, i) => seconds - (at[i] ?? 0));
  return { seconds: parts.reduce((sum, each) => sum + each, 0), parts, wallSeconds };
}

/** CPU microseconds an event by shape. */
const costs = new Map<string, number>();

function told(goal: Goal, usPerEvent: number, msPerRequest: number, ratio: number): string {
  const told = (text: string, holds: boolean): string => `goal ${text}: ${holds ? 'holds' : 'DOES NOT HOLD'}`;
  if ('shareOfParse' in goal) return told(`≥ ${goal.shareOfParse} of JSON.parse`, ratio >= goal.shareOfParse);
  if ('msPerRequest' in goal) return told(`≤ ${goal.msPerRequest} ms a request`, msPerRequest <= goal.msPerRequest);
  const other = costs.get(goal.timesOf);
  if (other === undefined) return `goal ≤ ${goal.most} × “${goal.timesOf}”: not measured`;
  return told(
    `≤ ${goal.most} × “${goal.timesOf}” (${(usPerEvent / other).toFixed(2)} ×)`,
    usPerEvent <= goal.most * other,
  );
}

async function measure(given: Shape): Promise<void> {
  const one = isShort && given.models > 1 ? { ...given, models: given.models / 10, rows: given.rows / 2 } : given;
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-bench-'));
  const models = Array.from({ length: one.models }, (_, i) => `m${i}`);
  const perModel = Math.ceil((one.rows * scale) / one.models / one.batch);
  const warmPerModel = Math.min(WARM_REQUESTS, Math.ceil(WARM_ROWS / one.models / one.batch));
  const measuredFromMs = Date.now() - AGE_MS - perModel * one.batch * one.spacingMs;
  const warmFromMs = measuredFromMs - warmPerModel * one.batch * one.spacingMs;
  const learntFromMs = warmFromMs - LEARNT_ROWS * one.spacingMs;
  const batches = batchesOf(one, models, perModel, measuredFromMs, 'measured');
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
    await teach(one, service.address, models, learntFromMs, urlOf);
    await sendAll(batchesOf(one, models, warmPerModel, warmFromMs, 'warm'), urlOf, KEY);
    const { seconds, parts, wallSeconds } = await measured(batches, service.child.pid ?? 0, urlOf);
    const parse = parseSeconds(batches);
    const koa = await koaSeconds(batches);
    const rows = batches.length * one.batch;
    const { verdict, signals } = await evidenceOf(service.address, 'm0');
    const ratio = parse / seconds;
    const usPerEvent = (1e6 * seconds) / rows;
    const msPerRequest = (1_000 * seconds) / batches.length;
    costs.set(one.name, usPerEvent);
    const spread = [...parts].sort((a, b) => a - b).map((part) => ((1e6 * part * PARTS) / rows).toFixed(1));
    console.log(
      `${one.name}\n  ${usPerEvent.toFixed(1)} µs of CPU an event (thirds ${spread.join(', ')}), ${(rows / seconds).toFixed(0)} events a CPU second ` +
        `(${(rows / wallSeconds).toFixed(0)} a second of the clock), ${ratio.toFixed(3)} of JSON.parse (Koa that parses: ${(parse / koa).toFixed(3)}), ` +
        `${msPerRequest.toFixed(2)} ms a request\n  ${told(one.goal, usPerEvent, msPerRequest, ratio)}; ` +
        `${one.models} models, ${signals.length} signals, verdict ${verdict}`,
    );
  } finally {
    service.child.kill();
    await service.exited;
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2).find((word) => !word.startsWith('--'));
for (const one of SHAPES) if (wanted === undefined || one.name.includes(wanted)) await measure(one);
