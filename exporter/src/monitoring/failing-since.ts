import type { ArrivedRow } from './countable.js';

/**
 * From which time of its rows on a model fails, as the last evaluation saw it; infinite where it saw nothing badly wrong.
 * What rows say that came before those who fail is learnt all the same, in whatever batches they came.
 * @param beforeMs the same as it was before that evaluation
 * @param hasJudged rows had been judged since the one before: any of them may be what it found
 * @param waiting rows that wait to be judged; how many failed in a row is seen before they are
 */
export function failingFromMs(
  beforeMs: number,
  isFailing: boolean,
  hasJudged: boolean,
  waiting: () => readonly ArrivedRow[],
): number {
  if (!isFailing) return Infinity;
  if (beforeMs !== Infinity) return beforeMs;
  return hasJudged ? -Infinity : newestFailuresFromMs(waiting());
}

/** Time of the first of the failures that the newest rows are; -∞ where the newest was answered. */
function newestFailuresFromMs(waiting: readonly ArrivedRow[]): number {
  const newestFirst = waiting.map(({ row }) => row).sort((a, b) => b.atMs - a.atMs);
  const answered = newestFirst.findIndex(({ failure }) => failure === null);
  const failed = answered === -1 ? newestFirst : newestFirst.slice(0, answered);
  return failed.at(-1)?.atMs ?? -Infinity;
}
