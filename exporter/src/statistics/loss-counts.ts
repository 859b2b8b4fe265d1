import type { MeanError } from '../domain/performance.js';
import type { Grid, LossCounts } from '../domain/profile.js';
import { cellOf } from './grid.js';

/** Eight cells of the prediction's grid make one: errors are told apart by the size of the answer, not by the answer. */
const CELLS_TOGETHER = 8;
/** Natural logarithm of how far apart two errors must be to be told apart: 2 %. */
const ERROR_STEP = 0.02;
const MIN_ERROR = 1e-12;
/** Two-sided 95 % point of the standard normal distribution. */
const Z = 1.96;

/** How large the errors were among answers of about one size. */
export interface LossGroup {
  /** Coarse cell of the prediction. */
  readonly cell: number;
  readonly count: number;
  readonly mean: number;
  /** Variance of the absolute error inside the group. */
  readonly variance: number;
}

/** Coarse cell of a prediction given its cell on the prediction's grid. */
export function coarseCell(cell: number): number {
  return Math.floor(cell / CELLS_TOGETHER);
}

/** Where one labelled answer is counted: the size of the answer and of its absolute error, both rounded. */
export function lossKey(grid: Grid, prediction: number, absoluteError: number): string {
  const error = absoluteError <= MIN_ERROR ? 'exact' : String(Math.round(Math.log(absoluteError) / ERROR_STEP));
  return `${coarseCell(cellOf(grid, prediction))}:${error}`;
}

const errorOf = (code: string): number => (code === 'exact' ? 0 : Math.exp(Number(code) * ERROR_STEP));

/** Groups by the size of the answer, ascending. */
export function lossGroups(losses: LossCounts): LossGroup[] {
  const sums = new Map<number, { count: number; sum: number; squares: number }>();
  for (const [key, count] of Object.entries(losses)) {
    const [cell = '0', code = 'exact'] = key.split(':');
    const error = errorOf(code);
    const group = sums.get(Number(cell)) ?? { count: 0, sum: 0, squares: 0 };
    group.count += count;
    group.sum += count * error;
    group.squares += count * error * error;
    sums.set(Number(cell), group);
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([cell, { count, sum, squares }]) => {
      const mean = sum / count;
      return { cell, count, mean, variance: Math.max(0, squares / count - mean * mean) };
    });
}

/** Mean absolute error over everything counted with its standard error; null when nothing was. */
export function meanAbsoluteError(
  losses: LossCounts,
): { readonly mean: number; readonly standardError: number; readonly count: number } | null {
  const groups = lossGroups(losses);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) return null;
  const mean = groups.reduce((sum, group) => sum + group.count * group.mean, 0) / count;
  const square = groups.reduce((sum, group) => sum + group.count * (group.variance + group.mean ** 2), 0) / count;
  return { mean, standardError: Math.sqrt(Math.max(0, square - mean * mean) / count), count };
}

/** Mean absolute error with its interval; null before any numeric label has come. */
export function meanErrorOf(losses: LossCounts): MeanError | null {
  const measured = meanAbsoluteError(losses);
  if (measured === null) return null;
  const { mean, standardError, count } = measured;
  const interval = { low: Math.max(0, mean - Z * standardError), high: mean + Z * standardError, level: 0.95 };
  return { mean, interval, count };
}
