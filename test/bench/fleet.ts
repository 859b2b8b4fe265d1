/**
 * What a fleet costs: a thousand models of twelve features, each asked nine times in thirty seconds, and a hundred of a hundred.
 * CPU of the whole service beside that of a bare loop over undici that makes the same calls in the same run, bytes written,
 * memory and stored bytes a model, start, scrape and list. Says what holds and fails by no clock.
 * Run: npm run bench:fleet (`--short`: a tenth of the models; a word selects the shapes that have it in their name)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../integration/servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from '../integration/service-process.js';
import {
  bareLoopSeconds,
  cpuSeconds,
  residentBytes,
  startModelServer,
  writtenBytes,
  type Peer,
} from './fleet-peers.js';

interface Shape {
  readonly name: string;
  readonly models: number;
  readonly features: number;
  readonly goals: { readonly memoryMb: number; readonly storedMb: number };
}

const isShort = process.argv.includes('--short');
const SHAPES: readonly Shape[] = [
  { name: '1,000 models, 12 features', models: 1_000, features: 12, goals: { memoryMb: 0.8, storedMb: 1 } },
  { name: '100 models, 100 features', models: 100, features: 100, goals: { memoryMb: 5, storedMb: 6 } },
].map((shape) => (isShort ? { ...shape, models: shape.models / 10 } : shape));

const CYCLE_SECONDS = 30;
const CALLS_PER_CYCLE = 9;
/** While they learn they are asked more often. */
const TAUGHT_EVERY_SECONDS = 10;
const SAMPLES = 40;
const TAUGHT_WITHIN_MS = 600_000;
/** After a start, so that what is done once is over. */
const SETTLED_AFTER_MS = isShort ? 20_000 : 60_000;
const IDLE_MS = isShort ? 60_000 : 120_000;
const SCRAPES = 5;
const SCRAPED_EVERY_MS = 15_000;
const LISTS = ['/api/v1/models', '/api/v1/models?limit=100', '/api/v1/model-summaries'];
const READY_WITHIN_MS = 300_000;
const WINDOW_MS = 300_000;
const WINDOWS_PER_DAY = 86_400_000 / WINDOW_MS;
const KEY = `mlfi_${'b'.repeat(12)}_${'k'.repeat(43)}`;
const HEADERS = { authorization: `Bearer ${KEY}` };

function tell(what: string, figure: string, goal: string, holds: boolean | null): void {
  const verdict = holds === null ? '' : holds ? ': holds' : ': DOES NOT HOLD';
  console.log(`  ${what}: ${figure}${goal === '' ? '' : ` (goal ${goal}${verdict})`}`);
}
const atMost = (what: string, value: number, unit: string, most: number, digits = 2): void =>
  tell(what, `${value.toFixed(digits)} ${unit}`, `≤ ${most} ${unit}`, value <= most);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const payloadOf = (features: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Array.from({ length: features }, (_, j) => [`feature_${j}`, Math.sin(j + 1)]));

function settingsOf({ models, features }: Shape, serverPort: number | null, everySeconds: number): object {
  return {
    models: Array.from({ length: models }, (_, i) => ({
      id: `m${i}`,
      ...(serverPort === null
        ? {}
        : {
            url: `http://127.0.0.1:${serverPort}/models/m${i}`,
            connector: 'rest',
            payloads: [payloadOf(features)],
            schedule: { interval: `${everySeconds}s` },
          }),
    })),
    baseline: { minimum_samples: SAMPLES },
    api_keys: [{ name: 'bench', scopes: ['read', 'ingest'], key: KEY }],
    logging: { level: 'error' },
  };
}

interface Started {
  readonly service: ServiceProcess;
  readonly pid: number;
  readonly readySeconds: number;
  readonly readyCpuSeconds: number;
}

async function started(directory: string, settings: object): Promise<Started> {
  const options = process.env.MLFI_BENCH_NODE_OPTIONS?.split(' ') ?? [];
  const fromMs = performance.now();
  const service = startServiceProcess(directory, await freePort(), settings, options, true);
  await service.ready(READY_WITHIN_MS);
  const pid = service.child.pid ?? 0;
  return { service, pid, readySeconds: (performance.now() - fromMs) / 1_000, readyCpuSeconds: cpuSeconds(pid) };
}

async function ended({ service }: Started): Promise<void> {
  service.child.kill();
  await service.exited;
}

const textOf = async (address: string, path: string): Promise<string> => {
  const answer = await fetch(`${address}${path}`, { headers: { ...HEADERS, 'accept-encoding': 'identity' } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 500)}`);
  return text;
};

const sumOf = (exposition: string, series: RegExp): number =>
  [...exposition.matchAll(series)].reduce((sum, [, value]) => sum + Number(value), 0);

/** Until every model has its baseline. @throws Error when some have none */
async function taught({ service }: Started, models: number): Promise<void> {
  const untilMs = performance.now() + TAUGHT_WITHIN_MS;
  for (;;) {
    const ready = sumOf(
      await textOf(service.address, '/metrics/models'),
      /^mlfi_baseline_state\{[^}]*state="ready"\} (\d)$/gm,
    );
    if (ready >= models) return;
    if (performance.now() > untilMs) throw new Error(`only ${ready} of ${models} models have a baseline`);
    await setTimeout(5_000);
  }
}

interface Cost {
  /** CPU milliseconds of the request, less what the service does meanwhile anyway. */
  readonly cpuMs: number;
  readonly bytes: number;
  /** Longest time in which the event loop served nobody. */
  readonly stopMs: number;
  readonly text: string;
}

/** @param idleShare CPU seconds a second of the service without the request */
async function costOf({ service, pid }: Started, path: string, idleShare: number): Promise<Cost> {
  // The longest delay is told since it was last asked.
  const longestMs = async (): Promise<number> =>
    1_000 * sumOf(await textOf(service.address, '/metrics'), /^nodejs_eventloop_lag_max_seconds (\S+)$/gm);
  await longestMs();
  const [fromSeconds, fromMs] = [cpuSeconds(pid), performance.now()];
  const text = await textOf(service.address, path);
  const tookMs = performance.now() - fromMs;
  const cpuMs = 1_000 * (cpuSeconds(pid) - fromSeconds) - idleShare * tookMs;
  return { cpuMs, bytes: text.length, stopMs: await longestMs(), text };
}

async function costsOf(running: Started, path: string, idleShare: number, everyMs = 1_000): Promise<readonly Cost[]> {
  const costs: Cost[] = [];
  // The first pays for what the others find.
  for (let k = 0; k <= SCRAPES; k += 1) {
    const cost = await costOf(running, path, idleShare);
    if (k > 0) costs.push(cost);
    await setTimeout(everyMs);
  }
  return costs;
}

const seriesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '' && line[0] !== '#');

function tellScrape(costs: readonly Cost[]): void {
  const series = seriesOf(costs.at(-1)?.text ?? '');
  const before = new Set(seriesOf(costs.at(-2)?.text ?? ''));
  const changed = series.filter((line) => !before.has(line)).length;
  const cpuMs = median(costs.map((cost) => cost.cpuMs));
  tell('scrape', `${series.length} series, ${changed} of them changed since the one before`, '', null);
  atMost('scrape, CPU', cpuMs, 'ms', (100 * series.length) / 100_000, 0);
  atMost('scrape, CPU of 100,000 series', (cpuMs * 100_000) / series.length, 'ms', 100, 0);
  atMost('scrape, longest stop of the loop', median(costs.map((cost) => cost.stopMs)), 'ms', 20, 0);
}

/** Bytes of complete windows and of everything else, a model. */
function stored(directory: string, models: number): { readonly dayMb: number; readonly onceKb: number } {
  const database = new DatabaseSync(join(directory, 'mlfi.sqlite'), { readOnly: true });
  const one = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const windowBytes = one(
    `select avg(length(cast(document as blob))) from window_profile where window_start_ms < ${Date.now() - WINDOW_MS}`,
  );
  const onceBytes = ['call_counters', 'drift_monitor', 'baseline', 'model'].reduce(
    (sum, table) => sum + one(`select sum(length(cast(document as blob))) from ${table}`) / models,
    0,
  );
  database.close();
  return { dayMb: (windowBytes * WINDOWS_PER_DAY) / 1e6, onceKb: onceBytes / 1e3 };
}

/** Memory of a service that watches nothing. */
async function emptyBytes(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-bench-'));
  const running = await started(directory, { logging: { level: 'error' } });
  try {
    await setTimeout(5_000);
    return residentBytes(running.pid);
  } finally {
    await ended(running);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** CPU of models that nobody asks and that log nothing. */
async function measureUnasked(shape: Shape): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-bench-'));
  const running = await started(directory, settingsOf(shape, null, CYCLE_SECONDS));
  try {
    await setTimeout(10_000);
    const [from, written] = [cpuSeconds(running.pid), writtenBytes(running.pid)];
    await setTimeout(30_000);
    atMost('without probes and traffic', (cpuSeconds(running.pid) - from) / 0.3, '% of a core', 1);
    atMost('without probes and traffic, written', (writtenBytes(running.pid) - written) / 30e3, 'kB/s', 1);
  } finally {
    await ended(running);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureRunning(shape: Shape, running: Started, server: number, base: number): Promise<void> {
  const { models, features, goals } = shape;
  const { pid, service } = running;
  atMost('start to ready', running.readySeconds, 's', 10, 1);
  tell('start to ready, CPU', `${running.readyCpuSeconds.toFixed(1)} s`, '', null);
  await setTimeout(SETTLED_AFTER_MS);
  const probes = async (): Promise<number> =>
    sumOf(await textOf(service.address, '/metrics/models'), /^mlfi_model_probes_total\{[^}]*\} (\d+)$/gm);
  const probedBefore = await probes();
  const [cpuFrom, writtenFrom] = [cpuSeconds(pid), writtenBytes(pid)];
  await setTimeout(IDLE_MS);
  const [cpu, written] = [cpuSeconds(pid) - cpuFrom, writtenBytes(pid) - writtenFrom];
  const calls = (await probes()) - probedBefore;
  const perCall = cpu / calls;
  const callsPerSecond = calls / (IDLE_MS / 1_000);
  const bare = await bareLoopSeconds(
    server,
    models,
    callsPerSecond,
    isShort ? 20 : 30,
    JSON.stringify(payloadOf(features)),
  );
  tell('idle, CPU a call', `${(1e6 * perCall).toFixed(0)} µs; bare loop ${(1e6 * bare).toFixed(0)} µs`, '', null);
  atMost('idle, CPU against the bare loop', perCall / bare, '×', 1.5);
  tell(
    'idle',
    `${((100 * cpu * 1_000) / IDLE_MS).toFixed(0)} % of a core at ${callsPerSecond.toFixed(0)} calls/s`,
    '',
    null,
  );
  atMost('written', written / IDLE_MS, 'kB/s', (200 * models) / 1_000, 0);
  atMost('memory a model', (residentBytes(pid) - base) / models / 1e6, 'MB', goals.memoryMb);
  const idleShare = (cpu * 1_000) / IDLE_MS;
  tellScrape(await costsOf(running, '/metrics/models', idleShare, SCRAPED_EVERY_MS));
  for (const path of LISTS) {
    const lists = await costsOf(running, path, idleShare);
    const [cpuMs, stopMs] = [median(lists.map((list) => list.cpuMs)), median(lists.map((list) => list.stopMs))];
    const megabytes = (lists.at(-1)?.bytes ?? 0) / 1e6;
    tell(
      `GET ${path}`,
      `${cpuMs.toFixed(0)} ms of CPU, ${megabytes.toFixed(2)} MB, longest stop ${stopMs.toFixed(0)} ms`,
      '',
      null,
    );
  }
}

async function measure(shape: Shape): Promise<void> {
  console.log(
    `${shape.name}${isShort ? ` (short: ${shape.models})` : ''}, ${CALLS_PER_CYCLE} calls in ${CYCLE_SECONDS} s`,
  );
  const base = await emptyBytes();
  await measureUnasked(shape);
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-bench-'));
  const port = await freePort();
  const server: Peer = await startModelServer(port);
  try {
    const teaching = await started(directory, settingsOf(shape, port, TAUGHT_EVERY_SECONDS));
    tell(
      'first start to ready',
      `${teaching.readySeconds.toFixed(1)} s, ${teaching.readyCpuSeconds.toFixed(1)} s of CPU`,
      '',
      null,
    );
    await taught(teaching, shape.models).finally(() => ended(teaching));
    const running = await started(directory, settingsOf(shape, port, CYCLE_SECONDS));
    await measureRunning(shape, running, port, base).finally(() => ended(running));
    const { dayMb, onceKb } = stored(directory, shape.models);
    atMost('stored a model and day', dayMb, 'MB', shape.goals.storedMb);
    tell('stored a model once', `${onceKb.toFixed(0)} kB`, '', null);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2).find((word) => !word.startsWith('--'));
for (const shape of SHAPES) if (wanted === undefined || shape.name.includes(wanted)) await measure(shape);
