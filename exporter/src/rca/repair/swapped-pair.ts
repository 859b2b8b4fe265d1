import { numericTotal } from '../../statistics/signal-counts.js';
import { cellMiddle } from '../../statistics/grid.js';
import type { NumericCounts, WindowProfile } from '../../domain/profile.js';

const MIN_VALUES = 60;
/** Distance to the other feature's past at which the two still look alike, beside chance. */
const MAX_DISTANCE = 0.08;

/** Cells are about 2 % of the distance from their grid's centre wide, so a value is known to 1.5 % of it on either grid. */
const RESOLUTION = 0.015;
const centreOf = ({ grid }: NumericCounts): number => (grid.kind === 'asinh' ? grid.centre : 0.5);

/** Share of the values at or below x, for any x. */
function cumulative(counts: NumericCounts): (x: number) => number {
  const total = numericTotal(counts);
  const cells = [...counts.cells]
    .map(([cell, count]) => ({ x: cellMiddle(counts.grid, cell), count }))
    .sort((a, b) => a.x - b.x);
  let sum = 0;
  const steps = cells.map(({ x, count }) => ({ x, share: (sum += count) / total }));
  return (x) => {
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((steps[middle]?.x ?? Infinity) <= x) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (steps[low - 1]?.share ?? 0);
  };
}

/** Kolmogorov–Smirnov distance of counts on different grids that forgives what lies within the grids' resolution (as Lévy's metric does). */
function distanceAcross(a: NumericCounts, b: NumericCounts): number {
  const [inA, inB] = [cumulative(a), cumulative(b)];
  let largest = 0;
  for (const counts of [a, b]) {
    for (const cell of counts.cells.keys()) {
      const x = cellMiddle(counts.grid, cell);
      const reach = RESOLUTION * (Math.abs(x - centreOf(a)) + Math.abs(x - centreOf(b))) + 1e-9;
      largest = Math.max(largest, inA(x) - inB(x + reach), inB(x - reach) - inA(x));
    }
  }
  return largest;
}

/** Two numeric features that are now distributed as the other one was: their columns were swapped. The best matching pair. */
export function swappedPair(
  changed: readonly string[],
  baseline: WindowProfile,
  window: WindowProfile,
): { readonly features: readonly [string, string]; readonly fit: number } | null {
  const sides = changed.flatMap((feature) => {
    const before = baseline.signals.get(`feature:${feature}`);
    const now = window.signals.get(`feature:${feature}`);
    if (before?.kind !== 'numeric' || now?.kind !== 'numeric') return [];
    return numericTotal(before) < MIN_VALUES || numericTotal(now) < MIN_VALUES ? [] : [{ feature, before, now }];
  });
  let best: { readonly features: readonly [string, string]; readonly worst: number } | null = null;
  sides.forEach((a, i) => {
    for (const b of sides.slice(i + 1)) {
      const worst = Math.max(distanceAcross(a.now, b.before), distanceAcross(b.now, a.before));
      const chance = 1.5 / Math.sqrt(Math.min(numericTotal(a.now), numericTotal(b.now)));
      if (
        worst <= MAX_DISTANCE + chance &&
        worst < distanceAcross(a.now, a.before) / 2 &&
        (best === null || worst < best.worst)
      )
        best = { features: [a.feature, b.feature], worst };
    }
  });
  const found = best as { readonly features: readonly [string, string]; readonly worst: number } | null;
  return found === null ? null : { features: found.features, fit: 1 - found.worst };
}
