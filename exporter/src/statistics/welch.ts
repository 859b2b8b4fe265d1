import { normalQuantile, studentTwoSided } from './special-functions.js';
import type { Interval } from '../domain/estimate.js';

export interface Moments {
  readonly samples: number;
  readonly mean: number;
  /** Sample variance (divided by n − 1). */
  readonly variance: number;
}

/** Welch's t test of equal means, two-sided. Without spread on both sides: p = 1 for equal means, else 0. */
export function welchTest(
  a: Moments,
  b: Moments,
): { readonly statistic: number; readonly degreesOfFreedom: number; readonly pValue: number } {
  const va = a.samples === 0 ? 0 : a.variance / a.samples;
  const vb = b.samples === 0 ? 0 : b.variance / b.samples;
  if (a.samples < 2 || b.samples < 2) return { statistic: 0, degreesOfFreedom: 0, pValue: 1 };
  if (va + vb === 0) return { statistic: 0, degreesOfFreedom: 0, pValue: a.mean === b.mean ? 1 : 0 };
  const statistic = (a.mean - b.mean) / Math.sqrt(va + vb);
  const degreesOfFreedom = (va + vb) ** 2 / (va ** 2 / (a.samples - 1) + vb ** 2 / (b.samples - 1));
  return { statistic, degreesOfFreedom, pValue: studentTwoSided(statistic, degreesOfFreedom) };
}

/** Interval of mean_now − mean_before, normal approximation with unequal variances; null with fewer than two values a side. */
export function differenceOfMeans(before: Moments, now: Moments, level = 0.95): Interval | null {
  if (before.samples < 2 || now.samples < 2) return null;
  const standardError = Math.sqrt(before.variance / before.samples + now.variance / now.samples);
  const half = normalQuantile((1 + level) / 2) * standardError;
  const difference = now.mean - before.mean;
  return { low: difference - half, high: difference + half, level };
}
