import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SignalKey } from '../../../exporter/src/domain/profile.js';
import { cellBounds, cellMiddle, cellOf, gridFor } from '../../../exporter/src/statistics/grid.js';

const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1, -1, Number.MAX_VALUE, -Number.MAX_VALUE, 1e308, -1e307, Number.MIN_VALUE),
);

it('every finite number has a cell, whose middle and bounds are numbers, on the grid of any first value', () => {
  fc.assert(
    fc.property(anyNumber, anyNumber, fc.constantFrom<SignalKey[]>('feature:x', 'latency_seconds'), (first, x, key) => {
      const grid = gridFor(key, first);
      const cell = cellOf(grid, x);
      const [low, high] = cellBounds(grid, cell);
      expect([cell, cellMiddle(grid, cell), low, high].filter((each) => !Number.isFinite(each))).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
