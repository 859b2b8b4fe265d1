import { normalQuantile } from './special-functions.js';
import type { Interval } from '../domain/estimate.js';

/**
 * Interval of p_now − p_before from two independent counts, by combining Wilson's score intervals (Newcombe 1998,
 * Statistics in Medicine 17:873, method 10). Within [−1, 1]; of nothing it is [−1, 1].
 */
export function differenceOfProportions(
  before: { readonly count: number; readonly of: number },
  now: { readonly count: number; readonly of: number },
  level = 0.95,
): Interval {
  if (before.of === 0 || now.of === 0) return { low: -1, high: 1, level };
  const a = wilson(before.count, before.of, level);
  const b = wilson(now.count, now.of, level);
  const difference = b.share - a.share;
  return {
    low: difference - Math.hypot(b.share - b.low, a.high - a.share),
    high: difference + Math.hypot(b.high - b.share, a.share - a.low),
    level,
  };
}

/** Wilson's score interval (Wilson 1927). */
function wilson(count: number, of: number, level: number): { share: number; low: number; high: number } {
  const z = normalQuantile((1 + level) / 2);
  const share = count / of;
  const middle = share + (z * z) / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return { share, low: (middle - half) / scale, high: (middle + half) / scale };
}
