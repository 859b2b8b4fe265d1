import { mkdirSync } from 'node:fs';
import type { Application } from '../src/application/index.js';
import { modelId } from '../src/domain/identifiers.js';
import { percent } from '../src/domain/quantity-text.js';
import { startApplication } from './application.js';
import { HEALTHY_CALLS_BEFORE_DECAY, WORKING_CALLS } from './configuration.js';
import { createVerdictBoard, EXPECTATIONS, type VerdictBoard } from './expectations.js';
import { startExporter, type DemoOptions, type DemoPorts, type StartedExporter } from './exporter.js';
import { liveHeader, liveLine, wrapped } from './render.js';
import type { Screen } from './screen.js';
import { startDemoModels, type DemoModels } from './server.js';
import { STORY_MODEL } from './stage.js';
import { tellStory } from './story.js';
import { createTeller } from './teller.js';

const POLL_EVERY_MS = 500;
const CLEAN_ROWS_BEFORE_FAULT = 60;
const MIN_EVALUATED_SAMPLES = 60;
/** A busy machine lets a request time out now and then; traffic that fails for so long has stopped. */
const STOPPED_AFTER_MS = 60_000;

/** Starts sample models, exporter and traffic; tells the story, or with `once` what is found of all models. @returns the exit code */
export async function runDemo(options: DemoOptions, ports: DemoPorts): Promise<number> {
  const { screen, clock } = ports;
  mkdirSync(options.dataDirectory, { recursive: true });
  screen.print(['Training a classifier on UCI Adult: a few seconds …']);
  const models = await startDemoModels({
    port: 0,
    clock,
    random: ports.random,
    decay: { afterCalls: HEALTHY_CALLS_BEFORE_DECAY, perCall: 0.004 },
    workingCalls: WORKING_CALLS,
  });
  try {
    if (options.once) screen.print([trainingLine(models)]);
    const started = await startExporter(options, ports, models, options.once ? models.names : [STORY_MODEL]);
    if (started === null) return 1;
    try {
      if (!options.once) return await tellStory(options, ports, models, started);
      screen.print(runningLines(started));
      return await watch(options, ports, models, started);
    } finally {
      await started.service.close();
    }
  } finally {
    await models.close();
  }
}

const runningLines = ({ service, apiKey, personToken, configurationFile }: StartedExporter): readonly string[] => [
  '',
  `mlfi is running.`,
  `  data           ${service.storeLocation}`,
  `  configuration  ${configurationFile}`,
  `  address        ${service.address}`,
  `  API key        ${apiKey}`,
  `  to decide      ${personToken}  (you; an API key may propose, but it never votes)`,
  '  stops          when every model has its verdict',
];

function trainingLine({ tabular, port }: DemoModels): string {
  return (
    `  ${EXPECTATIONS.length} models at http://127.0.0.1:${port}; the tabular one is right on ${percent(tabular.accuracy)} of ` +
    `${tabular.heldOut.length} held-out rows (always guessing the commoner class: ${percent(tabular.majorityAccuracy)})`
  );
}

/** Watches until stopped, until every verdict is reached, or until something breaks. */
async function watch(
  options: DemoOptions,
  ports: DemoPorts,
  models: DemoModels,
  { service, apiKey }: StartedExporter,
): Promise<number> {
  const { clock, screen } = ports;
  const board = createVerdictBoard(EXPECTATIONS, MIN_EVALUATED_SAMPLES);
  const teller = createTeller(options, service);
  const breaker = createBreaker(models, service.application, screen, options.width);
  const application = startApplication(ports, models, { address: service.address, apiKey });
  const startedAtMs = clock.now();
  let outcome: number | null = null;
  let failingSinceMs: number | null = null;
  while (outcome === null && !ports.stop.aborted) {
    const statuses = service.application.models.statuses();
    board.update(statuses);
    breaker();
    const news = await teller.news(clock.now());
    if (news.length > 0) screen.print(news);
    const live = models.names.flatMap((name) => {
      const status = statuses.find(({ model }) => model.id === name);
      return status === undefined ? [] : [liveLine(status, board.of(name), options.width)];
    });
    screen.show(liveHeader(options.width), live, clock.now());
    const elapsedMs = clock.now() - startedAtMs;
    const failure = application.failure();
    failingSinceMs = failure === null ? null : (failingSinceMs ?? clock.now());
    const hasStopped = failingSinceMs !== null && clock.now() - failingSinceMs >= STOPPED_AFTER_MS;
    const isOver = elapsedMs >= options.onceTimeoutMs || board.isHopeless(statuses, options.onceSamples);
    outcome = outcomeOf(
      board,
      { isWaiting: teller.isWaiting(), isOver, elapsedMs },
      hasStopped ? failure : null,
      screen,
    );
    if (outcome === null) await clock.sleep(POLL_EVERY_MS, ports.stop);
  }
  await application.stop();
  return outcome ?? 0;
}

function outcomeOf(
  board: VerdictBoard,
  {
    isWaiting,
    isOver,
    elapsedMs,
  }: { readonly isWaiting: boolean; readonly isOver: boolean; readonly elapsedMs: number },
  trafficFailure: string | null,
  screen: Screen,
): number | null {
  if (trafficFailure !== null) {
    screen.print(['', `The traffic of the tabular model stopped: ${trafficFailure}`]);
    return 1;
  }
  const seconds = (elapsedMs / 1_000).toFixed(0);
  if (board.complete && (!isWaiting || isOver)) {
    screen.print(['', `Every sample model has its expected verdict, after ${seconds} s of watching.`]);
    return 0;
  }
  if (!isOver) return null;
  screen.print(['', `After ${seconds} s these models have not reached their expected verdict:`]);
  screen.print(board.missing().map((line) => `  ${line}`));
  return 1;
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
