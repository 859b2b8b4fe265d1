import type { Failure, Observation } from '../domain/observation.js';
import { failureCount, type WindowProfile } from '../domain/profile.js';

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
 */
export function failuresNow(window: WindowProfile, rows: readonly Observation[]): FailuresNow {
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
  if (best === null) return whole;
  const since = rows.slice(best.from);
  const failed = since.flatMap(({ failure }) => failure ?? []);
  return {
    calls: since.length,
    failures: failed.length,
    byReason: countsByReason(failed),
    rows: since,
    sinceMs: since[0]?.atMs ?? null,
  };
}

function countsByReason(failures: readonly Failure[]): WindowProfile['failures'] {
  const counts: Partial<Record<Failure['reason'], number>> = {};
  for (const { reason } of failures) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
