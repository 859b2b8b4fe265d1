import { numericTotal } from '../../detection/statistics/signal-counts.js';
import { cellMiddle } from '../../detection/statistics/grid.js';
import type { Contrast } from '../../domain/contrast.js';
import type { NumericCounts, WindowProfile } from '../../domain/profile.js';

const FEWEST_VALUES = 60;
/** Distance to the other feature's past at which the two still look alike, beside chance. */
const ALIKE = 0.08;

/** Cells are about 2 % of the distance from their grid's centre wide, so a value is known to 1.5 % of it on either grid. */
const RESOLUTION = 0.015;
const centreOf = ({ grid }: NumericCounts): number => (grid.kind === 'asinh' ? grid.centre : 0.5);

/** Kolmogorov–Smirnov distance of counts on different grids, at the cells of `b`, blind to what lies within the resolution of both. */
function ksAcross(a: NumericCounts, b: NumericCounts): number {
  const cellsOf = (counts: NumericCounts): { x: number; share: number }[] => {
    const total = numericTotal(counts);
    return [...counts.cells]
      .sort(([p], [q]) => p - q)
      .map(([cell, count]) => ({ x: cellMiddle(counts.grid, cell), share: count / total }));
  };
  const inA = cellsOf(a);
  let next = 0;
  let belowA = 0;
  let belowB = 0;
  let largest = 0;
  for (const { x, share } of cellsOf(b)) {
    belowB += share;
    const reach = x + RESOLUTION * (Math.abs(x - centreOf(a)) + Math.abs(x - centreOf(b))) + 1e-9;
    while (next < inA.length && (inA[next]?.x ?? Infinity) <= reach) {
      belowA += inA[next]?.share ?? 0;
      next += 1;
    }
    largest = Math.max(largest, Math.abs(belowA - belowB));
  }
  return largest;
}

/** Two numeric features that are now distributed as the other one was: their columns were swapped. The best matching pair. */
export function swappedPair(
  moved: readonly string[],
  baseline: WindowProfile,
  window: WindowProfile,
): Contrast['swappedPair'] {
  const sides = moved.flatMap((feature) => {
    const before = baseline.signals.get(`feature:${feature}`);
    const now = window.signals.get(`feature:${feature}`);
    if (before?.kind !== 'numeric' || now?.kind !== 'numeric') return [];
    return numericTotal(before) < FEWEST_VALUES || numericTotal(now) < FEWEST_VALUES ? [] : [{ feature, before, now }];
  });
  let best: { readonly features: readonly [string, string]; readonly worst: number } | null = null;
  sides.forEach((a, i) => {
    for (const b of sides.slice(i + 1)) {
      const worst = Math.max(ksAcross(a.now, b.before), ksAcross(b.now, a.before));
      const chance = 1.5 / Math.sqrt(Math.min(numericTotal(a.now), numericTotal(b.now)));
      if (worst <= ALIKE + chance && worst < ksAcross(a.now, a.before) / 2 && (best === null || worst < best.worst))
        best = { features: [a.feature, b.feature], worst };
    }
  });
  const found = best as { readonly features: readonly [string, string]; readonly worst: number } | null;
  return found === null ? null : { features: found.features, fit: 1 - found.worst };
}
