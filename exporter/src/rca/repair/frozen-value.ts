import { cellMiddle } from '../../detection/statistics/grid.js';
import { numericTotal } from '../../detection/statistics/signal-counts.js';
import type { NumericRepair } from './index.js';

const FROZEN_SHARE = 0.99;

/** One single value where there used to be many: the feature is stale or hard-coded. */
export const frozenValue: NumericRepair = (feature, before, now) => {
  const total = numericTotal(now);
  const top = [...now.cells].reduce<[number, number]>((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0]);
  if (total < 30 || before.cells.size < 3 || top[1] / total < FROZEN_SHARE) return null;
  const value = Number(cellMiddle(now.grid, top[0]).toPrecision(3));
  return {
    transformation: 'frozen',
    parameters: { value },
    fit: top[1] / total,
    sentence: `\`${feature}\` no longer varies: ${((100 * top[1]) / total).toFixed(0)} % of the values are about ${value}.`,
  };
};
