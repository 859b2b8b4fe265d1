import type { NumericCounts } from '../../domain/profile.js';
import { numericTotal, quantileOf } from '../../detection/statistics/signal-counts.js';

const QUANTILES = [
  0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
];
const FEWEST_VALUES = 30;

/** The same quantiles before and now: on the line y = x when nothing changed. Null with too few values. */
export function quantilePairs(
  before: NumericCounts,
  now: NumericCounts,
): readonly { readonly x: number; readonly y: number }[] | null {
  if (numericTotal(before) < FEWEST_VALUES || numericTotal(now) < FEWEST_VALUES) return null;
  return QUANTILES.map((q) => ({ x: quantileOf(before, q) ?? 0, y: quantileOf(now, q) ?? 0 }));
}

/** Coefficient of determination of `predict` over the pairs; 0 when y does not vary. */
export function determination(
  pairs: readonly { readonly x: number; readonly y: number }[],
  predict: (x: number) => number,
): number {
  const mean = pairs.reduce((sum, { y }) => sum + y, 0) / pairs.length;
  const total = pairs.reduce((sum, { y }) => sum + (y - mean) ** 2, 0);
  const rest = pairs.reduce((sum, { x, y }) => sum + (y - predict(x)) ** 2, 0);
  return total === 0 ? 0 : Math.max(0, 1 - rest / total);
}
