/** Part of the mean time between false alerts that may be staked before any time has passed. */
const AT_ONCE = 1 / 1_000;

export interface StakeClockSettings {
  readonly tickMs: number;
  /** Mean time between two false alerts. */
  readonly meanTimeBetweenMs: number;
}

/**
 * What each step of a detector may stake on a change that begins with it (π, in ticks): as much as a step usually lasts, but all steps
 * together never more than the time that has passed. So while nothing changes the evidence grows by at most one a tick whatever
 * pace the steps come at, as long as when they come says nothing of what they are (docs/detection.md, “A stake a tick”).
 */
export class StakeClock {
  /**
   * @param perStep what a step stakes at most, in ticks
   * @param settings null where steps are the clock themselves
   * @param stakedUntilMs all time before is staked; undefined before it has begun
   */
  constructor(
    readonly perStep: number,
    private readonly settings: StakeClockSettings | null,
    private stakedUntilMs?: number,
  ) {}

  /** The first step begins it. @param atMs when the step happened @param nowMs how far time is when it is known of */
  begin(atMs: number, nowMs: number): void {
    if (this.stakedUntilMs !== undefined || this.settings === null) return;
    const { tickMs, meanTimeBetweenMs } = this.settings;
    this.stakedUntilMs = Math.min(atMs, nowMs - Math.max(AT_ONCE * meanTimeBetweenMs, this.perStep * tickMs));
  }

  /** Spends it. @param nowMs how far time is @param steps so many at once @returns ticks for all of them */
  take(nowMs: number, steps = 1): number {
    const stake = this.look(nowMs, steps);
    if (this.settings !== null) this.stakedUntilMs = this.from(nowMs) + stake * this.settings.tickMs;
    return stake;
  }

  /** What `take` would say. */
  look(nowMs: number, steps = 1): number {
    const most = this.perStep * steps;
    return this.settings === null ? most : Math.min(most, (nowMs - this.from(nowMs)) / this.settings.tickMs);
  }

  /** Where time was set back it goes on from there. */
  private from(nowMs: number): number {
    return Math.min(nowMs, this.stakedUntilMs ?? nowMs);
  }

  snapshot(): { readonly stakedUntilMs?: number } {
    const { stakedUntilMs } = this;
    return stakedUntilMs === undefined ? {} : { stakedUntilMs };
  }
}
