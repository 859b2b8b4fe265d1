import { confirmAdmission, type LearningConditions } from '../baseline/admission.js';
import {
  admit,
  learn,
  learnGiven,
  startLearning,
  storable,
  storableUnjudged,
  takenUp,
  wouldTurn,
} from '../baseline/learning.js';
import { growForestBaseline, growWindowForest, strangeShare } from '../detection/forest-baseline.js';
import type { DriftMonitor } from '../detection/sequential/drift-monitor.js';
import type { ForestBaseline, WindowForest } from '../domain/isolation-forest.js';
import type { Observation } from '../domain/observation.js';
import type { Random } from '../domain/ports.js';
import type { BaselineProfile, GoldenBaseline, LearningState, WindowProfile } from '../domain/profile.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import { emptyWindow, mergeWindows, type CallCounts } from '../statistics/window-profile.js';
import type { MatchedLabel } from './label-joiner.js';
import { RowBuffer } from './row-buffer.js';
import { withCounted } from './countable.js';
import { splitLabels } from './unjudged-labels.js';

/** A model is either learning what is normal or compared with what it learnt: learning → admitted → (re-learnt) learning. */
export type BaselinePhase = LearningPhase | AdmittedPhase;

export interface LearningPhase {
  readonly kind: 'learning';
  readonly learning: LearningState;
}

export interface AdmittedPhase {
  readonly kind: 'admitted';
  readonly baseline: BaselineProfile;
  /** As it may be stored: rare categories are folded away. */
  readonly stored: BaselineProfile;
  /** Null after a restart: forests are grown on rows, and rows are never stored. */
  readonly forest: ForestBaseline | null;
  readonly windowForest: WindowForest | null;
  /** The rows the baseline was learnt from, as far as they are in memory. */
  readonly rows: RowBuffer;
}

/** What is in memory of an admitted baseline and never stored. */
export type BaselineMemory = Pick<AdmittedPhase, 'forest' | 'windowForest' | 'rows'> & { readonly version: number };

/**
 * Where a model was left: learning of a later version supersedes the stored baseline, also once its counts would admit it; an
 * admitted version leaves an empty one behind.
 * @param memory what another holder of the model had in memory of the same baseline
 */
export function restoredPhase(
  baseline: BaselineProfile | null,
  learning: LearningState | null,
  requirements: BaselineRequirements,
  memory: BaselineMemory | null,
): BaselinePhase {
  const isSuperseded =
    learning !== null &&
    (learning.verdict.kind !== 'admitted' ||
      (learning.profile.calls > 0 && learning.nextVersion > (baseline?.version ?? 0)));
  if (baseline === null || isSuperseded)
    return {
      kind: 'learning',
      learning: learning === null ? startLearning(1, requirements) : takenUp(learning, requirements),
    };
  const known = { kind: 'admitted', baseline, stored: storable(baseline) } as const;
  if (memory?.version !== baseline.version)
    return { ...known, forest: null, windowForest: null, rows: new RowBuffer(Infinity) };
  const { forest, windowForest, rows } = memory;
  return { ...known, forest, windowForest, rows };
}

/** Learning of the next version, from nothing. @param learntFromMs what arrived before is of the one that somebody put an end to */
export function relearnt(
  phase: BaselinePhase,
  requirements: BaselineRequirements,
  learntFromMs?: number,
): LearningPhase {
  const version = phase.kind === 'admitted' ? phase.baseline.version + 1 : phase.learning.nextVersion;
  return { kind: 'learning', learning: startLearning(version, requirements, learntFromMs) };
}

export const baselineIn = (phase: BaselinePhase): BaselineProfile | null =>
  phase.kind === 'admitted' ? phase.baseline : null;

export const learningIn = (phase: BaselinePhase): LearningState | null =>
  phase.kind === 'learning' ? phase.learning : null;

/** The counts whose grids and kinds of signal new windows take over. */
export const gridsOf = (phase: BaselinePhase): WindowProfile =>
  phase.kind === 'admitted' ? phase.baseline.profile : phase.learning.profile;

const labelsIn = ({ labels }: WindowProfile): number => labels.labelled + Object.keys(labels.losses).length;

/** Labels of answers that came while a baseline was learnt, and of others. */
export interface LateLabels {
  /** The baseline with its labels, and those of rows that were lost meanwhile; null when there is none. */
  readonly baseline: BaselineProfile | null;
  readonly others: readonly MatchedLabel[];
}

/**
 * Labels go where their answers went, however late they come: those of answers that were learnt to the baseline. An answer that
 * came after it was admitted is in a window, also where it has a time of the learning period. One that came before learning began
 * and has a time of what was counted since is compared with nothing, and neither is its label.
 */
export function labelledBaseline(phase: AdmittedPhase, judged: readonly MatchedLabel[]): LateLabels {
  const { baseline } = phase;
  const { fromMs, toMs } = baseline.profile;
  const { learntFromMs = -Infinity, learntUntilMs = Infinity } = baseline;
  const isOfBaseline = ({ predictedAtMs, answeredAtMs }: MatchedLabel): boolean =>
    predictedAtMs >= fromMs && predictedAtMs <= toMs && (answeredAtMs ?? -Infinity) <= learntUntilMs;
  const { unjudged, others: all } = splitLabels(baseline.unjudged, judged);
  const others = all.filter((each) => each.predictedAtMs < fromMs || !cameBefore(each, learntFromMs));
  const own = others.filter(isOfBaseline);
  if (own.length === 0 && all.length === judged.length) return { baseline: null, others };
  const { labels } = withCounted(
    baseline.profile,
    { ...emptyWindow(), labels: baseline.profile.labels },
    { rows: [], labels: own },
  );
  return {
    baseline: {
      ...baseline,
      profile: { ...baseline.profile, labels },
      ...(unjudged === undefined ? {} : { unjudged }),
    },
    others: others.filter((each) => !isOfBaseline(each)),
  };
}

const cameBefore = ({ answeredAtMs }: MatchedLabel, learntFromMs: number): boolean =>
  answeredAtMs !== null && answeredAtMs < learntFromMs;

/** A baseline as it may be stored, with the labels that have come. */
export const withLabelsOf = (
  { profile: { labels }, unjudged }: BaselineProfile,
  stored: BaselineProfile,
): BaselineProfile => ({
  ...stored,
  profile: { ...stored.profile, labels },
  ...storableUnjudged({ unjudged }),
});

/** Late labels of a learning period. */
export interface LabelsOfLearning {
  /** Of answers that it counts. */
  readonly own: readonly MatchedLabel[];
  /** Of answers that it has not come to yet; those of earlier ones, which it does not learn from, are in neither. */
  readonly early: readonly MatchedLabel[];
  /** The period with labels of rows that were lost before they were judged. */
  readonly phase: LearningPhase;
}

/**
 * Which labels a learning period may count: none before its answer, for that may yet fall to a window that is compared with
 * the baseline, and until a quantity has been counted there is no grid for the error of another.
 * @param uncounted what has been counted and not learnt from yet
 * @param waitingFromMs time of the oldest row that waits to be counted: after a restart it may be older than all that was learnt
 */
export function labelsOfLearning(
  phase: LearningPhase,
  uncounted: Pick<WindowProfile, 'calls' | 'fromMs' | 'toMs'>,
  matched: readonly MatchedLabel[],
  waitingFromMs: number,
): LabelsOfLearning {
  const { learning } = phase;
  const { learntFromMs = -Infinity } = learning;
  const { unjudged, others } = splitLabels(learning.unjudged, matched);
  const judged = others.filter((each) => !cameBefore(each, learntFromMs));
  const counted = [learning.profile, uncounted].filter(({ calls }) => calls > 0);
  const fromMs = Math.min(...counted.map((each) => each.fromMs));
  const toMs = Math.max(...counted.map((each) => each.toMs));
  const isOwn = ({ predictedAtMs }: MatchedLabel): boolean => predictedAtMs >= fromMs && predictedAtMs <= toMs;
  return {
    own: judged.filter(isOwn),
    early: judged.filter((each) => !isOwn(each) && (each.predictedAtMs > toMs || each.predictedAtMs >= waitingFromMs)),
    phase: unjudged === undefined ? phase : { kind: 'learning', learning: { ...learning, unjudged } },
  };
}

/** The period with labels noted of answers of its first half, which leave with it when it turns out to be another normal. */
export function withLabelledHalf(phase: LearningPhase, own: readonly MatchedLabel[]): LearningPhase {
  const { firstHalf } = phase.learning;
  if (firstHalf === null) return phase;
  const ofHalf = own.filter(({ predictedAtMs }) => predictedAtMs <= firstHalf.toMs);
  if (ofHalf.length === 0) return phase;
  const { labels } = withCounted(
    phase.learning.profile,
    { ...emptyWindow(), labels: firstHalf.labels },
    { rows: [], labels: ofHalf },
  );
  return { kind: 'learning', learning: { ...phase.learning, firstHalf: { ...firstHalf, labels } } };
}

/**
 * Learns from what was counted since.
 * @param golden golden answers since learning began
 * @returns null when there is nothing to learn from
 */
export function learnFrom(
  { learning }: LearningPhase,
  increment: WindowProfile,
  golden: readonly GoldenBaseline[],
  requirements: BaselineRequirements,
): LearningPhase | null {
  const isEmpty = increment.calls === 0 && labelsIn(increment) === 0;
  if (isEmpty && !awaitsConfirmation(learning)) return null;
  return { kind: 'learning', learning: learn(learning, increment, golden, requirements) };
}

/**
 * The learning period with what has been counted since. What can turn it is weighed at a tick, not when somebody looks: until
 * then it has the calls and not yet what they say.
 */
export function learntSoFar(
  phase: LearningPhase,
  counted: { readonly counts: () => CallCounts; readonly current: () => WindowProfile },
  golden: readonly GoldenBaseline[],
  requirements: BaselineRequirements,
): LearningState {
  const { learning } = phase;
  if (wouldTurn(learning, counted.counts(), requirements))
    return { ...learning, profile: mergeWindows(learning.profile, counted.current()) };
  return (learnFrom(phase, counted.current(), golden, requirements) ?? phase).learning;
}

/**
 * The learning period as a baseline that is given: enough answers of a model that works, whatever time they took and in whatever
 * order they came.
 */
export function givenFrom(
  { learning }: LearningPhase,
  increment: WindowProfile,
  golden: readonly GoldenBaseline[],
  requirements: BaselineRequirements,
): LearningPhase {
  return { kind: 'learning', learning: learnGiven(learning, increment, golden, requirements) };
}

/** Enough was counted; what is missing may be had without a new sample, so the verdict is asked for again. */
const awaitsConfirmation = ({ verdict }: LearningState): boolean =>
  verdict.kind === 'learning' && verdict.samples >= verdict.requiredSamples;

/** How steady the e-detectors find a learning period; signals that changed while being learnt begin again. */
function steadinessOf(monitor: DriftMonitor): Pick<LearningConditions, 'missing' | 'season' | 'unsteady'> {
  const readiness = monitor.readiness();
  monitor.relearn(readiness.unsteady);
  return readiness;
}

/**
 * A learning period whose counts would admit it, after its steadiness was looked at too.
 * @param failing the last evaluation found something badly wrong: what is seen now is no normal
 */
export function confirmed(
  { learning }: LearningPhase,
  monitor: DriftMonitor,
  rows: readonly Observation[],
  failing: boolean,
  random: () => Random,
  requirements: BaselineRequirements,
): LearningPhase {
  if (learning.verdict.kind !== 'admitted') return { kind: 'learning', learning };
  const steadiness = steadinessOf(monitor);
  const strange = (): number => strangeShare(rows, learning.profile, random());
  const conditions = { ...steadiness, failing, strangeShare: strange };
  return { kind: 'learning', learning: confirmAdmission(learning, conditions, requirements) };
}

/**
 * The baseline that was learnt, with forests grown on the rows in memory.
 * @param learntUntilMs the newest arrival until now; null where it is not known
 */
export function admitted(
  { learning }: LearningPhase,
  rows: readonly Observation[],
  random: () => Random,
  nowMs: number,
  learntUntilMs: number | null,
): AdmittedPhase {
  const baseline = { ...admit(learning, nowMs), ...(learntUntilMs === null ? {} : { learntUntilMs }) };
  const windowForest = growWindowForest(rows, random());
  const kept = new RowBuffer(Infinity);
  for (const row of rows) if (row.failure === null) kept.push(row);
  const forest = growForestBaseline(kept.all, baseline.profile, random());
  return { kind: 'admitted', baseline, stored: storable(baseline), forest, windowForest, rows: kept };
}
