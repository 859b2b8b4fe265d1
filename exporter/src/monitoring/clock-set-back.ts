import type { CallCounters } from './call-counters.js';
import type { ModelTraffic } from './model-traffic.js';

/** Senders' clocks may be so much ahead of mlfi's; what is dated later was dated by a clock that was wrong. */
export const AHEAD_MS = 5 * 60_000;
/** A clock that goes back by less was put right by its usual small steps. */
const SMALL_STEP_MS = 60_000;

/** Notices that mlfi's own clock was set back: what it dated while it was ahead must not hide what comes now. */
export class ClockWatch {
  private newestMs = -Infinity;

  /** @param isReplay a replayed history goes by the time of its rows */
  constructor(private readonly isReplay: boolean) {}

  /** @returns the counters as they are by the clock now */
  follow(calls: CallCounters, traffic: ModelTraffic, nowMs: number): CallCounters {
    if (this.isReplay) return calls;
    const wasSetBack = nowMs < this.newestMs - SMALL_STEP_MS;
    this.newestMs = wasSetBack ? nowMs : Math.max(nowMs, this.newestMs);
    if (!wasSetBack) return withClockRight(calls, nowMs);
    startTimeOver(traffic, nowMs);
    return withoutFuture(calls, nowMs);
  }
}

/**
 * The counters without times that have not come yet, which a clock gave that was ahead: what is newest is told by them, and
 * nothing would be newer until then.
 */
export function withoutFuture(calls: CallCounters, nowMs: number): CallCounters {
  const { lastPredictionAtMs, lastProbeAtMs, lastArrivalAtMs, lastAnswerAtMs, lastProbeAnswerAtMs } = calls;
  const { judgedFromMs, pastUntilMs, lastAsideAtMs } = calls;
  const told = [lastPredictionAtMs, lastAsideAtMs, lastProbeAtMs, lastArrivalAtMs, lastAnswerAtMs];
  const times = [...told, judgedFromMs, pastUntilMs];
  const newestMs = Math.max(...times.map((atMs) => atMs ?? -Infinity));
  if (newestMs <= nowMs + AHEAD_MS) return calls;
  const until = <T extends number | null | undefined>(atMs: T): T | number =>
    typeof atMs === 'number' ? Math.min(atMs, nowMs) : atMs;
  return {
    ...calls,
    lastPredictionAtMs: until(lastPredictionAtMs),
    lastAsideAtMs: until(lastAsideAtMs),
    lastProbeAtMs: until(lastProbeAtMs),
    lastArrivalAtMs: until(lastArrivalAtMs),
    lastAnswerAtMs: until(lastAnswerAtMs),
    lastProbeAnswerAtMs: until(lastProbeAnswerAtMs),
    judgedFromMs: until(judgedFromMs),
    pastUntilMs: until(pastUntilMs),
    lastProbeFailureAtMs: until(calls.lastProbeFailureAtMs),
    lastVersionAtMs: until(calls.lastVersionAtMs),
    changes: calls.changes.map((change) => ({ ...change, atMs: until(change.atMs) })),
    clock: { aheadToMs: newestMs, setBackAtMs: nowMs },
  };
}

/** Time has reached what a wrong clock had dated: nothing more is to be said of it. */
function withClockRight(calls: CallCounters, nowMs: number): CallCounters {
  return calls.clock === undefined || nowMs < calls.clock.aheadToMs ? calls : { ...calls, clock: undefined };
}

/**
 * mlfi's clock was set back: what has come is judged as it was dated, and what comes from now on by the clock as it is. Nothing
 * waits for a time that a wrong clock had shown.
 */
function startTimeOver(traffic: ModelTraffic, nowMs: number): void {
  const { pending, windows, detectors } = traffic.parts;
  if (pending.waitsPast(nowMs + AHEAD_MS)) traffic.judgeRest();
  pending.startOver();
  traffic.rows.dropAfter(nowMs + AHEAD_MS);
  windows.setBack(nowMs, nowMs + AHEAD_MS);
  if (detectors.normalSinceMs !== null) detectors.normalSinceMs = Math.min(detectors.normalSinceMs, nowMs);
  detectors.saveSoon();
  traffic.parts.changed();
  if (traffic.judgedFromMs !== null) traffic.judgedFromMs = Math.min(traffic.judgedFromMs, nowMs);
}
