import { chiSquaredSurvival } from './special-functions.js';

export interface ChiSquared {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  /** √(χ²/(N·min(rows−1, columns−1))), 0–1. */
  readonly cramersV: number;
}

/** Pearson's χ² test of a 2 × K table without continuity correction. Columns that are empty in both rows do not count. */
export function chiSquaredTest(before: readonly number[], now: readonly number[]): ChiSquared {
  const n = before.reduce((sum, count) => sum + count, 0);
  const m = now.reduce((sum, count) => sum + count, 0);
  const nothing: ChiSquared = { statistic: 0, degreesOfFreedom: 0, pValue: 1, cramersV: 0 };
  if (n === 0 || m === 0) return nothing;
  let statistic = 0;
  let columns = 0;
  before.forEach((count, i) => {
    const other = now[i] ?? 0;
    const both = count + other;
    if (both === 0) return;
    columns += 1;
    const expectedBefore = (both * n) / (n + m);
    const expectedNow = (both * m) / (n + m);
    statistic += (count - expectedBefore) ** 2 / expectedBefore + (other - expectedNow) ** 2 / expectedNow;
  });
  if (columns < 2) return nothing;
  return {
    statistic,
    degreesOfFreedom: columns - 1,
    pValue: chiSquaredSurvival(statistic, columns - 1),
    cramersV: Math.sqrt(statistic / (n + m)),
  };
}

/** Puts columns with an expected count below `minimum` in either row together, smallest first (Cochran's rule of five). */
export function mergeSparseColumns(
  before: readonly number[],
  now: readonly number[],
  minimum = 5,
): { readonly before: readonly number[]; readonly now: readonly number[] } {
  const n = before.reduce((sum, count) => sum + count, 0);
  const m = now.reduce((sum, count) => sum + count, 0);
  const smaller = Math.min(n, m) / Math.max(1, n + m);
  const keptBefore: number[] = [];
  const keptNow: number[] = [];
  let restBefore = 0;
  let restNow = 0;
  before.forEach((count, i) => {
    const other = now[i] ?? 0;
    if ((count + other) * smaller >= minimum) {
      keptBefore.push(count);
      keptNow.push(other);
    } else {
      restBefore += count;
      restNow += other;
    }
  });
  if (restBefore + restNow > 0) {
    keptBefore.push(restBefore);
    keptNow.push(restNow);
  }
  return { before: keptBefore, now: keptNow };
}
