import { describe, expect, it } from 'vitest';
import type { Lesson } from '../../../exporter/src/domain/lesson.js';
import { estimateSuccess } from '../../../exporter/src/incident-history/success-estimate.js';

const DAY_MS = 86_400_000;
const PRINT = { 'cause:unit-change': 1, 'feature:hours': 0.4 };
type Outcome = Lesson['actions'][number]['outcome'];

const lessons = (outcomes: readonly Outcome[], closedAtMs = 0, fingerprint: Lesson['fingerprint'] = PRINT): Lesson[] =>
  outcomes.map((outcome, index) => ({
    id: `l${index}` as Lesson['id'],
    incidentId: `i${index}` as Lesson['incidentId'],
    modelId: 'm' as Lesson['modelId'],
    cause: 'unit-change',
    severity: 'high',
    headline: '',
    fingerprint,
    openedAtMs: closedAtMs,
    closedAtMs,
    actions: [{ action: 'fix-pipeline', outcome }],
  }));
const outlook = (of: readonly Lesson[], atMs = 0, place = 0): ReturnType<typeof estimateSuccess> =>
  estimateSuccess('unit-change', 'fix-pipeline', place, { fingerprint: PRINT, atMs, lessons: of });

describe('the outlook of an action', () => {
  it('is its prior before anything was tried: Beta(3, 1) for the first rule, less for the others', () => {
    expect(outlook([]).mean).toBe(0.75);
    // The quantile function of Beta(3, 1) is p^(1/3).
    expect(outlook([]).lowerQuantile20).toBeCloseTo(0.2 ** (1 / 3), 9);
    expect(outlook([]).low).toBeCloseTo(0.025 ** (1 / 3), 9);
    const means = [0, 1, 2, 3, 9].map((place) => outlook([], 0, place).mean);
    expect(means).toEqual([0.75, 0.6, 0.5, 0.4, 0.4]);
  });

  it('is Beta(3 + 7, 1 + 1) after 7 of 8 alike and fresh ones helped', () => {
    const outcomes = [...Array<Outcome>(7).fill('recovered'), 'not_recovered' as const];
    expect(outlook(lessons(outcomes)).mean).toBeCloseTo(10 / 12, 12);
  });

  it('takes nothing from what was not verified', () => {
    const unverified = lessons(['inconclusive', 'rejected', 'untried']);
    expect(outlook(unverified)).toEqual(outlook([]));
  });

  it('weighs by age and by likeness', () => {
    const bad = lessons(['not_recovered', 'not_recovered', 'not_recovered']);
    const old = outlook(bad, 100 * DAY_MS).mean;
    // 0.98^100 = 0.1326 of an incident each.
    expect(old).toBeCloseTo(3 / (4 + 3 * 0.98 ** 100), 9);
    const unlike = lessons(['not_recovered'], 0, { 'cause:unit-change': 1, 'feature:other': 3 });
    expect(outlook(unlike).mean).toBeGreaterThan(outlook(lessons(['not_recovered'])).mean);
    expect(outlook(lessons(['not_recovered'], 0, { 'feature:other': 1 }))).toEqual(outlook([]));
  });

  it('never trusts more than 40 incidents, so that 1,000 wrong ones are outvoted by 100 right ones', () => {
    expect(outlook(lessons(Array<Outcome>(1_000).fill('not_recovered'))).mean).toBeCloseTo(3 / 44, 9);
    const right = lessons(Array<Outcome>(100).fill('recovered'), 1);
    expect(outlook([...lessons(Array<Outcome>(1_000).fill('not_recovered')), ...right], 1).mean).toBeCloseTo(
      43 / 44,
      9,
    );
  });
});
