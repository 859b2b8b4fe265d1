import { expect, it } from 'vitest';
import type { FindingSubject } from '../../../exporter/src/domain/finding.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
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
const NO_PROBES = { lastHeardAtMs: null, lastProbeFailureAtMs: null, probesAnsweredMs: [] };
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
  const seen = seeSince({ ...NO_PROBES, baseline, rows: [...bad, ...since] })(2_000, subjects);
  expect(seen.rows).toBe(said.rows);
  if (seen.rows > 0) expect(seen.abnormal).toEqual(said.abnormal);
});

it.each<[string, number | null, readonly number[], readonly FindingSubject[], number]>([
  ['probes that had failed are answered again', 1_900, [1_950, 2_100, 2_200, 2_300], ['errors'], 3],
  ['probes fail still', 2_300, [], ['errors'], 0],
  ['no probe had failed lately', 2_000 - 3_600_001, [2_100, 2_200, 2_300], ['errors'], 0],
  ['no probe ever failed', null, [2_100, 2_200, 2_300], ['errors'], 0],
  ['an input is blamed', 1_900, [2_100, 2_200, 2_300], ['feature:age'], 0],
  ['an input is blamed too', 1_900, [2_100, 2_200, 2_300], ['errors', 'feature:age'], 0],
])(
  'takes answered probes for calls where no row is logged: %s',
  (_, lastProbeFailureAtMs, answered, subjects, rows) => {
    const state = { baseline, rows: [], lastHeardAtMs: 2_000, lastProbeFailureAtMs, probesAnsweredMs: answered };
    expect(seeSince(state)(2_000, subjects)).toEqual({ rows, abnormal: [] });
  },
);

it('takes no answered probe for calls where somebody calls', () => {
  const state = {
    baseline,
    rows: [],
    lastHeardAtMs: 2_050,
    lastProbeFailureAtMs: 1_900,
    probesAnsweredMs: [2_100, 2_200],
  };
  expect(seeSince(state)(2_000, ['errors']).rows).toBe(0);
});

it.each([
  ['numbers', (answer: number) => answer],
  ['texts', (answer: number) => String(answer)],
  ['truth values', (answer: number) => answer === 1],
])('compares labels that are %s with answers of 0 and 1 by what they mean', (_, spelt) => {
  const of = (count: number, fromMs: number): Observation[] =>
    Array.from({ length: count }, (_row, i) => {
      const [prediction, isWrong] = [i % 2, i % 20 === 0];
      return observation({ atMs: fromMs + i, prediction, label: spelt(isWrong ? 1 - prediction : prediction) });
    });
  const learnt = baselineOf(of(500, 0));
  const labels = { ...learnt.profile.labels, labelled: 500, correct: 475 };
  const baseline = { ...learnt, profile: { ...learnt.profile, labels } };
  expect(seeSince({ ...NO_PROBES, baseline, rows: of(100, 5_000) })(4_000, ['accuracy'])).toEqual({
    rows: 100,
    abnormal: [],
  });
});
