import { proportion } from '../../statistics/clopper-pearson.js';
import { failuresNow } from '../../statistics/rise-of-failures.js';
import { cellMiddle } from '../../statistics/grid.js';
import { numericTotal, quantileOf, summariseNumeric } from '../../statistics/signal-counts.js';
import { numericSignal } from '../../statistics/window-profile.js';
import type { LevelSummary, Proportion } from '../../domain/estimate.js';
import type { MonitoredModelState } from '../../domain/monitored-model-state.js';
import type { Observation } from '../../domain/observation.js';
import {
  failureCount,
  type BaselineProfile,
  type NumericCounts,
  type SignalKey,
  type WindowProfile,
} from '../../domain/profile.js';
import type { ServiceEvidence } from '../../domain/symptoms.js';

/** Answers later than this quantile of the baseline's latencies count as late. */
const LATE_QUANTILE = 0.95;
/** Share of the failures that one stretch holds from which they are one outage. */
const ONE_STRETCH = 0.9;
/** RFC 6585 and RFC 9110: too many requests, service unavailable. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** Mean, spread and quantiles of a numeric signal; null where it has no counts. */
export function levelOf(profile: WindowProfile | undefined, key: SignalKey): LevelSummary | null {
  const counts = profile === undefined ? null : numericSignal(profile, key);
  return counts === null ? null : summariseNumeric(counts);
}

/** How calls are answered, and how late. */
export function serviceEvidence(state: MonitoredModelState, nowMs: number): ServiceEvidence {
  const { baseline, window, rows } = state;
  const now = failuresNow(window, rows, nowMs);
  const haveAllFailed = now.failures === now.calls;
  return {
    calls: window.calls,
    failures: proportion(now.failures, now.calls),
    failingSinceMs: now.sinceMs,
    failuresByReason: now.failures === 0 ? notYetIn(state) : now.byReason,
    said: saidMost(now.rows, now.byReason),
    callers: state.lastHeardAtMs === null ? 'mlfi' : 'users',
    consecutiveFailures: Math.max(state.consecutiveFailures, haveAllFailed ? now.failures : 0),
    failuresInBursts: inBursts(now.rows.map((row) => row.failure !== null)),
    refusedAsBusy: refusedAsBusy(now.rows),
    baselineErrorShare:
      baseline === null || baseline.profile.calls === 0
        ? null
        : failureCount(baseline.profile) / baseline.profile.calls,
    latencyBefore: levelOf(baseline?.profile, 'latency_seconds'),
    latencyNow: levelOf(window, 'latency_seconds'),
    ...lateAnswers(baseline, window),
    lastAnswerAtMs: state.lastAnswerAtMs,
  };
}

/** Failures that came after the window: so many in a row, told by the reason of the last. */
const notYetIn = ({ consecutiveFailures, lastFailureReason = null }: MonitoredModelState): WindowProfile['failures'] =>
  consecutiveFailures === 0 || lastFailureReason === null ? {} : { [lastFailureReason]: consecutiveFailures };

/** Codes are for logs. */
const CODE = / \([A-Z_]{4,}\)$/;

function saidMost(rows: readonly Observation[], byReason: WindowProfile['failures']): string | null {
  const [most] = Object.entries(byReason).sort(([, a], [, b]) => b - a)[0] ?? [];
  const counts = new Map<string, number>();
  for (const { failure } of rows) {
    const detail = failure?.reason === most ? failure?.detail.replace(CODE, '').trim() : undefined;
    if (detail !== undefined && detail !== '') counts.set(detail, (counts.get(detail) ?? 0) + 1);
  }
  const [said] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  return said ?? null;
}

function refusedAsBusy(rows: readonly Observation[]): Proportion | null {
  const known = rows.flatMap(({ failure }) => (failure?.httpStatus == null ? [] : [failure.httpStatus]));
  return known.length === 0
    ? null
    : proportion(known.filter((status) => BUSY_STATUSES.has(status)).length, known.length);
}

function lateAnswers(
  baseline: BaselineProfile | null,
  window: WindowProfile,
): Pick<ServiceEvidence, 'lateBefore' | 'lateNow'> {
  const before = baseline === null ? null : numericSignal(baseline.profile, 'latency_seconds');
  const now = numericSignal(window, 'latency_seconds');
  const usual = before === null ? null : quantileOf(before, LATE_QUANTILE);
  if (before === null || now === null || usual === null) return { lateBefore: null, lateNow: null };
  const later = (counts: NumericCounts): Proportion => {
    let late = 0;
    for (const [cell, count] of counts.cells) if (cellMiddle(counts.grid, cell) > usual) late += count;
    return proportion(late, numericTotal(counts));
  };
  return { lateBefore: later(before), lateNow: later(now) };
}

/**
 * Since failures became more frequent: a beginning is no burst, and neither is one stretch of failures.
 * Wald & Wolfowitz's runs test: far fewer runs of failures and successes than independent failures would make (z < −3). Null with
 * fewer than five failures, where no number of runs would show it; no burst without answers between.
 */
function inBursts(failed: readonly boolean[]): boolean | null {
  const n1 = failed.filter(Boolean).length;
  const n2 = failed.length - n1;
  if (n1 < 5) return null;
  if (n2 < 5 || longestStretch(failed) >= ONE_STRETCH * n1) return false;
  let runs = 1;
  for (let i = 1; i < failed.length; i += 1) if (failed[i] !== failed[i - 1]) runs += 1;
  const n = n1 + n2;
  const mean = (2 * n1 * n2) / n + 1;
  const variance = ((mean - 1) * (mean - 2)) / (n - 1);
  return (runs - mean) / Math.sqrt(variance) < -3;
}

/** Failures in a row, at most. */
function longestStretch(failed: readonly boolean[]): number {
  let [longest, length] = [0, 0];
  for (const isFailed of failed) {
    length = isFailed ? length + 1 : 0;
    longest = Math.max(longest, length);
  }
  return longest;
}
