/** Long blocks vary little, so they are told apart on finer bins. */
const COARSE_BINS = 100;
const FINE_BINS = 400;
const LONG_BLOCK = 64;

/** Bins that resolve the means of blocks of this many samples. */
export function binsFor(blockLength: number): number {
  return blockLength >= LONG_BLOCK ? FINE_BINS : COARSE_BINS;
}

/** Bin of a value in [0, 1]. */
export function binOf(value: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.floor(value * bins)));
}

/** Non-zero counts as [bin, count, bin, count, …]. */
export type SparseCounts = readonly number[];

export function sparse(counts: Uint32Array): SparseCounts {
  const pairs: number[] = [];
  for (let bin = 0; bin < counts.length; bin += 1) {
    const count = counts[bin] ?? 0;
    if (count > 0) pairs.push(bin, count);
  }
  return pairs;
}

export function dense(pairs: SparseCounts, bins: number): Uint32Array {
  const counts = new Uint32Array(bins);
  for (let i = 0; i + 1 < pairs.length; i += 2) counts[pairs[i] ?? 0] = pairs[i + 1] ?? 0;
  return counts;
}

export interface ReferenceState {
  readonly counts: SparseCounts;
  readonly pending: SparseCounts;
}

/**
 * The blocks seen so far, counted in equal bins of [0, 1], and the smoothed conformal p-value of the next one among
 * them. If blocks are exchangeable the p-values are independent and uniform exactly, whatever the distribution (Vovk,
 * Gammerman & Shafer 2005). Blocks of a change that is still being watched are kept apart, so they can be taken out
 * again when the change turns out to be real.
 */
export class ConformalReference {
  /** Null while nothing is under suspicion, as nearly always. */
  private pending: Uint32Array | null = null;
  /** Sums of all blocks over ranges of bins (Fenwick 1994, "A new data structure for cumulative frequency tables"). */
  private readonly sums: Uint32Array;
  private total = 0;
  private pendingTotal = 0;

  constructor(
    private readonly bins: number,
    state?: ReferenceState,
  ) {
    this.sums = new Uint32Array(bins + 1);
    if (state === undefined) return;
    this.total = this.countAll(state.counts);
    if (state.pending.length === 0) return;
    this.pending = dense(state.pending, bins);
    this.pendingTotal = this.countAll(state.pending);
  }

  /** Blocks counted, those still under suspicion included. */
  get size(): number {
    return this.total + this.pendingTotal;
  }

  /**
   * Share of blocks below `value`, ties broken at random; large when the block is high.
   * @param v uniform in (0, 1)
   */
  pValue(value: number, v: number): number {
    const bin = binOf(value, this.bins);
    const { sums } = this;
    let below = 0;
    for (let at = bin; at > 0; at &= at - 1) below += sums[at] ?? 0;
    const ties = this.countOf(bin) + 1;
    return (below + v * ties) / (this.size + 1);
  }

  /** @param accepted nothing is suspected: this block and all that was pending are part of normal */
  add(value: number, accepted: boolean): void {
    const bin = binOf(value, this.bins);
    this.count(bin, 1);
    if (accepted) {
      this.total += this.pendingTotal + 1;
      this.pending = null;
      this.pendingTotal = 0;
      return;
    }
    this.pending ??= new Uint32Array(this.bins);
    this.pending[bin] = (this.pending[bin] ?? 0) + 1;
    this.pendingTotal += 1;
  }

  /** All blocks of a bin, those still under suspicion included: its range less the ranges inside that range. */
  private countOf(bin: number): number {
    const { sums } = this;
    const end = bin + 1;
    let count = sums[end] ?? 0;
    for (let at = bin; at > (end & bin); at &= at - 1) count -= sums[at] ?? 0;
    return count;
  }

  private countAll(pairs: SparseCounts): number {
    let sum = 0;
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const count = pairs[i + 1] ?? 0;
      this.count(pairs[i] ?? 0, count);
      sum += count;
    }
    return sum;
  }

  /** Adds blocks to the sums of every range that holds their bin. */
  private count(bin: number, blocks: number): void {
    const { sums } = this;
    if (blocks === 0) return;
    for (let at = bin + 1; at < sums.length; at += at & -at) sums[at] = (sums[at] ?? 0) + blocks;
  }

  /** The suspicion was right: what was pending is no part of normal. */
  drop(): void {
    // Unsigned arithmetic wraps, so that taking away is adding.
    for (const [bin, count] of this.pending?.entries() ?? []) this.count(bin, -count);
    this.pending = null;
    this.pendingTotal = 0;
  }

  snapshot(): ReferenceState {
    const { bins, pending } = this;
    const counts = new Uint32Array(bins);
    for (let bin = 0; bin < bins; bin += 1) counts[bin] = this.countOf(bin) - (pending?.[bin] ?? 0);
    return { counts: sparse(counts), pending: pending === null ? [] : sparse(pending) };
  }
}
