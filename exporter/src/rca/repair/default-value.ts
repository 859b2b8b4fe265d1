import { cellMiddle } from '../../detection/statistics/grid.js';
import { numericTotal } from '../../detection/statistics/signal-counts.js';
import type { NumericRepair } from './index.js';

const LEAST_RISE = 0.1;

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
  if (best.rise < LEAST_RISE) return null;
  const restNow = m * (1 - best.share);
  const restBefore = n - (before.cells.get(best.cell) ?? 0);
  if (restNow < 10 || restBefore === 0) return null;
  let distance = 0;
  for (const cell of new Set([...before.cells.keys(), ...now.cells.keys()])) {
    if (cell === best.cell) continue;
    distance += Math.abs((before.cells.get(cell) ?? 0) / restBefore - (now.cells.get(cell) ?? 0) / restNow) / 2;
  }
  // Fine cells differ by chance alone: √(cells/n) is about what two equal samples differ by.
  const chance = Math.sqrt(before.cells.size / restNow);
  const fit = Math.max(0, 1 - distance);
  if (distance > 0.25 + chance) return null;
  const value = Number(cellMiddle(now.grid, best.cell).toPrecision(3));
  return {
    transformation: 'default-value',
    parameters: { value, share: best.share },
    fit,
    sentence: `${(100 * best.share).toFixed(0)} % of \`${feature}\` are now about ${value}, ${(100 * best.rise).toFixed(0)} points more than before: a default seems to fill in for missing values.`,
  };
};
