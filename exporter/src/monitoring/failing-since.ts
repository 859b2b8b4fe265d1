import type { ArrivedRow } from './countable.js';

/**
 * From which time of its rows on a model fails, as the last evaluation saw it. What rows say that came before those who fail is
 * learnt all the same, in whatever batches they came. A model that failed when the process was ended fails until an evaluation has
 * seen rows again: before, it could not see that anything is wrong.
 */
export class FailingSince {
  /** Infinite while nothing badly wrong was seen. */
  private fromMs: number;
  /** Rows were judged that no evaluation has seen. */
  private hasJudged = false;

  /** @param isAsLeft it failed when the process was ended, and no evaluation has seen rows since */
  constructor(private isAsLeft: boolean) {
    this.fromMs = isAsLeft ? -Infinity : Infinity;
  }

  get isFailing(): boolean {
    return this.fromMs !== Infinity;
  }

  /** At a time of its rows. */
  isFailingAt(atMs: number): boolean {
    return atMs >= this.fromMs;
  }

  /** A row was judged. */
  judged(): void {
    this.hasJudged = true;
  }

  /**
   * An evaluation is over.
   * @param isFailing it found something badly wrong
   * @param waiting rows that wait to be judged; how many failed in a row is seen before they are
   * @returns whether the model begins or ceases to fail by it
   */
  evaluated(isFailing: boolean, waiting: () => readonly ArrivedRow[]): boolean {
    const wasFailing = this.isFailing;
    if (!isFailing && !this.isAsLeft) this.fromMs = Infinity;
    // Any of the rows that were judged since the evaluation before may be what it found.
    else if (!wasFailing) this.fromMs = this.hasJudged ? -Infinity : newestFailuresFromMs(waiting());
    this.hasJudged = false;
    return this.isFailing !== wasFailing;
  }

  /** An evaluation is about to see enough rows to tell. */
  seen(): void {
    this.isAsLeft = false;
  }
}

/** Time of the first of the failures that the newest rows are; -∞ where the newest was answered. */
function newestFailuresFromMs(waiting: readonly ArrivedRow[]): number {
  const newestFirst = waiting.map(({ row }) => row).sort((a, b) => b.atMs - a.atMs);
  const answered = newestFirst.findIndex(({ failure }) => failure === null);
  const failed = answered === -1 ? newestFirst : newestFirst.slice(0, answered);
  return failed.at(-1)?.atMs ?? -Infinity;
}
