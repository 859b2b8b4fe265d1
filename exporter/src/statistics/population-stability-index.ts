/** Share given to an empty bin, so that the logarithm exists. */
const FLOOR = 1e-4;

export interface PopulationStability {
  /** Σ(p − q)·ln(p/q). */
  readonly value: number;
  /** What it would be on average without any change: (K − 1)(1/n + 1/m). */
  readonly nullExpectation: number;
}

/** Population stability index of two counts over the same bins; empty bins count as a share of 10⁻⁴. Zeros without values. */
export function populationStabilityIndex(before: readonly number[], now: readonly number[]): PopulationStability {
  const n = before.reduce((sum, count) => sum + count, 0);
  const m = now.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return { value: 0, nullExpectation: 0 };
  let value = 0;
  let bins = 0;
  before.forEach((count, i) => {
    const other = now[i] ?? 0;
    if (count === 0 && other === 0) return;
    bins += 1;
    const p = Math.max(FLOOR, count / n);
    const q = Math.max(FLOOR, other / m);
    value += (p - q) * Math.log(p / q);
  });
  return { value, nullExpectation: Math.max(0, bins - 1) * (1 / n + 1 / m) };
}
