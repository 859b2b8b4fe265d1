import { counted, wholePercent } from '../domain/quantity-text.js';
import { failureCount } from '../domain/profile.js';
import { foldRareGroups } from '../statistics/group-counts.js';
import { compareNumeric } from '../statistics/compare.js';
import { quantileBins } from '../statistics/signal-counts.js';
import { foldRareCategories } from '../statistics/rare-categories.js';
import { subtractWindows } from '../statistics/subtract-windows.js';
import { emptyWindow, mergeWindows, numericSignal } from '../statistics/window-profile.js';
import type {
  AdmissionVerdict,
  BaselineProfile,
  GoldenBaseline,
  LearningState,
  SignalKey,
  UnjudgedRows,
  WindowProfile,
} from '../domain/profile.js';
import type { BaselineRequirements } from '../domain/thresholds.js';

const BINS = 64;
/** The halves of the learning period count as different when both hold: this p and this shift of confidence. */
const STATIONARITY_P = 1e-4;
const STATIONARITY_SHIFT = 0.5;
const FEWEST_PER_HALF = 20;

/** Nothing learnt yet. @param learntFromMs what arrived before was of another normal, if one was put an end to */
export function startLearning(
  nextVersion: number,
  requirements: BaselineRequirements,
  learntFromMs?: number,
): LearningState {
  const profile = emptyWindow();
  const verdict = learningVerdict(profile, requirements);
  return {
    ...{ nextVersion, profile, firstHalf: null, golden: [], verdict },
    ...(learntFromMs === undefined ? {} : { learntFromMs }),
  };
}

/**
 * Adds counts and judges. A learning period that failed too often or changed half-way is refused with the reason; learning
 * then goes on from nothing, or from the newer half.
 * @param golden golden answers since learning began (not the increment)
 */
export function learn(
  state: LearningState,
  increment: WindowProfile,
  golden: readonly GoldenBaseline[],
  requirements: BaselineRequirements,
): LearningState {
  const profile = mergeWindows(state.profile, increment);
  const firstHalf = state.firstHalf ?? (answersOf(profile) >= requirements.minimumSamples / 2 ? profile : null);
  const learnt: LearningState = { ...state, profile, firstHalf, golden };
  const contaminated = contaminationOf(profile.calls, failuresOf(profile), requirements);
  if (contaminated !== null) {
    const anew = startLearning(state.nextVersion, requirements, state.learntFromMs);
    return { ...anew, ...givenUp(profile, contaminated) };
  }
  if (missingOf(profile, requirements).length > 0)
    return { ...learnt, verdict: learningVerdict(profile, requirements, state.unjudged) };
  const secondHalf = subtractWindows(profile, firstHalf ?? emptyWindow());
  const moved = firstHalf === null ? null : movement(firstHalf, secondHalf);
  if (moved !== null)
    return { ...learnt, profile: secondHalf, firstHalf: null, ...givenUp(firstHalf ?? emptyWindow(), moved) };
  return { ...learnt, verdict: { kind: 'admitted', atMs: profile.toMs } };
}

/** What becomes of a learning period when it, or the half of it in `left`, is learnt from no more. */
export function givenUp(left: WindowProfile, why: string): Required<Pick<LearningState, 'startedOver' | 'verdict'>> {
  const samples = answersOf(left);
  const reasons = [`${why} ${counted(samples, 'answered sample is', 'answered samples are')} left out.`];
  return { startedOver: reasons, verdict: { kind: 'refused', reasons } };
}

/** Losses that are kept apart; beyond it the two oldest become one. */
const LOSSES_KEPT = 20;

/**
 * The learning period without rows of it that nobody has judged: what they are is seen from rows one after the other, and not
 * from their counts, so that these do not become normal.
 * @param lost the newest of its rows
 */
export function setAside(state: LearningState, lost: UnjudgedRows): LearningState {
  const { counts } = lost;
  const { fromMs, toMs } = state.profile;
  const rest = subtractWindows(state.profile, counts);
  const { fromMs: never } = emptyWindow();
  const range =
    rest.calls === 0
      ? { fromMs: never, toMs: never }
      : { fromMs, toMs: counts.toMs < toMs ? toMs : Math.max(fromMs, counts.fromMs) };
  const firstHalf = (state.firstHalf?.toMs ?? Infinity) < counts.fromMs ? state.firstHalf : null;
  const [oldest, next, ...newer] = [...(state.unjudged ?? []), lost];
  const unjudged =
    oldest !== undefined && next !== undefined && newer.length > LOSSES_KEPT - 2
      ? [{ counts: mergeWindows(oldest.counts, next.counts), cameUntilMs: next.cameUntilMs }, ...newer]
      : [...(state.unjudged ?? []), lost];
  return { ...state, profile: { ...rest, ...range }, firstHalf, unjudged };
}

/** The learning period as it was left: of rows that were lost nothing is learnt, and what is missing is more than it was. */
export const takenUp = (state: LearningState, requirements: BaselineRequirements): LearningState =>
  state.unjudged === undefined ? state : learn(state, emptyWindow(), state.golden, requirements);

/** As `learn`, of a set of answers that is given as the normal: it has no order, and so neither a duration nor halves. */
export function learnGiven(
  state: LearningState,
  increment: WindowProfile,
  golden: readonly GoldenBaseline[],
  requirements: BaselineRequirements,
): LearningState {
  // In whatever order they came: those too that nobody judged.
  const counted = (state.unjudged ?? []).map(({ counts }) => counts).reduce(mergeWindows, state.profile);
  const profile = mergeWindows(counted, increment);
  const given = { ...requirements, minimumDurationMs: 0 };
  const contaminated = contaminationOf(profile.calls, failuresOf(profile), given);
  const verdict: AdmissionVerdict =
    contaminated !== null
      ? { kind: 'refused', reasons: [contaminated] }
      : missingOf(profile, given).length > 0
        ? learningVerdict(profile, given)
        : { kind: 'admitted', atMs: profile.toMs };
  return { ...state, profile, golden, firstHalf: null, unjudged: undefined, verdict };
}

/** False when `learn` with these counts would only add them: then it can wait for more. */
export function wouldTurn(
  state: LearningState,
  increment: Pick<WindowProfile, 'calls' | 'failures'>,
  requirements: BaselineRequirements,
): boolean {
  const calls = state.profile.calls + increment.calls;
  const failures = failuresOf(state.profile) + failuresOf(increment);
  if (contaminationOf(calls, failures, requirements) !== null) return true;
  const samplesThatTurn = state.firstHalf === null ? requirements.minimumSamples / 2 : requirements.minimumSamples;
  return calls - failures >= samplesThatTurn;
}

const FEWEST_IN_GROUP = 10;

/** The baseline that was learnt, with its bins. */
export function admit(state: LearningState, nowMs: number): BaselineProfile {
  const bins = new Map<SignalKey, readonly number[]>();
  for (const [key, counts] of state.profile.signals)
    if (counts.kind === 'numeric') bins.set(key, quantileBins(counts, BINS));
  return {
    version: state.nextVersion,
    frozen: false,
    admittedAtMs: nowMs,
    ...(state.learntFromMs === undefined ? {} : { learntFromMs: state.learntFromMs }),
    // Groups of fewer than ten rows are nobody's business, and too few to compare with.
    profile: { ...state.profile, groups: foldRareGroups(state.profile.groups, new Map(), FEWEST_IN_GROUP) },
    golden: state.golden,
    bins,
    ...(state.unjudged === undefined ? {} : { unjudged: state.unjudged }),
  };
}

/** A baseline as it may be stored. In memory it keeps what is rare, which is what new values are compared with. */
export const storable = (baseline: BaselineProfile): BaselineProfile => ({
  ...baseline,
  profile: foldRareCategories(baseline.profile, new Map()),
  ...storableUnjudged(baseline),
});

/** As they may be stored. */
export const storableUnjudged = ({
  unjudged,
}: Pick<LearningState, 'unjudged'>): { readonly unjudged?: readonly UnjudgedRows[] } =>
  unjudged === undefined
    ? {}
    : { unjudged: unjudged.map((rows) => ({ ...rows, counts: foldRareCategories(rows.counts, new Map()) })) };

function answersOf(profile: WindowProfile): number {
  return profile.calls - failuresOf(profile);
}

function failuresOf(profile: Pick<WindowProfile, 'failures'>): number {
  return failureCount(profile);
}

/** @param unjudged rows that came and make up for none of those that are missing */
function missingOf(
  profile: WindowProfile,
  requirements: BaselineRequirements,
  unjudged: readonly UnjudgedRows[] = [],
): string[] {
  const missing: string[] = [];
  const samples = answersOf(profile);
  const lost = unjudged.reduce((sum, { counts }) => sum + counts.calls, 0);
  if (samples < requirements.minimumSamples)
    missing.push(
      `${requirements.minimumSamples - samples} more answered samples${lost === 0 ? '' : ` (${counted(lost, 'row does', 'rows do')} not count: mlfi was ended, or read the model anew, before it had judged them)`}`,
    );
  const lastedMs = profile.toMs - profile.fromMs;
  if (lastedMs < requirements.minimumDurationMs) {
    missing.push(`${Math.ceil((requirements.minimumDurationMs - lastedMs) / 1_000)} more seconds of observation`);
  }
  return missing;
}

function learningVerdict(
  profile: WindowProfile,
  requirements: BaselineRequirements,
  unjudged: readonly UnjudgedRows[] = [],
): AdmissionVerdict {
  return {
    kind: 'learning',
    samples: answersOf(profile),
    requiredSamples: requirements.minimumSamples,
    missing: missingOf(profile, requirements, unjudged),
  };
}

/** Judged once a quarter of the samples needed have come in: normal cannot be learnt from a failing model. */
function contaminationOf(calls: number, failures: number, requirements: BaselineRequirements): string | null {
  if (calls < requirements.minimumSamples / 4) return null;
  const share = failures / calls;
  if (share <= requirements.maximumErrorShare) return null;
  return `${wholePercent(share)} of ${calls} calls failed while learning; at most ${wholePercent(requirements.maximumErrorShare)} may. Learning starts over.`;
}

/** Says how confidence moved between the halves, null when it did not. */
function movement(first: WindowProfile, second: WindowProfile): string | null {
  const before = numericSignal(first, 'confidence');
  const now = numericSignal(second, 'confidence');
  if (before === null || now === null) return null;
  const comparison = compareNumeric(before, now);
  if (Math.min(comparison.nBefore, comparison.nNow) < FEWEST_PER_HALF) return null;
  if (comparison.ksPValue >= STATIONARITY_P || Math.abs(comparison.meanShift) < STATIONARITY_SHIFT) return null;
  return `Confidence moved from ${comparison.meanBefore.toFixed(2)} to ${comparison.meanNow.toFixed(2)} while learning, so this is no steady normal. Learning goes on from the newer half.`;
}
