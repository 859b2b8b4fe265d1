import { describe, expect, it } from 'vitest';
import type { Lesson } from '../../../exporter/src/domain/lesson.js';
import { similarLessons } from '../../../exporter/src/incident-history/similarity.js';
import { trackRecord } from '../../../exporter/src/incident-history/track-record.js';

const DAY_MS = 86_400_000;
const lesson = (
  id: string,
  closedAtMs: number,
  fingerprint: Record<string, number>,
  actions: Lesson['actions'] = [],
): Lesson => ({
  id: id as Lesson['id'],
  incidentId: `incident-${id}` as Lesson['incidentId'],
  modelId: 'm' as Lesson['modelId'],
  cause: 'unit-change',
  severity: 'high',
  headline: id,
  fingerprint,
  openedAtMs: closedAtMs - 1,
  closedAtMs,
  actions,
});
const PRINT = { 'cause:unit-change': 1, 'feature:hours': 0.4, 'finding:numeric-drift:feature:hours': 0.5 };

describe('similar incidents', () => {
  it('are the ones with the same facts, the newer the more, and none when it is new', () => {
    const lessons = [
      lesson('same', 30 * DAY_MS, PRINT),
      lesson('old', 0, PRINT),
      lesson('other', 30 * DAY_MS, { 'cause:endpoint-errors': 1 }),
    ];
    const found = similarLessons(PRINT, 30 * DAY_MS, lessons);
    expect(found[0]).toMatchObject({ lesson: { id: 'same' } });
    expect(found[0]?.similarity).toBeCloseTo(1, 9);
    expect(found.map(({ lesson: { id } }) => id)).not.toContain('other');
    expect(found.find(({ lesson: { id } }) => id === 'old')?.similarity ?? 0).toBeLessThan(0.35);
    expect(similarLessons({ 'cause:slow-endpoint': 1 }, 30 * DAY_MS, lessons)).toEqual([]);
  });

  it('are not the ones that moved the other way', () => {
    expect(
      similarLessons({ 'finding:numeric-drift:feature:x': 0.5 }, 0, [
        lesson('a', 0, { 'finding:numeric-drift:feature:x': -0.5 }),
      ]),
    ).toEqual([]);
  });
});

it('counts only verified outcomes of an action against its cause', () => {
  const lessons = [
    lesson('a', 1, PRINT, [{ action: 'fix-pipeline', outcome: 'recovered' }]),
    lesson('b', 2, PRINT, [{ action: 'fix-pipeline', outcome: 'not_recovered' }]),
    lesson('c', 3, PRINT, [
      { action: 'fix-pipeline', outcome: 'inconclusive' },
      { action: 'rollback', outcome: 'untried' },
    ]),
  ];
  const experience = { fingerprint: PRINT, atMs: 3, lessons };
  expect(trackRecord('unit-change', 'fix-pipeline', 0, experience)).toMatchObject({ helped: 1, tried: 2 });
  expect(trackRecord('unit-change', 'rollback', 1, experience)).toBeNull();
  expect(trackRecord('null-flood', 'fix-pipeline', 0, experience)).toBeNull();
});
