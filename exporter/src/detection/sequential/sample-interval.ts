/** Gaps are told apart by powers of two of a millisecond. */
const BUCKETS = 48;
/** A gap this many times as long as the usual one is a pause, or a wrong timestamp, and no part of the pace. */
const PAUSE = 100;

export interface SampleIntervalState {
  readonly samples: number;
  readonly newestMs: number;
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

/** The least power of two, at least 1, that is no less. Counted in bits where it can be: all streams of all rows come by here. */
function bucketOf(gapMs: number): number {
  const whole = Math.ceil(gapMs);
  if (whole <= 2 ** 31) return 32 - Math.clz32(whole - 1);
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(gapMs)));
}

/**
 * Mean time between samples, from their own timestamps, in whatever order they come (labels may come newest first): a gap is what a
 * sample adds to the time that was seen. Pauses and timestamps that are far off are left out, samples that came together share the time
 * since those before. Never longer than the truth by much, so evidence that is paced by it only ever gets stricter; except where one that
 * is far older comes first and all others then newest first, whose stakes the time that passes bounds (stake-clock.ts).
 */
export class SampleInterval {
  private count = 0;
  private newestMs = 0;
  private oldestMs = 0;
  /** Empty until there is a gap: a stream may never have a sample. */
  private counts = new Uint32Array(0);
  private sums = new Float64Array(0);

  constructor(state?: SampleIntervalState) {
    if (state === undefined) return;
    this.count = state.samples;
    this.newestMs = state.newestMs;
    this.counts = Uint32Array.from(state.counts);
    this.sums = Float64Array.from(state.sums);
    this.oldestMs = state.newestMs - this.elapsedMs;
  }

  add(atMs: number): void {
    const gapMs = Math.max(atMs - this.newestMs, this.oldestMs - atMs);
    this.count += 1;
    if (this.count > 1 && gapMs > 0) {
      if (this.counts.length === 0) {
        this.counts = new Uint32Array(BUCKETS);
        this.sums = new Float64Array(BUCKETS);
      }
      const bucket = bucketOf(gapMs);
      this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
      this.sums[bucket] = (this.sums[bucket] ?? 0) + gapMs;
    }
    if (this.count === 1 || atMs > this.newestMs) this.newestMs = atMs;
    if (this.count === 1 || atMs < this.oldestMs) this.oldestMs = atMs;
  }

  get samples(): number {
    return this.count;
  }

  /** Milliseconds from one sample to the next; 0 before two different times were seen. */
  get meanMs(): number {
    const gaps = this.counts.reduce((sum, count) => sum + count, 0);
    if (gaps === 0) return 0;
    let seen = 0;
    const usual = this.counts.findIndex((count) => (seen += count) * 2 >= gaps);
    let total = 0;
    for (let bucket = 0; bucket < BUCKETS && 2 ** bucket <= PAUSE * 2 ** usual; bucket += 1) {
      total += this.sums[bucket] ?? 0;
    }
    return total / Math.max(1, this.count - 1);
  }

  /** Milliseconds from the oldest sample to the newest, pauses too. */
  get elapsedMs(): number {
    return this.sums.reduce((sum, each) => sum + each, 0);
  }

  snapshot(): SampleIntervalState {
    return { samples: this.count, newestMs: this.newestMs, counts: [...this.counts], sums: [...this.sums] };
  }
}
