import { normalQuantile } from './special-functions.js';
import type { Interval } from '../domain/estimate.js';

/**
 * Interval of the total variation distance ½ Σ|pᵢ − qᵢ| of two count vectors over the same categories, by the delta
 * method with the signs of the observed differences held fixed: it is then ½(E_p s − E_q s) for s = ±1, whose variance is
 * ¼[(1 − (E_p s)²)/n + (1 − (E_q s)²)/m]. Right where the difference is clear, which is where findings are made; cut to [0, 1].
 */
export function totalVariationInterval(before: readonly number[], now: readonly number[], level = 0.95): Interval {
  const n = before.reduce((sum, count) => sum + count, 0);
  const m = now.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return { low: 0, high: 1, level };
  let p = 0;
  let q = 0;
  before.forEach((count, i) => {
    const sign = Math.sign(count / n - (now[i] ?? 0) / m);
    p += (sign * count) / n;
    q += (sign * (now[i] ?? 0)) / m;
  });
  const distance = (p - q) / 2;
  const half = (normalQuantile((1 + level) / 2) * Math.sqrt((1 - p * p) / n + (1 - q * q) / m)) / 2;
  return { low: Math.max(0, distance - half), high: Math.min(1, distance + half), level };
}
