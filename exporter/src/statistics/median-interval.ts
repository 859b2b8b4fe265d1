import type { Estimate } from '../domain/validation.js';
import { betaLower } from './special-functions.js';

/**
 * The median with the distribution-free interval between two order statistics: the k-th smallest and the k-th largest, k the
 * greatest with P(Bin(n, ½) < k) ≤ (1 − level) / 2 (Conover 1999, §3.2). Null for too few values to bound it:
 * fewer than 6 at 95 %.
 */
export function medianInterval(values: readonly number[], level = 0.95): Estimate | null {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let k = 0;
  while (k < Math.floor(n / 2) && binomialAtMost(k, n) <= (1 - level) / 2) k += 1;
  const low = sorted[k - 1];
  const high = sorted[n - k];
  if (low === undefined || high === undefined) return null;
  const middle = ((sorted[(n - 1) >> 1] ?? low) + (sorted[n >> 1] ?? high)) / 2;
  return { value: middle, interval: { low, high, level } };
}

/** P(Bin(n, ½) ≤ k) for 0 ≤ k < n. */
const binomialAtMost = (k: number, n: number): number => betaLower(0.5, n - k, k + 1);
