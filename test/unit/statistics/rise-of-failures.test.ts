import { expect, it } from 'vitest';
import { failuresNow } from '../../../exporter/src/statistics/rise-of-failures.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation, profileOf } from '../detection/rows.js';
import { failed } from '../rca/evaluated-case.js';

const seriesOf = (fails: readonly boolean[]) =>
  fails.map((isFailure, i) => ({ ...(isFailure ? failed('timeout') : observation()), atMs: 1_000 * i }));
const now = (fails: readonly boolean[], inMemory = fails.length) => {
  const rows = seriesOf(fails);
  return failuresNow(profileOf(rows), rows.slice(rows.length - inMemory));
};
const answered = (count: number): boolean[] => new Array<boolean>(count).fill(false);
const unanswered = (count: number): boolean[] => new Array<boolean>(count).fill(true);

it('finds where failures rose, and counts from there', () => {
  expect(now([...answered(190), ...unanswered(10)])).toMatchObject({ calls: 10, failures: 10, sinceMs: 190_000 });
  expect(now([...answered(190), ...unanswered(10)]).byReason).toEqual({ timeout: 10 });
});

it('needs no rows of before: after a start the window counts for them', () => {
  expect(now([...answered(190), ...unanswered(10)], 10)).toMatchObject({ calls: 10, failures: 10, sinceMs: 190_000 });
});

it('keeps the whole window where nothing failed, everything did, or failures became fewer', () => {
  for (const fails of [answered(200), unanswered(200), [...unanswered(50), ...answered(150)], []])
    expect(now(fails)).toMatchObject({ calls: fails.length, sinceMs: null });
});

it.each([0.02, 0.1, 0.3, 0.7])(
  'finds no rise of a rate that stays (%f) in all but one window of a thousand',
  (rate) => {
    const random = seededRandom(`steady ${rate}`);
    let found = 0;
    for (let i = 0; i < 2_000; i += 1)
      if (now(Array.from({ length: 200 }, () => random.next() < rate)).sinceMs !== null) found += 1;
    expect(found).toBeLessThanOrEqual(4);
  },
);
