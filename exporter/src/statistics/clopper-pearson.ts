import { betaInverse } from './special-functions.js';
import type { Proportion } from '../domain/estimate.js';

/**
 * A proportion with its exact two-sided interval (Clopper & Pearson 1934). Of nothing: share 0, interval [0, 1].
 * @param count 0 ≤ count ≤ of
 */
export function proportion(count: number, of: number, level = 0.95): Proportion {
  const tail = (1 - level) / 2;
  return {
    count,
    of,
    share: of === 0 ? 0 : count / of,
    interval: { low: clopperPearsonLower(count, of, tail), high: clopperPearsonUpper(count, of, tail), level },
  };
}

/** Upper confidence bound at one-sided error `delta`: BetaInv(1 − δ; k + 1, n − k). */
export function clopperPearsonUpper(count: number, of: number, delta: number): number {
  return count >= of ? 1 : betaInverse(1 - delta, count + 1, of - count);
}

/** Lower confidence bound at one-sided error `delta`: BetaInv(δ; k, n − k + 1). */
export function clopperPearsonLower(count: number, of: number, delta: number): number {
  return count <= 0 ? 0 : betaInverse(delta, count, of - count + 1);
}
