import type { CategoricalCounts, NumericCounts, SignalCounts } from '../domain/profile.js';
import { cellMiddle, cellOf, sameGrid } from './grid.js';
import type { LevelSummary } from '../domain/estimate.js';

/** Number of valid values. */
export function numericTotal(counts: NumericCounts): number {
  let total = 0;
  for (const count of counts.cells.values()) total += count;
  return total;
}

/** Number of valid values, the folded ones included. */
export function categoricalTotal(counts: CategoricalCounts): number {
  let total = counts.other;
  for (const count of counts.categories.values()) total += count;
  return total;
}

/** Number of valid values of either kind. */
export function validTotal(counts: SignalCounts): number {
  return counts.kind === 'numeric' ? numericTotal(counts) : categoricalTotal(counts);
}

function shareOf(part: number, counts: SignalCounts): number {
  const all = validTotal(counts) + counts.missing + counts.invalid;
  return all === 0 ? 0 : part / all;
}

/** Missing values as a share of all, 0 when nothing was counted. */
export function missingShare(counts: SignalCounts): number {
  return shareOf(counts.missing, counts);
}

/** Invalid values (NaN, other type) as a share of all, 0 when nothing was counted. */
export function invalidShare(counts: SignalCounts): number {
  return shareOf(counts.invalid, counts);
}

function addMaps<K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): Map<K, number> {
  const sum = new Map(a);
  for (const [key, count] of b) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
}

/**
 * Adds two counts of one signal. Exact, associative and commutative on the same grid and kind. On different grids the
 * right one is re-binned by cell middle onto the left one's; of different kinds, the right one's values are `invalid`.
 */
export function mergeSignalCounts(a: SignalCounts, b: SignalCounts): SignalCounts {
  const missing = a.missing + b.missing;
  const invalid = a.invalid + b.invalid;
  if (a.kind === 'numeric' && b.kind === 'numeric') {
    return { kind: 'numeric', grid: a.grid, cells: addMaps(a.cells, onGridOf(a, b)), missing, invalid };
  }
  if (a.kind === 'categorical' && b.kind === 'categorical') {
    return {
      kind: 'categorical',
      categories: addMaps(a.categories, b.categories),
      other: a.other + b.other,
      missing,
      invalid,
    };
  }
  return { ...a, missing, invalid: invalid + validTotal(b) };
}

/** Cells of `counts` as they fall on the grid of `target`. */
export function onGridOf(target: NumericCounts, counts: NumericCounts): ReadonlyMap<number, number> {
  if (sameGrid(target.grid, counts.grid)) return counts.cells;
  const cells = new Map<number, number>();
  for (const [cell, count] of counts.cells) {
    const moved = cellOf(target.grid, cellMiddle(counts.grid, cell));
    cells.set(moved, (cells.get(moved) ?? 0) + count);
  }
  return cells;
}

/** Cells in ascending order. */
export function sortedCells(counts: NumericCounts): [cell: number, count: number][] {
  return [...counts.cells].sort(([a], [b]) => a - b);
}

/** Quantile `q` (0–1) by cell middle, null without values. */
export function quantileOf(counts: NumericCounts, q: number): number | null {
  return quantileAmong(sortedCells(counts), counts, q);
}

function quantileAmong(
  cells: readonly (readonly [cell: number, count: number])[],
  counts: NumericCounts,
  q: number,
): number | null {
  const total = numericTotal(counts);
  let seen = 0;
  for (const [cell, count] of cells) {
    seen += count;
    if (seen >= q * total) return cellMiddle(counts.grid, cell);
  }
  return null;
}

/**
 * Mean, sample standard deviation (0 for one value) and quantiles by cell middles; null without values. Summed in the order
 * of the cells, so that equal counts give equal bits however they came together.
 */
export function summariseNumeric(counts: NumericCounts): LevelSummary | null {
  const samples = numericTotal(counts);
  if (samples === 0) return null;
  const cells = sortedCells(counts);
  let mean = 0;
  for (const [cell, count] of cells) mean += (cellMiddle(counts.grid, cell) * count) / samples;
  let squares = 0;
  for (const [cell, count] of cells) squares += count * (cellMiddle(counts.grid, cell) - mean) ** 2;
  const quantile = (q: number): number => quantileAmong(cells, counts, q) ?? mean;
  return {
    samples,
    mean,
    standardDeviation: samples > 1 ? Math.sqrt(squares / (samples - 1)) : 0,
    p05: quantile(0.05),
    p50: quantile(0.5),
    p95: quantile(0.95),
  };
}

/**
 * Upper edges (cell indices, ascending) of at most `maximumBins` bins with about equally many values each. A cell that
 * holds a bin's worth by itself — a repeated value — becomes a bin of its own. Values above the last edge are overflow.
 */
export function quantileBins(counts: NumericCounts, maximumBins: number): number[] {
  const target = numericTotal(counts) / maximumBins;
  const edges: number[] = [];
  let inBin = 0;
  let previous: number | null = null;
  for (const [cell, count] of sortedCells(counts)) {
    if (count >= target && inBin > 0 && previous !== null) {
      edges.push(previous);
      inBin = 0;
    }
    inBin += count;
    if (inBin >= target) {
      edges.push(cell);
      inBin = 0;
    }
    previous = cell;
  }
  if (inBin > 0 && previous !== null) edges.push(previous);
  return limitEdges(edges, maximumBins);
}

/** Atoms can split a quantile in two; drop every surplus edge but the last, evenly. */
function limitEdges(edges: number[], maximumBins: number): number[] {
  if (edges.length <= maximumBins) return edges;
  const kept: number[] = [];
  for (let i = 1; i <= maximumBins; i += 1) kept.push(edges[Math.ceil((i * edges.length) / maximumBins) - 1] ?? 0);
  return [...new Set(kept)];
}

/** Counts per bin, one more than there are edges: the last is everything above the last edge. */
export function binCounts(counts: NumericCounts, edges: readonly number[]): number[] {
  const bins = new Array<number>(edges.length + 1).fill(0);
  for (const [cell, count] of counts.cells) {
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cell <= (edges[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    bins[low] = (bins[low] ?? 0) + count;
  }
  return bins;
}

/** Whether all of a signal on the unit interval lies in the lowest cell of its grid: it is 0, as far as counts tell. */
export const isZero = ({ grid, cells }: NumericCounts): boolean =>
  grid.kind === 'unit' && cells.size > 0 && [...cells.keys()].every((cell) => cell === 0);

/** A category column that names rows rather than groups them: most values are folded or nearly all differ. */
export function isIdentifierLike(counts: SignalCounts): boolean {
  if (counts.kind === 'numeric') return false;
  const total = validTotal(counts);
  return (
    total > 0 && (counts.other / total > 0.5 || (counts.categories.size > 50 && counts.categories.size / total > 0.5))
  );
}
