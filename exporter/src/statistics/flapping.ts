import type { Observation } from '../domain/observation.js';

/** Calls in a row that are a burst of failures, or a pause between two: what failed and was answered at once may come in any order. */
const FEWEST = 3;
/** Failures in a row that are an outage, however it goes on. */
const OUTAGE = 30;
/** A pause no longer than so many times the burst before it, and a burst than the longest before. */
const MOST_TIMES = 2;

interface Stretch {
  readonly isFailing: boolean;
  readonly calls: number;
  readonly fromMs: number;
}

/** Stretches of calls that fail, or are answered, in turns; shorter ones count to the one before. */
function stretchesOf(rows: readonly Observation[]): readonly Stretch[] {
  const all: Stretch[] = [];
  let [calls, fromMs] = [0, 0];
  for (const { failure, atMs } of rows) {
    const isFailing = failure !== null;
    const last = all.at(-1);
    if (last?.isFailing === isFailing) {
      all.splice(-1, 1, { ...last, calls: last.calls + 1 });
      calls = 0;
      continue;
    }
    if (calls === 0) fromMs = atMs;
    calls += 1;
    if (calls < FEWEST) continue;
    all.push({ isFailing, calls, fromMs });
    calls = 0;
  }
  return all;
}

/**
 * Whether the newest calls fail as they did before, after a pause in which they were answered: one more burst of a model that fails and
 * answers in turns, and no outage, as long as it is not much longer than those before.
 * @param rows oldest first
 */
export function isFlapping(rows: readonly Observation[], nowMs: number): boolean {
  const stretches = stretchesOf(rows);
  const [now, pause, before] = stretches.toReversed();
  if (now === undefined || pause === undefined || before === undefined) return false;
  const bursts = stretches.flatMap((one, i) => {
    const untilMs = stretches[i + 1]?.fromMs;
    return one.isFailing && untilMs !== undefined ? [{ calls: one.calls, ms: untilMs - one.fromMs }] : [];
  });
  const longestMs = Math.max(...bursts.map(({ ms }) => ms));
  const pauseMs = now.fromMs - pause.fromMs;
  return (
    now.isFailing &&
    now.calls < OUTAGE &&
    (bursts.at(-1)?.calls ?? OUTAGE) < OUTAGE &&
    pauseMs <= MOST_TIMES * longestMs &&
    nowMs - now.fromMs <= MOST_TIMES * longestMs
  );
}
