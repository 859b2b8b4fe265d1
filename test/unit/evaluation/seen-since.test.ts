import { expect, it } from 'vitest';
import type { FindingSubject } from '../../../exporter/src/domain/finding.js';
import { seeSince } from '../../../exporter/src/evaluation/seen-since.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf, observation } from '../detection/rows.js';

const random = seededRandom('since');
const rowsOf = (count: number, atMs: number, factor: number) =>
  Array.from({ length: count }, () =>
    observation({
      atMs,
      confidence: null,
      features: { age: factor * (20 + 40 * random.next()), hours: 40 * random.next() },
    }),
  );
const baseline = baselineOf(rowsOf(500, 0, 1));
const bad = rowsOf(100, 1_000, 12);

it.each<[string, ReturnType<typeof rowsOf>, readonly FindingSubject[], { rows: number; abnormal: readonly string[] }]>([
  ['no row came', [], ['feature:age'], { rows: 0, abnormal: [] }],
  ['rows are still wrong', rowsOf(60, 3_000, 12), ['feature:age'], { rows: 60, abnormal: ['feature:age'] }],
  ['rows are as before', rowsOf(60, 3_000, 1), ['feature:age'], { rows: 60, abnormal: [] }],
  ['another input is wrong', rowsOf(60, 3_000, 12), ['feature:hours'], { rows: 60, abnormal: [] }],
  ['golden answers are blamed too', rowsOf(60, 3_000, 1), ['golden', 'feature:age'], { rows: 60, abnormal: [] }],
  ['golden answers alone are blamed', [], ['golden'], { rows: Infinity, abnormal: [] }],
  ['no row tells', rowsOf(60, 3_000, 12), ['confidence'], { rows: 0, abnormal: [] }],
])('says of what came after a time, where %s', (_, since, subjects, said) => {
  const seen = seeSince({ baseline, rows: [...bad, ...since] })(2_000, subjects);
  expect(seen.rows).toBe(said.rows);
  if (seen.rows > 0) expect(seen.abnormal).toEqual(said.abnormal);
});
