import { percent } from '../src/domain/quantity-text.js';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../src/config/config.js';
import { loadConfig } from '../src/config/load.js';
import { describeProblem } from '../src/config/problem.js';
import type { Application } from '../src/application/index.js';
import { modelId } from '../src/domain/identifiers.js';
import type { IncidentRow } from '../src/domain/incident.js';
import type { Clock, Random } from '../src/domain/ports.js';
import { demoConfiguration, HEALTHY_CALLS_BEFORE_DECAY } from './configuration.js';
import { createVerdictBoard, EXPECTATIONS, type VerdictBoard } from './expectations.js';
import { incidentBlock, LIVE_HEADER, liveLine, wrapped } from './render.js';
import type { Screen } from './screen.js';
import { startDemoModels, type DemoModels } from './server.js';
import { createTraffic } from './traffic.js';
import { askOverHttp, sendOverHttp } from './traffic-over-http.js';

/** What the demo needs of the running exporter. */
export interface DemoService {
  readonly application: Application;
  readonly storeLocation: string;
  readonly address: string;
  /** The key made at the very first start; null on a data directory that has one. */
  readonly firstKey: string | null;
  close(): Promise<void>;
}

export interface DemoOptions {
  readonly dataDirectory: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Stop when every verdict is reached, or when `onceTimeoutMs` have passed. */
  readonly once: boolean;
  readonly onceTimeoutMs: number;
  readonly width: number;
}

export interface DemoPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly screen: Screen;
  readonly startService: (config: Config, options: { readonly configurationFile: string }) => Promise<DemoService>;
  /** Aborts when the person wants to stop. */
  readonly stop: AbortSignal;
}

const POLL_EVERY_MS = 500;
const TRAFFIC_EVERY_MS = 400;
const ROWS_PER_BATCH = 12;
const LABEL_DELAY_MS = 5_000;
const CLEAN_ROWS_BEFORE_FAULT = 60;
/** An incident whose cause is still not firm is told as what it is by then. */
const FIRM_WITHIN_MS = 60_000;
const MIN_EVALUATED_SAMPLES = 60;
const KEY_FILE = 'demo-api-key';
const PERSON_FILE = 'demo-person-token';

/** Starts sample models, exporter and traffic, and tells what is found until it is stopped. @returns the exit code */
export async function runDemo(options: DemoOptions, ports: DemoPorts): Promise<number> {
  const { screen, clock } = ports;
  mkdirSync(options.dataDirectory, { recursive: true });
  screen.print(['Starting the sample models (training a classifier on UCI Adult takes a few seconds) …']);
  const models = await startDemoModels({
    port: 0,
    clock,
    random: ports.random,
    decay: { afterCalls: HEALTHY_CALLS_BEFORE_DECAY, perCall: 0.004 },
  });
  screen.print([trainingLine(models)]);
  try {
    const started = await startExporter(options, ports, models);
    if (started === null) return 1;
    const { service, apiKey } = started;
    try {
      return await watch(options, ports, models, service, apiKey);
    } finally {
      await service.close();
    }
  } finally {
    await models.close();
  }
}

function trainingLine({ tabular, port }: DemoModels): string {
  return (
    `  ${EXPECTATIONS.length} models at http://127.0.0.1:${port}; the tabular one is right on ${percent(tabular.accuracy)} of ` +
    `${tabular.heldOut.length} held-out rows (always guessing the commoner class: ${percent(tabular.majorityAccuracy)})`
  );
}

async function startExporter(
  options: DemoOptions,
  { screen, startService }: DemoPorts,
  models: DemoModels,
): Promise<{ readonly service: DemoService; readonly apiKey: string } | null> {
  const configurationFile = join(options.dataDirectory, 'mlfi.yml');
  const watched = models.names.map((id) => ({ id, url: models.urlOf(id) }));
  const personToken = tokenOfPerson(join(options.dataDirectory, PERSON_FILE));
  const { dataDirectory, port } = options;
  const text = demoConfiguration({ dataDirectory, port, personToken, models: watched });
  writeFileSync(configurationFile, text, { mode: 0o600 });
  const loaded = loadConfig(configurationFile, {});
  if (loaded.kind === 'refused') {
    screen.print(loaded.problems.map(describeProblem));
    return null;
  }
  const service = await startService(loaded.config, { configurationFile });
  const keyFile = join(options.dataDirectory, KEY_FILE);
  if (service.firstKey !== null) writeFileSync(keyFile, service.firstKey, { mode: 0o600 });
  if (!existsSync(keyFile)) {
    screen.print([
      `${options.dataDirectory} has no ${KEY_FILE}: it was not made by the demo. Choose another --data folder.`,
    ]);
    await service.close();
    return null;
  }
  const apiKey = readFileSync(keyFile, 'utf8').trim();
  screen.print([
    '',
    `mlfi is running.`,
    `  data           ${service.storeLocation}`,
    `  configuration  ${configurationFile}`,
    `  address        ${service.address}`,
    `  API key        ${apiKey}`,
    `  to decide      ${personToken}  (you; an API key may propose, but it never votes)`,
    ...(options.once
      ? ['  stops          when every model has its verdict']
      : [
          `  break it       curl -d '"null_flood"' http://127.0.0.1:${models.port}/tabular/switch`,
          `  next           curl -H "Authorization: Bearer ${apiKey}" ${service.address}/api/v1/incidents`,
          '  stop           Ctrl-C',
        ]),
  ]);
  return { service, apiKey };
}

/** The token of the demo's one person: made at the first start, the same at every other. */
function tokenOfPerson(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** Watches until stopped, until every verdict is reached (with `once`), or until something breaks. */
async function watch(
  options: DemoOptions,
  ports: DemoPorts,
  models: DemoModels,
  service: DemoService,
  apiKey: string,
): Promise<number> {
  const { clock, screen } = ports;
  const ending = new AbortController();
  const board = createVerdictBoard(EXPECTATIONS, MIN_EVALUATED_SAMPLES);
  const teller = createTeller(options, service);
  const breaker = createBreaker(models, service.application, screen, options.width);
  const traffic = createTraffic({
    rows: models.tabular.heldOut,
    ask: (features) => askOverHttp(models.urlOf('tabular'), features),
    send: (lines) => sendOverHttp(service.address, 'tabular', apiKey, lines),
    fault: () => models.switches.get(),
    clock,
    random: ports.random,
    rowsPerBatch: ROWS_PER_BATCH,
    labelDelayMs: LABEL_DELAY_MS,
  });
  const stopping = AbortSignal.any([ports.stop, ending.signal]);
  const trafficEnded = traffic.run(TRAFFIC_EVERY_MS, stopping).then(
    () => null,
    (error: unknown) => (stopping.aborted ? null : error instanceof Error ? error.message : String(error)),
  );
  let trafficFailure: string | null = null;
  void trafficEnded.then((failure) => {
    trafficFailure = failure;
  });

  const startedAtMs = clock.now();
  let outcome: number | null = null;
  while (outcome === null && !ports.stop.aborted) {
    const statuses = service.application.models.statuses();
    board.update(statuses);
    breaker();
    const news = await teller.news(clock.now());
    if (news.length > 0) screen.print(news);
    const live = models.names.flatMap((name) => {
      const status = statuses.find(({ model }) => model.id === name);
      return status === undefined ? [] : [liveLine(status, board.of(name))];
    });
    screen.show(LIVE_HEADER, live, clock.now());
    outcome = outcomeOf(options, board, teller.isWaiting(), trafficFailure, clock.now() - startedAtMs, screen);
    if (outcome === null) await clock.sleep(POLL_EVERY_MS, ports.stop);
  }
  ending.abort();
  await trafficEnded;
  return outcome ?? 0;
}

function outcomeOf(
  options: DemoOptions,
  board: VerdictBoard,
  isWaiting: boolean,
  trafficFailure: string | null,
  elapsedMs: number,
  screen: Screen,
): number | null {
  if (trafficFailure !== null) {
    screen.print(['', `The traffic of the tabular model stopped: ${trafficFailure}`]);
    return 1;
  }
  if (!options.once) return null;
  const seconds = (elapsedMs / 1_000).toFixed(0);
  const isOver = elapsedMs >= options.onceTimeoutMs;
  if (board.complete && (!isWaiting || isOver)) {
    screen.print(['', `Every sample model has its expected verdict, after ${seconds} s of watching.`]);
    return 0;
  }
  if (!isOver) return null;
  screen.print(['', `After ${seconds} s these models have not reached their expected verdict:`]);
  screen.print(board.missing().map((line) => `  ${line}`));
  return 1;
}

/** Where more is: the API, or, when it stops by itself, a command that reads what it leaves behind. */
const moreAbout = (
  { once, dataDirectory }: DemoOptions,
  { address }: DemoService,
  { id }: Pick<IncidentRow, 'id'>,
): string =>
  once
    ? `node exporter/dist/src/main.js report ${id} --config ${join(dataDirectory, 'mlfi.yml')}`
    : `${address}/api/v1/incidents/${id}`;

interface Teller {
  /** What is new: every incident once per cause, when that is firm, with its recommendations. */
  news(nowMs: number): Promise<readonly string[]>;
  /** Whether an incident is open that was not told yet. */
  isWaiting(): boolean;
}

function createTeller(options: DemoOptions, service: DemoService): Teller {
  const { width } = options;
  const seenAtMs = new Map<string, number>();
  const printed = new Set<string>();
  const storyOf = (incident: IncidentRow): string => `${incident.id} ${incident.diagnosis.causes[0]?.id ?? ''}`;
  const open = (): readonly IncidentRow[] =>
    service.application.models.statuses().flatMap(({ incident }) => (incident === null ? [] : [incident]));
  const untold = (): readonly IncidentRow[] => open().filter((incident) => !printed.has(storyOf(incident)));
  return {
    isWaiting: () => untold().length > 0,
    async news(nowMs) {
      const lines: string[] = [];
      for (const incident of untold()) {
        const story = storyOf(incident);
        const firstSeenAtMs = seenAtMs.get(story) ?? nowMs;
        seenAtMs.set(story, firstSeenAtMs);
        const records = await service.application.decisions.records({
          incident: incident.id,
          pendingOnly: true,
          limit: 10,
        });
        // Proposals are made once the cause is firm.
        if (records.length === 0 && nowMs - firstSeenAtMs < FIRM_WITHIN_MS) continue;
        // As it is told now: it may have become firm while its proposals were read.
        const told = open().find((one) => storyOf(one) === story);
        if (told === undefined) continue;
        printed.add(story);
        const recommendations = records.map(({ recommendation }) => recommendation);
        lines.push(...incidentBlock(told, recommendations, moreAbout(options, service, told), width));
      }
      return lines;
    },
  };
}

/** Switches the unit change on, once the tabular model has learnt its baseline and healthy traffic was evaluated for a while. */
function createBreaker(models: DemoModels, application: Application, screen: Screen, width: number): () => void {
  let broken = false;
  return () => {
    if (broken) return;
    const status = application.models.statuses().find(({ model }) => model.id === modelId('tabular'));
    if (status === undefined || status.baseline === null || status.windowSamples < CLEAN_ROWS_BEFORE_FAULT) return;
    broken = true;
    models.switches.set({ kind: 'unit_change', feature: 'hours-per-week', factor: 100 });
    const text =
      'tabular has learnt what normal traffic looks like. From now on its feature “hours-per-week” arrives in hundredths of ' +
      'an hour (multiplied by 100), as if a system upstream had changed the unit.';
    screen.print([
      '',
      ...wrapped(text, width, '⚡ ').map((line, index) => (index === 0 ? line : line.replace('⚡', ' '))),
    ]);
  };
}
