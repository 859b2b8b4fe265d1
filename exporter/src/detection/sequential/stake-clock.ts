/** Of the mean time between false alerts: what may be staked before any time has passed, and the most that a step, or a pause, allows. */
const AT_ONCE = 1 / 1_000;
const MOST = 1 / 30;

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
  /** What a step stakes at most, in ticks. */
  readonly perStep: number;

  /**
   * @param usual what a step usually lasts, in ticks
   * @param settings null where steps are the clock themselves
   * @param stakedUntilMs all time before is staked; undefined before it has begun
   */
  constructor(
    usual: number,
    private readonly settings: StakeClockSettings | null,
    private stakedUntilMs?: number,
  ) {
    this.perStep = settings === null ? usual : Math.min(usual, (MOST * settings.meanTimeBetweenMs) / settings.tickMs);
  }

  /** The first step begins it. @param atMs when the step happened @param nowMs how far time is when it is known of */
  begin(atMs: number, nowMs: number): void {
    if (this.stakedUntilMs !== undefined || this.settings === null) return;
    this.stakedUntilMs = Math.min(atMs, nowMs - AT_ONCE * this.settings.meanTimeBetweenMs);
  }

  /**
   * Spends it.
   * @param nowMs how far time is
   * @param steps so many at once
   * @param isLate they are of earlier: they have their whole time, which for others is a pause
   * @returns ticks for all of them
   */
  take(nowMs: number, steps: number, isLate: boolean): number {
    const stake = this.look(nowMs, steps, isLate);
    if (this.settings !== null)
      this.stakedUntilMs = this.from(nowMs, isLate, this.settings) + stake * this.settings.tickMs;
    return stake;
  }

  /** What `take` would say. */
  look(nowMs: number, steps: number, isLate: boolean): number {
    const most = this.perStep * steps;
    if (this.settings === null) return most;
    return Math.min(most, (nowMs - this.from(nowMs, isLate, this.settings)) / this.settings.tickMs);
  }

  /** Where time was set back it goes on from there. */
  private from(nowMs: number, isLate: boolean, { meanTimeBetweenMs }: StakeClockSettings): number {
    const earliestMs = isLate ? -Infinity : nowMs - MOST * meanTimeBetweenMs;
    return Math.min(nowMs, Math.max(earliestMs, this.stakedUntilMs ?? nowMs));
  }

  snapshot(): { readonly stakedUntilMs?: number } {
    const { stakedUntilMs } = this;
    return stakedUntilMs === undefined ? {} : { stakedUntilMs };
  }
}
