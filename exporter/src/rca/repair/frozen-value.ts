import { cellMiddle, cellOf } from '../../statistics/grid.js';
import type { NumericCounts } from '../../domain/profile.js';
import { isCounts, sizeOf, type Values } from './quantile-pairs.js';
import type { Repair } from './repair.js';

const FROZEN_SHARE = 0.99;
const MIN_VALUES = 30;
/** So likely may it be at most that all values are the usual one by chance. */
const CHANCE = 0.001;

/** One single value where there used to be many: the feature is stale or hard-coded. */
export function frozenValue(feature: string, before: NumericCounts, now: Values): Repair | null {
  const total = sizeOf(now);
  const [value, count] = mostFrequent(now);
  if (total < MIN_VALUES || before.cells.size < 3 || count / total < FROZEN_SHARE) return null;
  const usual = (before.cells.get(cellOf(before.grid, value)) ?? 0) / sizeOf(before);
  if (usual ** count > CHANCE) return null;
  const rounded = Number(value.toPrecision(3));
  return {
    transformation: 'frozen',
    parameters: { value: rounded },
    fit: count / total,
    claim: `“${feature}” no longer varies`,
    basis: `${((100 * count) / total).toFixed(0)} % of the values are about ${rounded}`,
  };
}

function mostFrequent(values: Values): readonly [value: number, count: number] {
  const counts = new Map<number, number>();
  if (isCounts(values)) for (const [cell, count] of values.cells) counts.set(cellMiddle(values.grid, cell), count);
  else for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<readonly [number, number]>((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0]);
}
