const EDGES = 32;

export interface ReferenceQuantilesState {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/**
 * Where a value lies among the warm-up values, as a number in [0, 1] that is uniform while nothing changes: the
 * probability integral transform on at most 32 quantile edges, ties broken at random. Being built on ranks, it does not
 * care about units, heavy tails or outliers.
 */
export class ReferenceQuantiles {
  /** Ascending. Bin k holds values in (edge[k−1], edge[k]]; the last bin everything above. */
  private readonly edges: Float64Array;
  private readonly counts: Float64Array;
  private readonly below: Float64Array;
  private readonly total: number;

  private constructor(edges: readonly number[], counts: readonly number[]) {
    this.edges = Float64Array.from(edges);
    this.counts = Float64Array.from(counts);
    this.below = new Float64Array(counts.length);
    let seen = 0;
    for (let k = 0; k < counts.length; k += 1) {
      this.below[k] = seen;
      seen += counts[k] ?? 0;
    }
    this.total = seen;
  }

  /** @param values finite warm-up values; at least one */
  static fit(values: readonly number[]): ReferenceQuantiles {
    const sorted = [...values].sort((a, b) => a - b);
    const edges: number[] = [];
    for (let k = 1; k <= EDGES; k += 1) {
      const edge = sorted[Math.ceil((k * sorted.length) / EDGES) - 1];
      if (edge !== undefined && edge !== edges.at(-1)) edges.push(edge);
    }
    const lowest = sorted[0];
    if (lowest !== undefined && edges[0] !== lowest) edges.unshift(lowest);
    const counts = new Array<number>(edges.length + 1).fill(0);
    let k = 0;
    for (const value of sorted) {
      while (value > (edges[k] ?? Infinity)) k += 1;
      counts[k] = (counts[k] ?? 0) + 1;
    }
    return new ReferenceQuantiles(edges, counts);
  }

  static restore({ edges, counts }: ReferenceQuantilesState): ReferenceQuantiles {
    return new ReferenceQuantiles(edges, counts);
  }

  /**
   * @param x finite
   * @param v uniform in (0, 1)
   */
  position(x: number, v: number): number {
    const { edges } = this;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (x <= (edges[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    return ((this.below[low] ?? 0) + v * ((this.counts[low] ?? 0) + 1)) / (this.total + 1);
  }

  snapshot(): ReferenceQuantilesState {
    return { edges: [...this.edges], counts: [...this.counts] };
  }
}
