import { SampleInterval, type SampleIntervalState } from './sample-interval.js';

/** So many samples tell how fast they come. */
const PACE_SAMPLES = 25;

/**
 * A training set has no order, so nothing is known of how alike successive rows are: shifts are bet on in blocks of up to 2^7 samples
 * (docs/detection.md says for which rows that is not enough).
 */
export const UNORDERED_LEVEL = 7;

/**
 * How fast live samples come after a training set, which has no pace of its own. What comes meanwhile is no part of the normal, and is
 * bet on once there is something to bet with; it is in memory only.
 */
export class LivePace {
  private readonly clock: SampleInterval;
  private readonly waiting: { readonly score: number; readonly atMs: number }[] = [];

  /** @param setMs time that the training set took */
  constructor(
    readonly setMs: number,
    state?: SampleIntervalState,
  ) {
    this.clock = new SampleInterval(state);
  }

  add(score: number, atMs: number): void {
    this.clock.add(atMs);
    if (this.waiting.length < PACE_SAMPLES) this.waiting.push({ score, atMs });
  }

  get isKnown(): boolean {
    return this.clock.samples >= PACE_SAMPLES;
  }

  get meanMs(): number {
    return this.clock.meanMs;
  }

  /** The first of those that came. */
  get held(): readonly { readonly score: number; readonly atMs: number }[] {
    return this.waiting;
  }

  snapshot(): SampleIntervalState {
    return this.clock.snapshot();
  }
}
