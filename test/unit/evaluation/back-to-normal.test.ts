import { expect, it } from 'vitest';
import type { FindingSubject } from '../../../exporter/src/domain/finding.js';
import { backToNormal } from '../../../exporter/src/evaluation/back-to-normal.js';
import type { MonitoredModelState } from '../../../exporter/src/domain/monitored-model-state.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { createWindowBuilder } from '../../../exporter/src/statistics/window-profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';

const random = seededRandom('back');
/** @param income what is added to it; @param age the same */
const rowsOf = (count: number, income: number, age: number): readonly Observation[] =>
  Array.from({ length: count }, () =>
    observation({ features: { income: income + random.next(), age: age + random.next() }, predictionId: null }),
  );

function baselineOf(some: readonly Observation[]) {
  const builder = createWindowBuilder();
  for (const row of some) builder.add(row);
  return builder.build();
}

/** Two features changed, and one of them is as before again. */
const rows = [...rowsOf(200, 5, 5), ...rowsOf(200, 0, 5)];
const state = {
  baseline: { profile: baselineOf(rowsOf(500, 0, 0)) },
  rows,
  evidence: null,
  lastProbeFailureAtMs: null,
  probesAnsweredMs: [],
} as unknown as MonitoredModelState;

it.each<[readonly FindingSubject[], readonly FindingSubject[]]>([
  [['feature:income'], ['feature:income', 'rows']],
  [['feature:age'], []],
  [['feature:income', 'feature:age'], ['feature:income']],
  [
    ['feature:income', 'errors'],
    ['feature:income', 'rows'],
  ],
])('of %j says that %j is as before', (asked, back) => {
  expect([...backToNormal(state, asked)]).toEqual(back);
});

it('counts nothing where nothing was found', () => {
  const unread = new Proxy(rows, {
    get: () => {
      throw new Error('rows were read');
    },
  });
  expect(backToNormal({ ...state, rows: unread }, [])).toEqual(new Set());
});

const goldenOf = (ids: readonly string[], answer: string, answers: number, more: object = {}) =>
  ids.map((goldenId) => ({
    ...{ goldenId, answers, answerHashes: { [answer]: answers } },
    ...{ confidenceMean: 0.95, confidenceStandardDeviation: 0.01, shape: 'label:string', ...more },
  }));
const isGoldenBack = (goldenNow: readonly unknown[]): boolean =>
  backToNormal(
    {
      ...state,
      baseline: { ...state.baseline, golden: goldenOf(['a', 'b'], 'yes', 20) },
      goldenNow,
    } as unknown as MonitoredModelState,
    ['golden'],
  ).has('golden');

it('says that golden answers are as before once all of the newest are known ones', () => {
  expect(isGoldenBack(goldenOf(['a', 'b'], 'yes', 4))).toBe(true);
  expect(isGoldenBack(goldenOf(['a', 'b'], 'yes', 2))).toBe(false);
  expect(isGoldenBack(goldenOf(['a', 'b'], 'no', 4))).toBe(false);
  expect(isGoldenBack(goldenOf(['a'], 'yes', 8))).toBe(false);
  expect(isGoldenBack([])).toBe(false);
});

it('says so not where they are less sure, or of another shape', () => {
  expect(isGoldenBack(goldenOf(['a', 'b'], 'yes', 4, { confidenceMean: 0.55 }))).toBe(false);
  expect(isGoldenBack(goldenOf(['a', 'b'], 'yes', 4, { shape: 'label:string,other:number' }))).toBe(false);
});
