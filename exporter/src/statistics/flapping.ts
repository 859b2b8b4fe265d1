import type { Observation } from '../domain/observation.js';
import { newestFailures } from './kept-waiting.js';

/** Calls in a row that are a burst of failures, or a pause between two: what failed and was answered at once may come in any order. */
const FEWEST = 5;
/** Share of the calls that go as those around them: where they go by chance fewer do. */
const LIKE_THE_REST = 0.8;
/** Of a burst that is over: five in a row come by chance where a third of the calls fail. */
const FEWEST_BEFORE = 6;
/** Failures in a row, or for so long, that are an outage, however it goes on: where a call is made a minute, few are long. */
const OUTAGE = 30;
const OUTAGE_MS = 120_000;
/** Fewer are no turns. */
const FEWEST_BURSTS = 2;
/** A pause no longer than so many times the burst before it, and a burst than the longest before. */
const MOST_TIMES = 2;

interface Stretch {
  readonly isFailing: boolean;
  readonly calls: number;
  readonly fromMs: number;
  /** Index of its first call. */
  readonly from: number;
}

/** Stretches of calls that fail, or are answered, in turns; shorter ones count to the one before. */
function stretchesOf(rows: readonly Observation[]): readonly Stretch[] {
  const all: Stretch[] = [];
  let [calls, fromMs, from] = [0, 0, 0];
  let ofFailing = false;
  for (const [i, { failure, atMs }] of rows.entries()) {
    const isFailing = failure !== null;
    if (isFailing !== ofFailing && all.length === 0) calls = 0;
    ofFailing = isFailing;
    const last = all.at(-1);
    if (last?.isFailing === isFailing) {
      all.splice(-1, 1, { ...last, calls: last.calls + 1 });
      calls = 0;
      continue;
    }
    if (calls === 0) [fromMs, from] = [atMs, i];
    calls += 1;
    if (calls < FEWEST) continue;
    all.push({ isFailing, calls, fromMs, from });
    calls = 0;
  }
  return all;
}

/** Where the bursts and pauses begin that are about as long as each other, and how long the longest burst is that is over. */
interface Turns {
  readonly first: number;
  readonly longestMs: number;
}

/** From the newest stretch on back: an outage, a burst that may be chance, and a longer pause are no part of it. */
function turnsOf(stretches: readonly Stretch[], lengthsMs: readonly number[]): Turns {
  let [first, longestMs] = [stretches.length, 0];
  for (const [i, { isFailing, calls }] of [...stretches.entries()].reverse()) {
    const isNewest = i === stretches.length - 1;
    const ms = lengthsMs[i] ?? 0;
    if (isFailing && (calls >= OUTAGE || ms >= OUTAGE_MS || (!isNewest && calls < FEWEST_BEFORE))) break;
    if (!isFailing && !isNewest && ms > MOST_TIMES * Math.max(lengthsMs[i - 1] ?? 0, longestMs)) break;
    if (isFailing) first = i;
    if (isFailing && !isNewest) longestMs = Math.max(longestMs, ms);
  }
  return { first, longestMs };
}

/**
 * The calls since a model began to fail and be answered in turns, in bursts and pauses that are about as long as each other; null where it
 * does not: what fails for much longer than before is an outage, and what is answered for much longer is over.
 * @param rows oldest first
 */
export function flapping(rows: readonly Observation[], nowMs: number): readonly Observation[] | null {
  const stretches = stretchesOf(rows);
  const lengthsMs = stretches.map(({ fromMs }, i) => (stretches[i + 1]?.fromMs ?? nowMs) - fromMs);
  const { first, longestMs } = turnsOf(stretches, lengthsMs);
  const turns = stretches.slice(first);
  const isLonger = (lengthsMs.at(-1) ?? 0) > MOST_TIMES * longestMs;
  if (turns.filter(({ isFailing }) => isFailing).length < FEWEST_BURSTS || isLonger) return null;
  const calls = rows.slice(turns[0]?.from);
  return turns.reduce((sum, turn) => sum + turn.calls, 0) >= LIKE_THE_REST * calls.length ? calls : null;
}

/** Whether the newest calls fail in one more burst of those, and in no outage. */
export const isFlapping = (rows: readonly Observation[], nowMs: number): boolean =>
  newestFailures(rows).length > 0 && flapping(rows, nowMs) !== null;
