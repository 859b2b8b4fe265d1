import { fSurvival } from './special-functions.js';

/** A weighted value: `weight` times `at`. */
export interface WeightedValue {
  readonly at: number;
  readonly weight: number;
}

/** Brown & Forsythe's (1974) test of equal variances of two groups: analysis of variance of the distances to the medians. */
export function brownForsythe(
  a: readonly WeightedValue[],
  b: readonly WeightedValue[],
): { readonly statistic: number; readonly pValue: number } {
  const groups = [a, b].map((group) => {
    const sorted = [...group].filter(({ weight }) => weight > 0).sort((x, y) => x.at - y.at);
    const n = sorted.reduce((sum, { weight }) => sum + weight, 0);
    const centre = weightedMedian(sorted, n);
    const distances = sorted.map(({ at, weight }) => ({ at: Math.abs(at - centre), weight }));
    const mean = distances.reduce((sum, { at, weight }) => sum + at * weight, 0) / Math.max(1, n);
    const within = distances.reduce((sum, { at, weight }) => sum + weight * (at - mean) ** 2, 0);
    return { n, mean, within };
  });
  const n = groups.reduce((sum, group) => sum + group.n, 0);
  if (groups.some((group) => group.n < 2)) return { statistic: 0, pValue: 1 };
  const grand = groups.reduce((sum, group) => sum + group.n * group.mean, 0) / n;
  const between = groups.reduce((sum, group) => sum + group.n * (group.mean - grand) ** 2, 0);
  const within = groups.reduce((sum, group) => sum + group.within, 0);
  if (within === 0) return { statistic: between === 0 ? 0 : Infinity, pValue: between === 0 ? 1 : 0 };
  const statistic = (between * (n - 2)) / within;
  return { statistic, pValue: fSurvival(statistic, 1, n - 2) };
}

function weightedMedian(sorted: readonly WeightedValue[], n: number): number {
  let seen = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const value = sorted[i];
    if (value === undefined) break;
    seen += value.weight;
    if (seen * 2 > n) return value.at;
    if (seen * 2 === n) return (value.at + (sorted[i + 1]?.at ?? value.at)) / 2;
  }
  return 0;
}
