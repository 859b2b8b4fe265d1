import { describe, expect, it } from 'vitest';
import { differenceOfProportions } from '../../../exporter/src/statistics/difference-of-proportions.js';
import { gridFor, cellOf } from '../../../exporter/src/statistics/grid.js';
import { quantileInterval } from '../../../exporter/src/statistics/quantile-interval.js';
import { totalVariationInterval } from '../../../exporter/src/statistics/total-variation.js';
import { differenceOfMeans } from '../../../exporter/src/statistics/welch.js';
import type { NumericCounts } from '../../../exporter/src/domain/profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

const RUNS = 2_000;

/** Share of seeded runs whose interval holds the truth. */
function coverage(truth: number, interval: (random: () => number) => { low: number; high: number }): number {
  let inside = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const random = seededRandom(`coverage ${run}`);
    const { low, high } = interval(() => random.next());
    if (low <= truth && truth <= high) inside += 1;
  }
  return inside / RUNS;
}
const times = (n: number, hit: () => boolean): number => Array.from({ length: n }, hit).filter(Boolean).length;

describe('difference of proportions', () => {
  it('equals method 10 of Newcombe 1998, table II: 56/70 − 48/80 and 9/10 − 3/10', () => {
    const first = differenceOfProportions({ count: 48, of: 80 }, { count: 56, of: 70 });
    expect(first.low).toBeCloseTo(0.0524, 4);
    expect(first.high).toBeCloseTo(0.3339, 4);
    const second = differenceOfProportions({ count: 3, of: 10 }, { count: 9, of: 10 });
    expect(second.low).toBeCloseTo(0.1705, 4);
    expect(second.high).toBeCloseTo(0.809, 4);
  });

  it('covers the truth and knows nothing of nothing', () => {
    const covered = coverage(0.05, (random) =>
      differenceOfProportions(
        { count: times(200, () => random() < 0.1), of: 200 },
        { count: times(150, () => random() < 0.15), of: 150 },
      ),
    );
    expect(covered).toBeGreaterThan(0.93);
    expect(differenceOfProportions({ count: 0, of: 0 }, { count: 1, of: 2 })).toMatchObject({ low: -1, high: 1 });
  });
});

describe('total variation distance', () => {
  it('covers a clear distance', () => {
    const draw = (random: () => number, shares: readonly number[], n: number): number[] => {
      const counts = shares.map(() => 0);
      for (let i = 0; i < n; i += 1) {
        let u = random();
        const at = shares.findIndex((share) => (u -= share) < 0);
        const cell = at < 0 ? shares.length - 1 : at;
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
      return counts;
    };
    const covered = coverage(0.2, (random) =>
      totalVariationInterval(draw(random, [0.5, 0.3, 0.2], 2_000), draw(random, [0.3, 0.3, 0.4], 400)),
    );
    expect(covered).toBeGreaterThan(0.92);
    expect(covered).toBeLessThan(0.99);
  });

  it('stays within [0, 1]', () => {
    expect(totalVariationInterval([5, 0], [0, 5])).toMatchObject({ low: 1, high: 1 });
    expect(totalVariationInterval([0, 0], [1, 2])).toMatchObject({ low: 0, high: 1 });
  });
});

it('covers a quantile read off counts', () => {
  const grid = gridFor('latency_seconds', 1);
  const covered = coverage(-Math.log(0.05), (random) => {
    const cells = new Map<number, number>();
    for (let i = 0; i < 400; i += 1) {
      const cell = cellOf(grid, -Math.log(random() + 1e-12));
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    const counts: NumericCounts = { kind: 'numeric', grid, cells, missing: 0, invalid: 0 };
    const { low, high } = quantileInterval(counts, 0.95) ?? { low: 0, high: 0 };
    return { low: low * 0.99, high: high * 1.01 };
  });
  expect(covered).toBeGreaterThan(0.92);
});

it('is null without values or spread to speak of', () => {
  const grid = gridFor('latency_seconds', 1);
  expect(quantileInterval({ kind: 'numeric', grid, cells: new Map(), missing: 3, invalid: 0 }, 0.5)).toBeNull();
  expect(differenceOfMeans({ samples: 1, mean: 1, variance: 0 }, { samples: 9, mean: 2, variance: 1 })).toBeNull();
});
