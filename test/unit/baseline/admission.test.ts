import { expect, it } from 'vitest';
import { confirmAdmission, type LearningConditions } from '../../../exporter/src/baseline/admission.js';
import { startLearning } from '../../../exporter/src/baseline/learning.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';

const STEADY: LearningConditions = {
  missing: [],
  season: [],
  unsteady: [],
  failing: false,
  strangeShare: () => 0,
};

const verdict = (conditions: Partial<LearningConditions>): unknown => {
  const learning = {
    ...startLearning(1, DEFAULT_BASELINE_REQUIREMENTS),
    verdict: { kind: 'admitted', atMs: 1 },
  } as const;
  return confirmAdmission(learning, { ...STEADY, ...conditions }, DEFAULT_BASELINE_REQUIREMENTS).verdict;
};

it('grows no forest while something else is waited for: it would be grown at every evaluation', () => {
  const strangeShare = (): number => expect.fail('a forest was grown');
  expect(verdict({ strangeShare, season: ['a day of traffic'] })).toMatchObject({ missing: ['a day of traffic'] });
  expect(verdict({ strangeShare, missing: ['longer blocks'] })).toMatchObject({ missing: ['longer blocks'] });
  expect(verdict({ strangeShare, failing: true })).toMatchObject({ kind: 'learning' });
});

it('admits a steady period, and not one whose rows the forest tears apart', () => {
  expect(verdict({})).toEqual({ kind: 'admitted', atMs: 1 });
  expect(verdict({ strangeShare: () => 0.11 })).toMatchObject({
    kind: 'learning',
    missing: ['an even lot of rows: the isolation forest sets 11 % of them apart from the rest'],
  });
});
