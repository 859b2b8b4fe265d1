import type { Random } from '../../domain/ports.js';

/** One row from each of `count` equal parts of the rows sorted by output. */
export function strataOf<Row extends { readonly output: number }>(
  rows: readonly Row[],
  count: number,
  random: Random,
): Row[] {
  const sorted = [...rows].sort((a, b) => a.output - b.output);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * sorted.length) / count);
    const to = Math.floor(((i + 1) * sorted.length) / count);
    return sorted[from + Math.floor(random.next() * (to - from))];
  }).filter((row) => row !== undefined);
}

/** Mean and its standard error; null with fewer than two values. */
export function meanWithError(values: readonly number[]): {
  readonly mean: number;
  readonly standardError: number | null;
} {
  const n = values.length;
  if (n === 0) return { mean: 0, standardError: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, standardError: null };
  return {
    mean,
    standardError: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n * (n - 1))),
  };
}
