import { describe, expect, it } from 'vitest';
import type { IntakeSummary } from '../../../exporter/src/domain/ingest.js';
import { showFact } from '../../../exporter/src/domain/paging.js';
import type { LabelCounts, WindowProfile } from '../../../exporter/src/domain/profile.js';
import { estimatePerformance } from '../../../exporter/src/performance/estimate.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { detectIn, profileOf, quietRow, stateOf } from './rows.js';

const random = seededRandom('intake');
const quiet = Array.from({ length: 200 }, (_, i) => quietRow(random, i));
const NOTHING_REFUSED: IntakeSummary = {
  taken: 0,
  refused: 0,
  mostRefusedFor: null,
  leftOut: [],
  clockOffsetMs: null,
  notJudged: { late: 0, lost: 0 },
  unwatched: null,
};
const found = (intake: IntakeSummary): readonly string[] =>
  detectIn(stateOf(quiet, quiet, { intake })).findings.map(({ detector }) => detector);
const spots = (intake: IntakeSummary): string =>
  detectIn(stateOf(quiet, quiet, { intake }))
    .blindSpots.map(({ check, reason }) => `${check}: ${reason}`)
    .join('\n');

describe('rows that were refused', () => {
  it('are a finding when they are most of those sent lately', () => {
    expect(found({ ...NOTHING_REFUSED, taken: 40, refused: 60, mostRefusedFor: 'not_json' })).toContain('refused-rows');
    expect(found({ ...NOTHING_REFUSED, taken: 60, refused: 40, mostRefusedFor: 'not_json' })).not.toContain(
      'refused-rows',
    );
    expect(found({ ...NOTHING_REFUSED, taken: 0, refused: 5, mostRefusedFor: 'not_json' })).not.toContain(
      'refused-rows',
    );
  });

  it.each([
    ['not_json', 'Most of them are not JSON.'],
    [null, 'They were refused for several reasons.'],
  ] as const)('are told with how many and why (%s)', (mostRefusedFor, why) => {
    const { findings } = detectIn(
      stateOf(quiet, quiet, { intake: { ...NOTHING_REFUSED, taken: 37, refused: 63, mostRefusedFor } }),
    );
    expect(findings.find(({ detector }) => detector === 'refused-rows')?.sentence).toBe(
      `63.0 % of the last 100 rows sent were refused. ${why}`,
    );
  });
});

it('tells what is left out and a clock of another zone as blind spots', () => {
  const cut = { reason: 'features_cut', rows: 1, line: 1, field: 'features', message: 'only the first 500' } as const;
  const told = spots({ ...NOTHING_REFUSED, leftOut: [cut], clockOffsetMs: 5_400_000 });
  expect(told).toContain('all of `features`: only the first 500');
  expect(told).toContain('each batch arrives 1.5 h after the time of its newest row');
});

it('tells rows that are counted and not judged', () => {
  expect(spots(NOTHING_REFUSED)).not.toContain('evidence is gathered');
  const told = spots({ ...NOTHING_REFUSED, notJudged: { late: 1, lost: 12 } });
  expect(told).toContain('1 row that came late: newer rows had been judged when they came');
  expect(told).toContain(
    'up to 12 rows that waited in memory: mlfi was ended, or read the model anew from its store, before what',
  );
});

describe('labels of which none equals its prediction', () => {
  const labels = (labelled: number, correct: number): LabelCounts => ({
    labelled,
    correct,
    labelledByConfidence: new Array<number>(10).fill(0),
    correctByConfidence: new Array<number>(10).fill(0),
    losses: {},
  });
  const windowOf = (counts: LabelCounts): WindowProfile => ({ ...profileOf(quiet), labels: counts });
  const foundIn = (counts: LabelCounts): readonly string[] =>
    detectIn(stateOf(quiet, quiet, { window: windowOf(counts) })).findings.map(({ detector }) => detector);

  it('are told, and are no accuracy of 0', () => {
    const { findings } = detectIn(stateOf(quiet, quiet, { window: windowOf(labels(80, 0)) }));
    expect(findings.map(({ detector }) => detector)).toContain('labels-never-match');
    // A fact needs no evidence over time.
    expect(showFact(findings, 1)).toBe(true);
    expect(estimatePerformance(null, windowOf(labels(80, 0)), []).realised.accuracy).toBeNull();
  });

  it('are an accuracy when one of them does, or did', () => {
    expect(foundIn(labels(80, 1))).not.toContain('labels-never-match');
    expect(foundIn(labels(10, 0))).not.toContain('labels-never-match');
    expect(estimatePerformance(null, windowOf(labels(80, 1)), []).realised.accuracy?.share).toBeCloseTo(1 / 80);
    const wasRight = windowOf(labels(80, 70));
    expect(estimatePerformance(wasRight, windowOf(labels(80, 0)), []).realised.accuracy?.share).toBe(0);
  });
});
