import { FAILURE_REASONS, type Failure, type FailureReason, type Observation } from '../domain/observation.js';
import { failureCount, type WindowProfile } from '../domain/profile.js';
import { flapping } from './flapping.js';
import { keptWaiting, newestFailures } from './kept-waiting.js';

/** How calls are answered now: since failures became more frequent inside the window, or in all of it where they did not. */
export interface FailuresNow {
  readonly calls: number;
  readonly failures: number;
  readonly byReason: WindowProfile['failures'];
  /** The calls in memory among them, oldest first. */
  readonly rows: readonly Observation[];
  /** When they became more frequent; null where they did not inside the window, or it cannot be told. */
  readonly sinceMs: number | null;
}

/** Calls since a rise at least: fewer are no share of anything. */
const FEWEST_CALLS = 10;
/**
 * Gain in log-likelihood that two rates must bring over one. The largest over all places to split, of a rate that stays, exceeds
 * it in fewer than one window of a thousand (Horváth 1993: its tail falls as e^−gain up to a power of the gain).
 */
const MIN_GAIN = 11;

/** Failures in a row that are an outage, and answers in a row before them from which an earlier one was over. */
const OUTAGE_CALLS = 3;
const ANSWERS_BETWEEN = 10;

/** Log-likelihood of so many failures at their own rate. */
function logLikelihood(failures: number, calls: number): number {
  if (failures === 0 || failures === calls) return 0;
  const rate = failures / calls;
  return failures * Math.log(rate) + (calls - failures) * Math.log(1 - rate);
}

/**
 * Splits a window where its failures became more frequent: the likeliest place for one change from a lower rate to a higher one
 * (maximum likelihood, Hinkley 1970). A window that is mostly of before dilutes an outage.
 * @param rows the window's newest calls that are in memory, oldest first; those before them count as before
 * @param nowMs by which few calls may be an outage, where the server asks to wait; without it the newest call's time
 */
export function failuresNow(
  window: WindowProfile,
  rows: readonly Observation[],
  nowMs = rows.at(-1)?.atMs ?? 0,
): FailuresNow {
  const alone = keptWaiting(rows, nowMs) === null ? flapping(rows, nowMs) : newestFailures(rows);
  const known = alone === null ? (turnOf(rows) ?? secondOutage(window, rows)) : countedOf(alone);
  if (known !== null) return known;
  return sinceRise(window, rows);
}

function sinceRise(window: WindowProfile, rows: readonly Observation[]): FailuresNow {
  const all = failureCount(window);
  const whole = { calls: window.calls, failures: all, byReason: window.failures, rows, sinceMs: null };
  let [calls, failures] = [0, 0];
  let best: { readonly from: number; readonly gain: number } | null = null;
  const together = logLikelihood(all, window.calls);
  for (let from = rows.length - 1; from >= 0; from -= 1) {
    calls += 1;
    if (rows[from]?.failure == null) continue;
    failures += 1;
    const [callsBefore, failuresBefore] = [window.calls - calls, all - failures];
    if (calls < FEWEST_CALLS || callsBefore <= 0 || failuresBefore < 0) continue;
    if (failures / calls <= failuresBefore / callsBefore) continue;
    const gain = logLikelihood(failures, calls) + logLikelihood(failuresBefore, callsBefore) - together;
    if (gain >= MIN_GAIN && gain > (best?.gain ?? 0)) best = { from, gain };
  }
  const since = best === null ? rows : rows.slice(best.from);
  const fault = faultSince(since);
  return fault === null ? (best === null ? whole : countedOf(since)) : countedOf(fault);
}

/** Shares of the calls that fail in an outage at least, and after it at most. */
const OUTAGE_SHARE = 0.9;
const AFTER_SHARE = 0.7;

/**
 * The calls since an outage that is over, where some of them fail in another way: the likeliest place for its end. What failed in the
 * outage says nothing of them. Null where there is no such outage, or nothing fails in another way since.
 * @param rows oldest first
 */
function faultSince(rows: readonly Observation[]): readonly Observation[] | null {
  const first = rows.findIndex(({ failure }) => failure !== null);
  const failing = rows.slice(Math.max(0, first));
  const all = failing.filter(({ failure }) => failure !== null).length;
  const together = logLikelihood(all, failing.length);
  let failuresBefore = 0;
  let best: { readonly from: number; readonly gain: number } | null = null;
  for (const [i, { failure }] of failing.entries()) {
    if (failure !== null) failuresBefore += 1;
    const [calls, failures] = [failing.length - i - 1, all - failuresBefore];
    if (failures > AFTER_SHARE * calls || failuresBefore < OUTAGE_SHARE * (i + 1)) continue;
    const gain = logLikelihood(failuresBefore, i + 1) + logLikelihood(failures, calls) - together;
    if (gain >= MIN_GAIN && gain > (best?.gain ?? 0)) best = { from: i + 1, gain };
  }
  if (best === null) return null;
  const after = failing.slice(best.from);
  if (after.filter(({ failure }) => failure !== null).length < OUTAGE_CALLS) return null;
  return wayOf(after) === wayOf(failing.slice(0, best.from)) ? null : after;
}

/** How most of them fail, by reason and status; null where none does. */
function wayOf(rows: readonly Observation[]): string | null {
  const counts = new Map<string, number>();
  for (const { failure } of rows) {
    if (failure === null) continue;
    const way = `${failure.reason} ${failure.httpStatus ?? ''}`;
    counts.set(way, (counts.get(way) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

function countedOf(rows: readonly Observation[]): FailuresNow {
  const failed = rows.flatMap(({ failure }) => failure ?? []);
  return {
    calls: rows.length,
    failures: failed.length,
    byReason: countsByReason(failed),
    rows,
    sinceMs: rows[0]?.atMs ?? null,
  };
}

/** The newest calls where they all fail after an earlier outage was over, in another way: what was before says nothing of now. */
function secondOutage(window: WindowProfile, rows: readonly Observation[]): FailuresNow | null {
  const newest = newestFailures(rows);
  const before = rows.slice(0, rows.length - newest.length);
  const areAnswered = before.slice(-ANSWERS_BETWEEN).every(({ failure }) => failure === null);
  if (newest.length < OUTAGE_CALLS || before.length < ANSWERS_BETWEEN || !areAnswered) return null;
  const now = countedOf(newest);
  const earlier = Object.fromEntries(
    FAILURE_REASONS.map((reason) => [reason, (window.failures[reason] ?? 0) - (now.byReason[reason] ?? 0)]),
  );
  const [most, earlierMost] = [mostOf(now.byReason), mostOf(earlier)];
  const wayBefore = wayOf(before);
  const isSameWay = wayBefore === null ? earlierMost === most : wayBefore === wayOf(newest);
  return earlierMost === null || isSameWay ? null : now;
}

/** Of the failures before a turn at most this share fail as those since: of any mix ten in a row are then no chance (0.2^10). */
const SAME_BEFORE = 0.2;

/**
 * The newest calls where all of them fail in one way and those just before failed in others: what was wrong then is not what is wrong now.
 * @param rows oldest first
 */
function turnOf(rows: readonly Observation[]): FailuresNow | null {
  const failing = newestFailures(rows);
  const way = wayOf(failing.slice(-1));
  const from = failing.findLastIndex((row) => wayOf([row]) !== way) + 1;
  const [before, since] = [failing.slice(0, from), failing.slice(from)];
  if (before.length < OUTAGE_CALLS || since.length < FEWEST_CALLS) return null;
  const same = before.filter((row) => wayOf([row]) === way).length;
  return same > SAME_BEFORE * before.length ? null : countedOf(since);
}

/** The reason most of them failed for; null where none did. */
export function mostOf(byReason: WindowProfile['failures']): FailureReason | null {
  const most = FAILURE_REASONS.toSorted((a, b) => (byReason[b] ?? 0) - (byReason[a] ?? 0))[0];
  return most !== undefined && (byReason[most] ?? 0) > 0 ? most : null;
}

function countsByReason(failures: readonly Failure[]): WindowProfile['failures'] {
  const counts: Partial<Record<Failure['reason'], number>> = {};
  for (const { reason } of failures) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
