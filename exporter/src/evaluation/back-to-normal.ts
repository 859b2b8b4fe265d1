import type { FindingSubject } from '../domain/finding.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import { isWrong, type Observation } from '../domain/observation.js';
import { failureCount, type SignalCounts, type SignalKey, type WindowProfile } from '../domain/profile.js';
import { goldenEvidence } from '../detection/golden.js';
import { silentSinceMs, type Silence } from './answered-probes.js';
import { countsOf } from '../rca/symptoms/newest-rows.js';
import { compareCategorical, compareNumeric } from '../statistics/compare.js';
import { differenceOfProportions } from '../statistics/difference-of-proportions.js';
import { validTotal } from '../statistics/signal-counts.js';
import { isKnownAnswer } from '../statistics/token-overlap.js';

/** Newest rows that are looked at: a tenth of those since the change, within these bounds. */
const FEWEST_ROWS = 40;
const MOST_ROWS = 200;
const NEWEST_SHARE = 0.1;
/** Two-sided level of each comparison. */
const LEVEL = 0.99;

interface Share {
  readonly count: number;
  readonly of: number;
}

/**
 * What has changed and is over: the newest rows differ from the first ones since the change, and not from the baseline. A window that
 * holds rows of both times is a mixture that no single cause explains, so it is told apart by its ends. Nothing where the rows are
 * too few to show the difference. Calls that failed are over as well once probes are answered and nobody calls, or once the newest are
 * all answered and that is no luck: a short outage is soon too few of the rows since to be told from none by comparing shares; golden answers are once all of the newest are known ones.
 * @param subjects what findings are about
 */
export function backToNormal(state: Compared, subjects: Iterable<FindingSubject>): ReadonlySet<FindingSubject> {
  const asked = [...new Set(subjects)];
  const byRows = backByRows(state, asked);
  const isOver = asked.includes('errors') && (silentSinceMs(state) !== null || areAnsweredAgain(state));
  const isKnownAgain = asked.includes('golden') && areGoldenBack(state);
  return new Set([...byRows, ...(isOver ? (['errors'] as const) : []), ...(isKnownAgain ? (['golden'] as const) : [])]);
}

/** Answers in a row that say that a model answers again, at least. */
const FEWEST_ANSWERS = 20;
/** Newest answers to each golden input that say that it answers as before: of the four that are kept one may have failed. */
const FEWEST_PER_INPUT = 3;

/**
 * Whether each golden input gets none but answers that it got in the baseline again, as surely and in the same shape: what is asked by
 * mlfi is in no row.
 */
function areGoldenBack({ baseline, goldenNow }: Compared): boolean {
  const before = new Map((baseline?.golden ?? []).map((input) => [input.goldenId, Object.keys(input.answerHashes)]));
  const now = goldenNow.filter(({ goldenId }) => before.has(goldenId));
  const { compared, changed, shapeChanged } = goldenEvidence(baseline?.golden ?? [], goldenNow);
  return (
    compared === before.size &&
    changed === 0 &&
    !shapeChanged &&
    now.length > 0 &&
    now.length === before.size &&
    now.reduce((sum, { answers }) => sum + answers, 0) >= FEWEST_PER_INPUT * before.size &&
    now.every(({ goldenId, answerHashes }) =>
      Object.keys(answerHashes).every((answer) => isKnownAnswer(answer, before.get(goldenId) ?? [])),
    )
  );
}

/**
 * Whether calls failed, and the newest are answered: so many in a row as come by luck in one case of a
 * hundred while calls fail as often as between the first failure and the last, and twice as many and twice as long as ever were between
 * two failures, for calls may fail in bursts.
 */
function areAnsweredAgain({ evidence, rows: all }: Compared): boolean {
  const since = rowsSinceChange(all, evidence);
  const rows = since.some(({ failure }) => failure !== null) ? since : all;
  const failed = rows.flatMap(({ failure }, i) => (failure === null ? [] : [i]));
  const [first = 0] = failed;
  const last = failed.at(-1);
  if (last === undefined) return false;
  const answers = rows.length - 1 - last;
  const failing = failed.length / (last - first + 1);
  const longest = failed.reduce((most, at, i) => Math.max(most, at - (failed[i - 1] ?? at) - 1), 0);
  if (sinceFailureMs(rows, last) < 2 * longestPauseMs(rows, failed)) return false;
  return answers >= Math.max(FEWEST_ANSWERS, 2 * longest) && (1 - failing) ** answers < 1 - LEVEL;
}

const sinceFailureMs = (rows: readonly Observation[], last: number): number =>
  (rows.at(-1)?.atMs ?? 0) - (rows[last]?.atMs ?? 0);

/** Of failures between which calls were answered: bursts may come by the clock, while calls are made faster or more slowly. */
function longestPauseMs(rows: readonly Observation[], failed: readonly number[]): number {
  const pauses = failed.flatMap((at, i) => {
    const before = failed[i - 1] ?? at;
    return at - before > 1 ? [(rows[at]?.atMs ?? 0) - (rows[before]?.atMs ?? 0)] : [];
  });
  return Math.max(0, ...pauses);
}

type Compared = Pick<
  MonitoredModelState,
  | 'baseline'
  | 'goldenNow'
  | 'rows'
  | 'evidence'
  | 'window'
  | 'lastHeardAtMs'
  | 'lastProbeFailureAtMs'
  | 'probesAnsweredMs'
>;

function rowsSinceChange(rows: readonly Observation[], evidence: Compared['evidence']): readonly Observation[] {
  const sinceMs = evidence?.verdict === 'alarm' ? (evidence.changeAtMs ?? -Infinity) : -Infinity;
  return rows.filter(({ atMs }) => atMs >= sinceMs);
}

function backByRows(
  { baseline, rows, evidence }: Compared,
  asked: readonly FindingSubject[],
): ReadonlySet<FindingSubject> {
  if (baseline === null || asked.length === 0) return new Set();
  const since = rowsSinceChange(rows, evidence);
  const size = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, Math.floor(NEWEST_SHARE * since.length)));
  if (since.length < 2 * size) return new Set();
  const [first, newest] = [since.slice(0, Math.min(MOST_ROWS, Math.floor(since.length / 2))), since.slice(-size)];
  const before: Side = { profile: baseline.profile, wrong: wrongIn(baseline.profile) };
  const like = onlyOf(baseline.profile, asked);
  const sideOf = (some: readonly Observation[]): Side => ({
    profile: countsOf(
      some.map((row) => withOnly(row, asked)),
      like,
    ),
    wrong: wrongAmong(some),
  });
  const [then, now] = [sideOf(first), sideOf(newest)];
  const back = asked.filter((subject) => differs(subject, then, now) && !differs(subject, before, now));
  // Whole rows are unusual by what is in them.
  const features = asked.filter((subject) => subject.startsWith('feature:'));
  const areRowsBack = features.length > 0 && features.every((subject) => back.includes(subject));
  return new Set(areRowsBack ? [...back, 'rows'] : back);
}

/**
 * From when on rows are normal once an incident is over.
 * @param clearSinceMs newest row's time when evaluations began to find nothing but what is over; where fewer rows have come since than
 *   are looked at, these are all that there is
 */
export function normalFromMs(state: Silence, clearSinceMs: number | null): number | null {
  const { rows } = state;
  const silentMs = silentSinceMs(state);
  if (silentMs !== null) return silentMs + 1;
  const ofFewestMs = rows.at(-FEWEST_ROWS)?.atMs ?? rows[0]?.atMs ?? null;
  if (clearSinceMs === null || ofFewestMs === null) return clearSinceMs;
  return Math.min(clearSinceMs, ofFewestMs);
}

/** Those subjects of which rows differ from a profile, at that two-sided level. */
export function differing(
  profile: WindowProfile,
  rows: readonly Observation[],
  subjects: readonly FindingSubject[],
  level: number,
): FindingSubject[] {
  const before: Side = { profile, wrong: wrongIn(profile) };
  const counts = countsOf(
    rows.map((row) => withOnly(row, subjects)),
    onlyOf(profile, subjects),
  );
  const now: Side = { profile: counts, wrong: wrongAmong(rows) };
  return subjects.filter((subject) => differs(subject, before, now, level));
}

/** Counts of some rows, with how many of their labelled answers were wrong. */
interface Side {
  readonly profile: WindowProfile;
  readonly wrong: Share;
}

/** A baseline as far as something is asked of it: to count all else anew at every evaluation would be most of its cost. */
const onlyOf = (profile: WindowProfile, asked: readonly FindingSubject[]): WindowProfile => ({
  ...profile,
  signals: new Map([...profile.signals].filter(([key]) => !key.startsWith('feature:') || asked.includes(key))),
  groups: new Map(),
});

/** The same row with those features alone. */
function withOnly(row: Observation, asked: readonly FindingSubject[]): Observation {
  const { features } = row;
  if (features === null) return row;
  return {
    ...row,
    features: Object.fromEntries(Object.entries(features).filter(([name]) => asked.includes(`feature:${name}`))),
  };
}

const wrongIn = ({ labels: { labelled, correct } }: WindowProfile): Share => ({
  count: labelled - correct,
  of: labelled,
});

function wrongAmong(rows: readonly Observation[]): Share {
  const labelled = rows.filter(({ label, failure }) => label !== null && failure === null);
  return { count: labelled.filter((row) => isWrong(row) === true).length, of: labelled.length };
}

const failedIn = (profile: WindowProfile): Share => ({ count: failureCount(profile), of: profile.calls });

function differs(subject: FindingSubject, a: Side, b: Side, level = LEVEL): boolean {
  if (subject === 'errors') return areApart(failedIn(a.profile), failedIn(b.profile), level);
  if (subject === 'accuracy') return areApart(a.wrong, b.wrong, level);
  if (!isSignal(subject)) return false;
  const [before, now] = [a.profile.signals.get(subject), b.profile.signals.get(subject)];
  if (before === undefined || now === undefined) return before !== now;
  return (
    areApart(lostIn(a.profile, before), lostIn(b.profile, now), level) ||
    areApart(invalidIn(before), invalidIn(now), level) ||
    haveMoved(before, now, level)
  );
}

const isSignal = (subject: FindingSubject): subject is SignalKey =>
  subject.startsWith('feature:') || ['confidence', 'prediction', 'latency_seconds'].includes(subject);

/** Answered calls without a value, a feature that was not sent among them. */
function lostIn(profile: WindowProfile, counts: SignalCounts): Share {
  const there = validTotal(counts) + counts.invalid;
  const of = Math.max(profile.calls - failureCount(profile), there + counts.missing);
  return { count: of - there, of };
}

const invalidIn = (counts: SignalCounts): Share => ({
  count: counts.invalid,
  of: validTotal(counts) + counts.invalid,
});

function areApart(a: Share, b: Share, level: number): boolean {
  const { low, high } = differenceOfProportions(a, b, level);
  return low > 0 || high < 0;
}

function haveMoved(before: SignalCounts, now: SignalCounts, level: number): boolean {
  if (validTotal(before) === 0 || validTotal(now) === 0) return false;
  if (before.kind === 'numeric' && now.kind === 'numeric') return compareNumeric(before, now).ksPValue < 1 - level;
  if (before.kind === 'categorical' && now.kind === 'categorical')
    return compareCategorical(before, now).chiSquared.pValue < 1 - level;
  return true;
}
