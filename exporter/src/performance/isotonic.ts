/** A weighted point of a step function being fitted. */
export interface WeightedPoint {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/**
 * Weighted isotonic regression by pooling adjacent violators (Ayer et al. 1955): the non-decreasing values closest to
 * the points' in weighted squares. Points come in ascending x; one value per point is returned.
 */
export function isotonic(points: readonly WeightedPoint[]): number[] {
  const pools: { value: number; weight: number; size: number }[] = [];
  for (const { y, weight } of points) {
    pools.push({ value: y, weight, size: 1 });
    for (;;) {
      const last = pools.at(-1);
      const before = pools.at(-2);
      if (last === undefined || before === undefined || before.value <= last.value) break;
      pools.pop();
      const sum = before.weight + last.weight;
      before.value = sum === 0 ? before.value : (before.value * before.weight + last.value * last.weight) / sum;
      before.weight = sum;
      before.size += last.size;
    }
  }
  return pools.flatMap(({ value, size }) => new Array<number>(size).fill(value));
}
