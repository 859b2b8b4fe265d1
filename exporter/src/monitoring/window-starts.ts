import { copied } from './copied.js';

/** Where the windows of one model begin: each start names one stored window, and no window takes the place of another. */
export class WindowStarts {
  /** Starts of stored windows beside which others begin. */
  private taken: Set<number>;
  /** Start of the newest window under a baseline before. */
  private reachedMs = -Infinity;

  /**
   * @param sinceMs windows from here on are judged; null while a baseline is learnt
   * @param taken starts of stored windows that are dated later than mlfi's clock says it is
   * @param past starts of windows in memory: one beside another says that the other is taken
   */
  constructor(
    private readonly lengthMs: number,
    public sinceMs: number | null,
    taken: readonly number[],
    past: readonly number[],
  ) {
    this.taken = new Set([...taken, ...past.map((startMs) => startMs - 1).filter((startMs) => this.isWhole(startMs))]);
  }

  /** The same, to be left as it is. */
  copy(): WindowStarts {
    const copy = copied(this);
    copy.taken = new Set(this.taken);
    return copy;
  }

  /** The window is stored and counted on no more. */
  take(startMs: number): void {
    this.taken.add(startMs);
  }

  /** Windows up to this one are of a baseline that judges no more: rows of the same time are counted beside them. */
  leave(newestMs: number | null): void {
    this.reachedMs = Math.max(this.reachedMs, newestMs ?? -Infinity);
  }

  /**
   * Start of the window a time lies in; null while a baseline is learnt. The first one begins with the baseline's end, so
   * that it is another one than the last under the baseline before.
   */
  of(atMs: number): number | null {
    const { sinceMs, lengthMs } = this;
    if (sinceMs === null) return null;
    const wholeMs = lengthMs * Math.floor(atMs / lengthMs);
    const isJudged = atMs >= sinceMs;
    let startMs = isJudged ? Math.max(wholeMs, sinceMs) : wholeMs;
    while (this.taken.has(startMs) || (isJudged && startMs <= this.reachedMs && this.isWhole(startMs))) startMs += 1;
    return startMs;
  }

  private isWhole(startMs: number): boolean {
    return startMs % this.lengthMs === 0;
  }
}
