/** Farther out than all values seen by this factor is far: no tail of independent values gets there often, whatever its shape. */
const FAR = 4;
/** A time of day that moves values so far takes longer than this from one row to the next. */
const SUDDEN_MS = 300_000;
/** The middle eight tenths of the values seen spread by this factor at least: what is set by a switch hardly spreads, until it is switched. */
const LEAST_SPREAD = 1.5;
const MIDDLE = [0.1, 0.9] as const;

/** So many values that went far and came back, or came after a pause, are no outliers: they belong to what is seen. */
const LEAST_FAR = 10;

/** Ends are rounded outwards, as bins are. */
interface Ends {
  readonly low: number;
  readonly high: number;
}

export interface SeenRangeState extends Ends {
  /** Of the newest value. */
  readonly atMs: number;
  /** How the newest value came to be far; `near` when it is not. */
  readonly went: 'near' | 'suddenly' | 'in a pause';
  /** What is seen holds values of all times of day: no pause explains a far one. */
  readonly anyTime?: true | undefined;
  /** Values that were far of late; null for none. */
  readonly far: (Ends & { readonly values: number; readonly atMs: number }) | null;
}

/** To two significant digits. */
function rounded(value: number, to: (digits: number) => number): number {
  if (value === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
  const end = to(value / unit) * unit;
  return unit > 0 && Number.isFinite(end) ? end : value;
}

/** The end of the bin below which this share of the values is. */
function quantileOf(edges: readonly number[], counts: readonly number[], share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  return edges.find((_, k) => (seen += counts[k] ?? 0) >= share * total);
}

/**
 * The range of all values of a number seen so far, and jumps out of it: values that are four times as far out as every one before
 * and came suddenly. While values are independent, whatever their distribution, a new one leaves the range of n earlier ones with a chance of at most
 * 2 ÷ (n + 1); a pattern of the clock (a sun that rises) moves values farther, but not by so much from one row to the next within
 * minutes. What is gone to slowly, or after a pause, widens the range, and so does what jumped and came back.
 */
export class SeenRange {
  private ends: Ends;
  private atMs: number;
  private went: SeenRangeState['went'];
  private far: SeenRangeState['far'];
  private anyTime: SeenRangeState['anyTime'];

  constructor({ low, high, atMs, went, far, anyTime }: SeenRangeState) {
    this.ends = { low, high };
    this.atMs = atMs;
    this.went = went;
    this.far = far;
    this.anyTime = anyTime;
  }

  /** What was seen until now was of all times of day. */
  endOfAllTimes(): void {
    this.takeFar();
    this.anyTime = true;
  }

  /**
   * @param edges of bins that hold the values seen, ascending
   * @param counts of those bins: bin k ends at edge k
   * @returns null where values hardly differ
   */
  static of(edges: readonly number[], counts: readonly number[]): SeenRange | null {
    const [low, high] = [edges[0], edges.at(-1)];
    const [from, to] = MIDDLE.map((share) => quantileOf(edges, counts, share));
    if (low === undefined || high === undefined || from === undefined || to === undefined) return null;
    const [least, most] = [Math.min(Math.abs(from), Math.abs(to)), Math.max(Math.abs(from), Math.abs(to))];
    const isOfOneSign = from * to > 0;
    if (from === to || (isOfOneSign && most < LEAST_SPREAD * least)) return null;
    return new SeenRange({ ...widened(null, low, high), atMs: 0, went: 'near', far: null });
  }

  /**
   * Folds one value, in the order of time.
   * @returns whether it jumped out of the range
   */
  add(value: number, atMs: number): boolean {
    if (isFarFrom(this.ends, value)) return this.addFar(value, atMs);
    if (this.far !== null || value < this.ends.low || value > this.ends.high) this.addNear(value, atMs);
    this.atMs = atMs;
    this.went = 'near';
    return false;
  }

  private addFar(value: number, atMs: number): boolean {
    const isSudden =
      this.anyTime === true || this.went === 'suddenly' || (this.went === 'near' && atMs - this.atMs <= SUDDEN_MS);
    this.far = { ...widened(this.far, value, value), values: (this.far?.values ?? 0) + 1, atMs };
    this.atMs = atMs;
    this.went = isSudden ? 'suddenly' : 'in a pause';
    if (!isSudden && this.far.values >= LEAST_FAR) this.takeFar();
    return isSudden;
  }

  private addNear(value: number, atMs: number): void {
    // Values that are nearest of those that jumped belong to them: range and jump would grow together.
    if (this.far !== null && atMs - this.far.atMs <= SUDDEN_MS) return;
    this.takeFar();
    this.ends = widened(this.ends, value, value);
  }

  private takeFar(): void {
    if (this.far !== null && this.far.values >= LEAST_FAR) this.ends = widened(this.ends, this.far.low, this.far.high);
    this.far = null;
  }

  snapshot(): SeenRangeState {
    return { ...this.ends, atMs: this.atMs, went: this.went, far: this.far, anyTime: this.anyTime };
  }
}

function isFarFrom({ low, high }: Ends, value: number): boolean {
  const most = Math.max(Math.abs(low), Math.abs(high));
  if (value > high + (FAR - 1) * most || value < low - (FAR - 1) * most) return true;
  // Far smaller, of the same sign: 0 is where many things begin and end.
  return (low > 0 && value > 0 && value < low / FAR) || (high < 0 && value < 0 && value > high / FAR);
}

/** A range that holds these, too. */
const widened = (range: Ends | null, low: number, high: number): Ends => ({
  low: range !== null && low >= range.low ? range.low : rounded(low, Math.floor),
  high: range !== null && high <= range.high ? range.high : rounded(high, Math.ceil),
});
