import type { NumericCounts } from '../domain/profile.js';
import { numericTotal, quantileOf } from './signal-counts.js';
import { normalQuantile } from './special-functions.js';
import type { Interval } from '../domain/estimate.js';

/**
 * Distribution-free interval of a quantile, read off counts: the order statistics at q ± z·√(q(1 − q)/n) (Conover 1999,
 * "Practical Nonparametric Statistics", §3.2, large-sample form). Null without values.
 * @param q 0–1
 */
export function quantileInterval(counts: NumericCounts, q: number, level = 0.95): Interval | null {
  const n = numericTotal(counts);
  const margin = normalQuantile((1 + level) / 2) * Math.sqrt((q * (1 - q)) / Math.max(1, n));
  const low = quantileOf(counts, Math.max(0, q - margin));
  const high = quantileOf(counts, Math.min(1, q + margin));
  return low === null || high === null ? null : { low, high, level };
}
