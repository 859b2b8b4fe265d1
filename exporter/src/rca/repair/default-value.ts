import { wholePercent } from '../../domain/quantity-text.js';
import { cellMiddle } from '../../statistics/grid.js';
import { binCounts, numericTotal, quantileBins } from '../../statistics/signal-counts.js';
import type { NumericCounts } from '../../domain/profile.js';
import type { NumericRepair } from './repair.js';

const MIN_RISE = 0.1;
/** A value that was common before (above 2 %) also grows by itself, as the smallest count does when counts fall. */
const COMMON = 0.02;
const MIN_RISE_OF_COMMON = 0.25;
const TENTHS = 10;
/** More values than this outside the baseline's range, besides the default itself, are something else. */
const FEW_OUTSIDE = 0.02;

/** One value has become far more frequent while the rest kept their proportions: a default fills in for something missing. */
export const defaultValue: NumericRepair = (feature, before, now) => {
  const n = numericTotal(before);
  const m = numericTotal(now);
  if (n < 30 || m < 30) return null;
  let best = { cell: 0, rise: 0, share: 0 };
  for (const [cell, count] of now.cells) {
    const rise = count / m - (before.cells.get(cell) ?? 0) / n;
    if (rise > best.rise) best = { cell, rise, share: count / m };
  }
  const isCommon = best.share - best.rise > COMMON;
  if (best.rise < (isCommon ? MIN_RISE_OF_COMMON : MIN_RISE)) return null;
  const restNow = m * (1 - best.share);
  const restBefore = n - (before.cells.get(best.cell) ?? 0);
  if (restNow < 10 || restBefore === 0) return null;
  if (outsideShare(before, now, best.cell) > FEW_OUTSIDE) return null;
  // On tenths of the baseline, because single cells differ by chance alone.
  const tenths = quantileBins(before, TENTHS);
  const without = (counts: NumericCounts): number[] =>
    binCounts({ ...counts, cells: new Map([...counts.cells].filter(([cell]) => cell !== best.cell)) }, tenths);
  const [was, is] = [without(before), without(now)];
  const distance = was.reduce((sum, count, i) => sum + Math.abs(count / restBefore - (is[i] ?? 0) / restNow) / 2, 0);
  const chance = Math.sqrt(TENTHS / restNow);
  const fit = Math.max(0, 1 - distance);
  if (distance > 0.1 + chance) return null;
  const value = Number(cellMiddle(now.grid, best.cell).toPrecision(3));
  return {
    transformation: 'default-value',
    parameters: { value, share: best.share },
    fit,
    claim: `A default of about ${value} seems to fill in for missing values of “${feature}”`,
    basis: `${wholePercent(best.share)} of the values, ${(100 * best.rise).toFixed(0)} points more than before`,
  };
};

/** Share of the values now that lie outside the baseline's range, one cell left out. */
function outsideShare(before: NumericCounts, now: NumericCounts, except: number): number {
  const known = [...before.cells.keys()];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  let outside = 0;
  for (const [cell, count] of now.cells) if (cell !== except && (cell < low || cell > high)) outside += count;
  return outside / numericTotal(now);
}
