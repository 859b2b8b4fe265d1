import { betaLower } from './special-functions.js';

/**
 * McNemar's exact test, two-sided, that two classifiers asked the same inputs are right equally often: of the inputs on which
 * exactly one is right, half should favour each (McNemar 1947, binomial form). Twice the smaller tail, at most 1.
 * @param onlyFirst inputs only the first is right on
 */
export function mcnemarTest(onlyFirst: number, onlySecond: number): number {
  const discordant = onlyFirst + onlySecond;
  if (discordant === 0) return 1;
  const fewer = Math.min(onlyFirst, onlySecond);
  // P(X ≤ k) for X ~ Bin(n, ½) is the regularised incomplete beta I½(n − k, k + 1).
  return Math.min(1, 2 * betaLower(0.5, discordant - fewer, fewer + 1));
}

/**
 * Interval of the difference of two paired proportions (second − first), by Bonett & Price 2012: Wald's with one added to
 * each discordant count and two to the total, which holds its level in small samples.
 */
export function pairedDifference(
  onlyFirst: number,
  onlySecond: number,
  of: number,
  z: number,
): { readonly low: number; readonly high: number } {
  const first = (onlyFirst + 1) / (of + 2);
  const second = (onlySecond + 1) / (of + 2);
  const middle = second - first;
  const half = z * Math.sqrt(Math.max(0, first + second - middle ** 2) / (of + 2));
  return { low: Math.max(-1, middle - half), high: Math.min(1, middle + half) };
}
