/** The demo's story: a real model is broken, mlfi finds out, a person approves the repair, and it is checked that it helped. */
import type { DecisionRecord } from '../src/domain/decision-record.js';
import type { IncidentRow } from '../src/domain/incident.js';
import type { ModelStatus } from '../src/domain/model-status.js';
import type { LearningState } from '../src/domain/profile.js';
import { counted, percent } from '../src/domain/quantity-text.js';
import { durationText, timeText } from '../src/domain/time-text.js';
import { LABEL_DELAY_MS, ROWS_PER_BATCH, startApplication, TRAFFIC_EVERY_MS } from './application.js';
import { askForDecision, type Decided } from './approval.js';
import { bar, histogramLines, told } from './chapters.js';
import type { DemoOptions, DemoPorts, StartedExporter } from './exporter.js';
import { menu } from './menu.js';
import { stageOf, type Stage } from './stage.js';
import { wrapped } from './render.js';
import type { DemoModels } from './server.js';

const CLEAN_ROWS_BEFORE_FAULT = 60;
/** Other things may have changed on this machine meanwhile, which hold the incident open. */
const CLOSED_WITHIN_MS = 60_000;
/** What was done to the values is told when it is read off by then: that takes more rows than the cause. */
const MEASURED_WITHIN_MS = 15_000;
const FAULT = { kind: 'unit_change', feature: 'hours-per-week', factor: 100 } as const;

/** Tells the story, then offers other faults where somebody can type. @returns the exit code */
export async function tellStory(
  options: DemoOptions,
  ports: DemoPorts,
  models: DemoModels,
  started: StartedExporter,
): Promise<number> {
  const application = startApplication(ports, models, { address: started.service.address, apiKey: started.apiKey });
  const stage = stageOf(options, ports, models, started, application);
  try {
    const code = await chapters(stage);
    if (ports.keyboard !== null) await menu(stage, ports.keyboard);
    return code;
  } catch (error) {
    if (ports.stop.aborted) return 0;
    throw error;
  } finally {
    ports.keyboard?.close();
    await application.stop();
  }
}

async function chapters(stage: Stage): Promise<number> {
  const { clock } = stage.ports;
  const beganAtMs = clock.now();
  await learn(stage);
  const brokenAtMs = breakIt(stage);
  const incident = await notice(stage, brokenAtMs);
  const plan = await name(stage, incident);
  const decided = await decide(stage, plan);
  const code = decided.kind === 'approved' ? await repair(stage, decided.record) : 0;
  stage.say(`That took ${durationText(clock.now() - beganAtMs)}.`);
  stage.ports.screen.print(nextSteps(stage.ports.keyboard !== null));
  return code;
}

async function learn({
  models: { tabular },
  options,
  started,
  ports,
  status,
  say,
  chapter,
  until,
}: Stage): Promise<void> {
  chapter('A healthy model');
  say(
    `A random forest, trained just now on UCI Adult, is right on ${percent(tabular.accuracy)} of ${tabular.heldOut.length} rows it has ` +
      `not seen. An application asks it about ${ROWS_PER_BATCH} rows every ${TRAFFIC_EVERY_MS / 1_000} s and logs each prediction at mlfi ` +
      `(${started.service.address}); what was true follows ${LABEL_DELAY_MS / 1_000} s later. mlfi learns what is normal.`,
  );
  const told = { anew: '', most: 0 };
  const baseline = await until(
    () => {
      const anew = status()?.learning?.startedOver?.join(' ') ?? '';
      if (anew !== told.anew) say(`Not yet: ${anew}`);
      told.anew = anew;
      return status()?.baseline ?? null;
    },
    () => {
      const verdict = status()?.learning?.verdict;
      if (verdict?.kind === 'learning') told.most = Math.max(told.most, verdict.samples);
      return learningText(status(), told.most);
    },
  );
  say(`Learnt: a baseline of ${counted(baseline.profile.calls, 'call')}.`);
  const healthy = await until(
    () => {
      const now = status();
      return now !== null && now.incident === null && now.windowSamples >= CLEAN_ROWS_BEFORE_FAULT ? now : null;
    },
    () => `compared with it so far: ${counted(status()?.windowSamples ?? 0, 'call')}`,
  );
  const confidence = healthy.confidenceMean === null ? '' : `, mean confidence ${healthy.confidenceMean.toFixed(2)}`;
  say(
    `Since then: ${counted(healthy.windowSamples, 'call')}, ${percent(healthy.errorShare, 0)} failed${confidence}. No incident.`,
  );
  if (!options.approves && ports.keyboard === null) say('(Nobody can type here: --yes approves the plan.)');
}

/** @param most as many calls as have counted at any time: fewer now means that learning began anew */
export function learningText(
  status: { readonly learning: Pick<LearningState, 'verdict'> | null; readonly totalSamples: number } | null,
  most: number,
): string {
  if (status?.learning?.verdict.kind !== 'learning') return 'waiting for the first calls';
  const { samples, requiredSamples, missing } = status.learning.verdict;
  if (samples >= requiredSamples && missing[0] !== undefined) return `learning: ${missing[0]}`;
  const begun = samples < most ? 'learning began anew: ' : '';
  return `${begun}learnt from ${samples} of at least ${requiredSamples} calls; ${status.totalSamples} seen`;
}

/** @returns when the fault was switched on */
function breakIt({ models, ports: { clock }, say, chapter }: Stage): number {
  chapter('A unit changes');
  models.switches.set(FAULT);
  const atMs = clock.now();
  say(
    `From ${timeText(atMs)} on “${FAULT.feature}” reaches the model multiplied by ${FAULT.factor}, as if a system upstream sent ` +
      'hundredths of an hour. Nobody tells the model or mlfi.',
  );
  return atMs;
}

async function notice(stage: Stage, brokenAtMs: number): Promise<IncidentRow> {
  const { application, ports, status, say, chapter, until } = stage;
  chapter('mlfi notices');
  const incident = await until(
    () => {
      const open = status()?.incident ?? null;
      return open !== null && open.openedAtMs >= brokenAtMs ? open : null;
    },
    () => `evidence of a change ${bar(status()?.evidence.lineShare ?? 0)} of the alert line`,
  );
  const seconds = Math.max(0, (incident.openedAtMs - brokenAtMs) / 1_000).toFixed(0);
  const calls = counted(application.callsUnderFault(), 'call');
  const failed = percent(status()?.errorShare ?? 0, 0);
  say(
    `An incident is open, ${seconds} s after the fault began; ${calls} had it by ${timeText(ports.clock.now())}. ${failed} of the calls failed.`,
  );
  return incident;
}

/** @returns the first pending plan, once the cause is firm */
async function name(stage: Stage, { id }: IncidentRow): Promise<DecisionRecord> {
  const { options, ports, started, status, say, chapter, until } = stage;
  chapter('It names the cause');
  const plan = await until(
    async () => {
      const records = await started.service.application.decisions.records({
        incident: id,
        pendingOnly: true,
        limit: 10,
      });
      return records.find(({ recommendation }) => recommendation.plan !== null) ?? null;
    },
    () => `looking into it; likeliest so far: ${status()?.incident?.diagnosis.causes[0]?.title ?? 'nothing yet'}`,
  );
  const firmAtMs = ports.clock.now();
  const incident = await until(
    async () => {
      const now = status()?.incident ?? (await started.service.application.incidents.get(id));
      const isMeasured = (now.diagnosis.repairs ?? []).some(({ feature }) => feature === now.diagnosis.features[0]);
      return isMeasured || ports.clock.now() - firmAtMs >= MEASURED_WITHIN_MS ? now : null;
    },
    () => 'the cause is firm; reading off what was done to the values',
  );
  const { explanation, diagnosis } = incident;
  const mark = `  ▲ ${incident.severity.toUpperCase()}  `;
  const [first = '', ...more] = wrapped(explanation.headline, options.width - 1, mark);
  ports.screen.print([first, ...more.map((line) => line.replace(mark, '    '))]);
  if (explanation.summary !== undefined) ports.screen.print(['', ...told(explanation.summary, options.width)]);
  ports.screen.print(histogramOf(status(), diagnosis.features[0], options.width));
  const [cause] = diagnosis.causes;
  const isRight = cause?.id === 'unit-change' && cause.features.includes(FAULT.feature);
  ports.screen.print(['']);
  say(isRight ? 'That is what was done to it.' : `Not so: “${FAULT.feature}” was multiplied by ${FAULT.factor}.`);
  return plan;
}

function histogramOf(status: ModelStatus | null, feature: string | undefined, width: number): readonly string[] {
  const before = status?.baseline?.profile.signals.get(`feature:${feature ?? ''}`);
  const now = status?.window.signals.get(`feature:${feature ?? ''}`);
  if (feature === undefined || before?.kind !== 'numeric' || now?.kind !== 'numeric') return [];
  return histogramLines(feature, before, now, width);
}

async function decide(stage: Stage, plan: DecisionRecord): Promise<Decided> {
  stage.chapter('A plan, and a person');
  const decided = await askForDecision(stage, plan);
  if (decided.kind === 'rejected') stage.say('Rejected: nothing is done, and the fault stays.');
  if (decided.kind === 'gone') stage.say(`The plan is ${decided.state}: nothing is done about it.`);
  return decided;
}

async function repair(
  stage: Stage,
  { recommendation: { id, incidentId, action, cause } }: DecisionRecord,
): Promise<number> {
  const { models, started, status, say, chapter, until } = stage;
  const { clock } = stage.ports;
  const { decisions, history } = started.service.application;
  chapter('The repair');
  const execution = await until(
    async () => {
      const { execution } = await decisions.record(id);
      return execution === null || execution.finishedAtMs === null ? null : execution;
    },
    () => 'being carried out',
  );
  const fault = models.switches.get().kind;
  say(
    `The ${execution.executor} ${execution.state === 'succeeded' ? 'was taken' : execution.state}: ${execution.detail}. The pipeline ${fault === 'none' ? 'multiplies no more' : `still has its fault (${fault})`}.`,
  );
  if (execution.state !== 'succeeded') return 1;
  chapter('Did it help?');
  const verification = await until(
    async () => (await decisions.record(id)).verification,
    () =>
      `${counted(status()?.findings.filter(({ kind }) => kind !== 'note').length ?? 0, 'finding')} left; it is judged by the rows since the repair`,
  );
  say(`${verification.outcome.replace('_', ' ')}: ${verification.detail}`);
  if (verification.outcome !== 'recovered') return 1;
  chapter('Remembered');
  const waitsSinceMs = clock.now();
  const end = await until(
    async () => {
      const lesson = (await history.lessons(10)).find((one) => one.incidentId === incidentId);
      const isOver = clock.now() - waitsSinceMs >= CLOSED_WITHIN_MS;
      if (lesson === undefined) return isOver ? 'open' : null;
      // What is learnt from a lesson is counted a moment after it is stored.
      const record = history.summary().actions.find((one) => one.cause === cause && one.action === action);
      return record !== undefined || isOver ? { lesson, record } : null;
    },
    () => 'the incident closes once the model has been normal for a while',
  );
  if (end === 'open') {
    const headline = status()?.incident?.explanation.headline ?? '';
    say(`The incident is still open; what helped is remembered once it closes. What it says by now: ${headline}`);
    return 0;
  }
  const { lesson, record } = end;
  say(
    `The incident closed at ${timeText(lesson.closedAtMs)}. ` +
      (record === undefined
        ? ''
        : `Against ${cause}, ${action} has helped in ${record.helped} of ${counted(record.tried, 'case')}: by that the next plans are ranked.`),
  );
  return 0;
}

/** Where somebody can type, `init` asks for the address. */
const nextSteps = (canType: boolean): readonly string[] => [
  '',
  '  Your own model:',
  `    node exporter/dist/src/main.js init${canType ? '' : ' --url http://127.0.0.1:8000/predict'}`,
  '    node exporter/dist/src/main.js serve --config mlfi.yml',
  '  All eight sample models at once:',
  '    npm run demo -- --once',
];
