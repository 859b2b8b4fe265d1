/** Farther out than all values seen by this factor is far: no tail of independent values gets there often, whatever its shape. */
const FAR = 4;
/** A time of day that moves values so far takes longer than this from one row to the next. */
const SUDDEN_MS = 300_000;
/** The range of values nearly all of which are the same says nothing about the next one. */
const MOST_ALIKE = 0.9;

/** Its ends are rounded outwards, never values as they were sent. */
export interface SeenRangeState {
  readonly low: number;
  readonly high: number;
  /** Of the newest value, and of the newest one that was far. */
  readonly atMs: number;
  readonly farAtMs: number;
  readonly isFar: boolean;
}

/** To two significant digits. */
function rounded(value: number, to: (digits: number) => number): number {
  if (value === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
  const end = to(value / unit) * unit;
  return unit > 0 && Number.isFinite(end) ? end : value;
}

/**
 * The range of all values of a number seen so far, and jumps out of it: values that are four times as far out as every one before
 * and came suddenly. While values are independent, whatever their distribution, a new one leaves the range of n earlier ones with a chance of at most
 * 2 ÷ (n + 1); a pattern of the clock (a sun that rises) moves values farther, but not by so much from one row to the next within
 * minutes. What is gone to slowly, or after a pause, widens the range.
 */
export class SeenRange {
  private low: number;
  private high: number;
  private atMs: number;
  private farAtMs: number;
  private isFar: boolean;

  constructor({ low, high, atMs, farAtMs, isFar }: SeenRangeState) {
    this.low = low;
    this.high = high;
    this.atMs = atMs;
    this.farAtMs = farAtMs;
    this.isFar = isFar;
  }

  /**
   * @param edges of bins that hold the values seen, ascending
   * @param counts of those bins: bin k ends at edge k
   * @returns null where nearly all values are the same
   */
  static of(edges: readonly number[], counts: readonly number[]): SeenRange | null {
    const [low, high] = [edges[0], edges.at(-1)];
    if (low === undefined || high === undefined) return null;
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (Math.max(...counts) > MOST_ALIKE * total) return null;
    return new SeenRange({
      low: rounded(low, Math.floor),
      high: rounded(high, Math.ceil),
      atMs: 0,
      farAtMs: 0,
      isFar: false,
    });
  }

  /**
   * Folds one value, in the order of time.
   * @returns whether it jumped out of the range
   */
  add(value: number, atMs: number): boolean {
    const isSudden = this.isFar || atMs - this.atMs <= SUDDEN_MS;
    this.atMs = atMs;
    this.isFar = isSudden && this.leaves(value);
    if (this.isFar) {
      this.farAtMs = atMs;
      return true;
    }
    // The nearest of those that jumped belong to them: range and jump would grow together.
    if (atMs - this.farAtMs <= SUDDEN_MS) return false;
    if (value < this.low) this.low = rounded(value, Math.floor);
    else if (value > this.high) this.high = rounded(value, Math.ceil);
    return false;
  }

  private leaves(value: number): boolean {
    const { low, high } = this;
    if (value >= low && value <= high) return false;
    const most = Math.max(Math.abs(low), Math.abs(high));
    if (value > high + (FAR - 1) * most || value < low - (FAR - 1) * most) return true;
    // Far smaller, of the same sign: 0 is where many things begin and end.
    return (low > 0 && value > 0 && value < low / FAR) || (high < 0 && value < 0 && value > high / FAR);
  }

  snapshot(): SeenRangeState {
    return { low: this.low, high: this.high, atMs: this.atMs, farAtMs: this.farAtMs, isFar: this.isFar };
  }
}
