import type { NumericCounts } from '../../domain/profile.js';
import { numericTotal, quantileOf } from '../../statistics/signal-counts.js';

const QUANTILES = [
  0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
];
const MIN_VALUES = 30;

/** A quantile before (x) and the same now (y), in ascending order. */
export type QuantilePairs = readonly { readonly x: number; readonly y: number }[];

/** One side's values: the numbers themselves where rows are in memory, else counts, which are coarser the farther from their centre. */
export type Values = readonly number[] | NumericCounts;

export const isCounts = (values: Values): values is NumericCounts => 'grid' in values;
export const sizeOf = (values: Values): number => (isCounts(values) ? numericTotal(values) : values.length);

function quantilesOf(values: Values): readonly number[] {
  if (isCounts(values)) return QUANTILES.map((q) => quantileOf(values, q) ?? 0);
  const sorted = Float64Array.from(values).sort();
  return QUANTILES.map((q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
}

/** The same quantiles before and now: on the line y = x when nothing changed. Null with too few values. */
export function quantilePairs(before: Values, now: Values): QuantilePairs | null {
  if (sizeOf(before) < MIN_VALUES || sizeOf(now) < MIN_VALUES) return null;
  const y = quantilesOf(now);
  return quantilesOf(before).map((x, i) => ({ x, y: y[i] ?? 0 }));
}

/** Standard deviation over the quantiles: that of the values without their tails. */
export function spreadOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Coefficient of determination of `predict` over the pairs; 0 when y does not vary. */
export function determination(pairs: QuantilePairs, predict: (x: number) => number): number {
  const mean = pairs.reduce((sum, { y }) => sum + y, 0) / pairs.length;
  const total = pairs.reduce((sum, { y }) => sum + (y - mean) ** 2, 0);
  const rest = pairs.reduce((sum, { x, y }) => sum + (y - predict(x)) ** 2, 0);
  return total === 0 ? 0 : Math.max(0, 1 - rest / total);
}
