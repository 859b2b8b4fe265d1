/** Of the mean time between false alerts: what may be staked at once, and after a pause at most. */
const AT_ONCE = 1 / 1_000;
const AFTER_PAUSE = 1 / 30;

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
   * @param stakedUntilMs all time before is staked; undefined before the first step
   */
  constructor(
    private readonly perStep: number,
    private readonly settings: StakeClockSettings | null,
    private stakedUntilMs?: number,
  ) {}

  /** Spends it. @param steps so many at once, of which the last began at `atMs` @returns ticks for each of them */
  take(atMs: number, steps = 1): number {
    if (this.settings === null) return this.perStep;
    const stake = this.look(atMs, steps);
    this.stakedUntilMs = this.from(atMs, this.settings) + stake * steps * this.settings.tickMs;
    return stake;
  }

  /** What `take` would say. */
  look(atMs: number, steps = 1): number {
    if (this.settings === null) return this.perStep;
    const passed = Math.max(0, atMs - this.from(atMs, this.settings)) / this.settings.tickMs;
    return Math.min(this.perStep, passed / steps);
  }

  private from(atMs: number, { meanTimeBetweenMs }: StakeClockSettings): number {
    const most = atMs - AFTER_PAUSE * meanTimeBetweenMs;
    return Math.max(this.stakedUntilMs ?? atMs - AT_ONCE * meanTimeBetweenMs, most);
  }

  snapshot(): { readonly stakedUntilMs?: number } {
    const { stakedUntilMs } = this;
    return stakedUntilMs === undefined ? {} : { stakedUntilMs };
  }
}
