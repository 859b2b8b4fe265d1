export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** One-sided 99 %. */
const Z = 2.326;

/**
 * How fast y grows with x: the median of the slopes of all pairs (Theil 1950), which single peaks do not move, and its lower
 * 99 % confidence limit by Kendall's statistic (Sen 1968).
 */
export function increase(points: readonly (readonly [x: number, y: number])[]): {
  readonly perUnit: number;
  readonly atLeast: number;
} {
  const slopes = points
    .flatMap(([x, y], i) => points.slice(i + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)))
    .sort((a, b) => a - b);
  const n = points.length;
  const spread = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const lower = Math.floor((slopes.length - spread) / 2);
  return { perUnit: percentile(slopes, 0.5), atLeast: slopes[Math.max(0, lower)] ?? NaN };
}
