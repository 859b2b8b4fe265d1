import fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyWindow, createWindowBuilder } from '../../../exporter/src/statistics/window-profile.js';
import type { FeatureValue, Observation } from '../../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';
import { Windows } from '../../../exporter/src/monitoring/windows.js';
import { observation } from '../detection/rows.js';

const VALUE: fc.Arbitrary<FeatureValue> = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom('x', 'y', 'z'),
);
const ROWS: fc.Arbitrary<Observation[]> = fc.array(
  fc
    .record({ n: VALUE, c: VALUE, confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true })) })
    .map(({ n, c, confidence }) => observation({ features: { n, c }, confidence })),
  { maxLength: 12 },
);

const countsOf = (rows: readonly Observation[], like: WindowProfile): WindowProfile => {
  const builder = createWindowBuilder({ like });
  for (const row of rows) builder.add(row);
  return builder.build();
};

it('counts in copies exactly as in one window, and nothing of a copy that is not taken over', () => {
  fc.assert(
    fc.property(ROWS, fc.array(fc.record({ rows: ROWS, isTaken: fc.boolean() }), { maxLength: 4 }), (past, commits) => {
      const like = countsOf(past, emptyWindow());
      const windows = new Windows(like, 1, [], 10);
      const taken: Observation[] = [];
      for (const { rows, isTaken } of commits) {
        const fork = windows.fork();
        for (const row of rows) fork.add(row);
        if (!isTaken) continue;
        windows.adopt(fork, fork.build());
        taken.push(...rows);
      }
      expect(windows.current().profile).toEqual(countsOf(taken, like));
    }),
    { numRuns: 300 },
  );
});

it('keeps complete windows until they are stored, each under a start of its own, also when the clock steps back', () => {
  const windows = new Windows(emptyWindow(), 1_000, [], 10);
  for (const nowMs of [2_000, 2_100, 900]) {
    windows.add(observation());
    windows.rotate(nowMs, nowMs === 900 ? -Infinity : 100, emptyWindow(), true, 1_000);
  }
  const starts = windows.complete.map(({ windowStartMs }) => windowStartMs);
  expect(new Set([...starts, windows.current().windowStartMs]).size).toBe(4);
  expect(windows.newest(1_000).calls).toBe(3);
  windows.stored(2);
  expect(windows.complete).toHaveLength(1);
});
