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
  counts.forEach((count, bin) => {
    if (count > 0) pairs.push(bin, count);
  });
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
  private readonly counts: Uint32Array;
  private readonly pending: Uint32Array;
  private total = 0;
  private pendingTotal = 0;

  constructor(
    private readonly bins: number,
    state?: ReferenceState,
  ) {
    this.counts = dense(state?.counts ?? [], bins);
    this.pending = dense(state?.pending ?? [], bins);
    this.total = this.counts.reduce((sum, n) => sum + n, 0);
    this.pendingTotal = this.pending.reduce((sum, n) => sum + n, 0);
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
    let below = 0;
    for (let h = 0; h < bin; h += 1) below += (this.counts[h] ?? 0) + (this.pending[h] ?? 0);
    const ties = (this.counts[bin] ?? 0) + (this.pending[bin] ?? 0) + 1;
    return (below + v * ties) / (this.size + 1);
  }

  /** @param accepted nothing is suspected: this block and all that was pending are part of normal */
  add(value: number, accepted: boolean): void {
    const bin = binOf(value, this.bins);
    if (accepted) {
      if (this.pendingTotal > 0) this.accept();
      this.counts[bin] = (this.counts[bin] ?? 0) + 1;
      this.total += 1;
      return;
    }
    this.pending[bin] = (this.pending[bin] ?? 0) + 1;
    this.pendingTotal += 1;
  }

  private accept(): void {
    for (let h = 0; h < this.bins; h += 1) this.counts[h] = (this.counts[h] ?? 0) + (this.pending[h] ?? 0);
    this.total += this.pendingTotal;
    this.drop();
  }

  /** The suspicion was right: what was pending is no part of normal. */
  drop(): void {
    this.pending.fill(0);
    this.pendingTotal = 0;
  }

  snapshot(): ReferenceState {
    return { counts: sparse(this.counts), pending: sparse(this.pending) };
  }
}
