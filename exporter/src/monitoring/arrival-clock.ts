/**
 * When what comes of one model arrives: by mlfi's clock, and never before what has come already, also where that clock is set back.
 * It tells what came before a baseline was admitted, a reset or a start from what came after; how late something is, it does not tell.
 */
export class ArrivalClock {
  private newestMs: number;

  /** @param storedMs as it was left; null where nothing has come */
  constructor(storedMs: number | null) {
    this.newestMs = storedMs ?? -Infinity;
  }

  copy(): ArrivalClock {
    return new ArrivalClock(this.latestMs);
  }

  /** The newest arrival; null before the first. */
  get latestMs(): number | null {
    return this.newestMs === -Infinity ? null : this.newestMs;
  }

  /** Something comes now. @returns when it arrives */
  at(nowMs: number): number {
    this.newestMs = Math.max(this.newestMs, nowMs);
    return this.newestMs;
  }

  /** What comes from now on arrives later than all that has come. @returns the newest arrival until now; null before the first */
  cut(): number | null {
    const { latestMs } = this;
    this.newestMs += 1;
    return latestMs;
  }
}
