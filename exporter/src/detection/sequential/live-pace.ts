import { SampleInterval } from './sample-interval.js';

/** So many samples over so much time tell how fast they come; so many tell that they come in bursts, or fast. */
const PACE_SAMPLES = 25;
const PACE_MS = 10_000;
const BURST_SAMPLES = 100;
/** A burst may be followed by slow samples, and be all there is for a day: its blocks are short, and its samples stake freely (stake-clock.ts). */
const BURST_LEVEL = 2;
const BURST_SAMPLE_MS = 60_000;

/**
 * A training set has no order, so nothing is known of how alike successive rows are: shifts are bet on in blocks of up to 2^7 samples
 * (docs/detection.md says for which rows that is not enough).
 */
export const UNORDERED_LEVEL = 7;

/** How fast samples come, and what that asks of blocks. */
export interface Pace {
  /** Mean time from one sample to the next. */
  readonly sampleMs: number;
  /** Blocks of at least 2^n samples last long enough. */
  readonly shortestLevel: number;
}

/**
 * How fast live samples come after a training set, which has no pace of its own. What comes meanwhile is no part of the normal, and is
 * bet on once there is something to bet with; it is in memory only, and drawn anew after a start (monitoring/lost-rows.ts).
 */
export class LivePace {
  private readonly clock = new SampleInterval();
  private readonly waiting: { readonly score: number; readonly atMs: number }[] = [];

  /** @param setMs time that the training set took */
  constructor(readonly setMs: number) {}

  add(score: number, atMs: number): void {
    this.clock.add(atMs);
    this.waiting.push({ score, atMs });
  }

  get isKnown(): boolean {
    return this.isTimed || this.clock.samples >= BURST_SAMPLES;
  }

  private get isTimed(): boolean {
    return this.clock.samples >= PACE_SAMPLES && this.clock.elapsedMs >= PACE_MS;
  }

  /** @param shortestBlockMs how long a block lasts at least */
  pace(shortestBlockMs: number): Pace {
    // Pauses count: what is staked is bounded by the time that passes, and a block must not last for days after a burst.
    const meanMs = this.clock.elapsedMs / Math.max(1, this.clock.samples - 1);
    const level = Math.max(0, Math.ceil(Math.log2(shortestBlockMs / Math.max(1e-3, meanMs))));
    return this.isTimed
      ? { sampleMs: meanMs, shortestLevel: level }
      : { sampleMs: BURST_SAMPLE_MS, shortestLevel: Math.min(BURST_LEVEL, level) };
  }

  /** All that came. */
  get held(): readonly { readonly score: number; readonly atMs: number }[] {
    return this.waiting;
  }
}
