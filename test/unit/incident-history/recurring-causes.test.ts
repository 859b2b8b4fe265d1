import { expect, it } from 'vitest';
import { incidentId, lessonId, modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Lesson } from '../../../exporter/src/domain/lesson.js';
import { recurringCauses } from '../../../exporter/src/incident-history/recurring-causes.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-11-24T12:00:00Z');

let made = 0;
const lesson = (openedAtMs: number, also: Partial<Lesson> = {}): Lesson => ({
  id: lessonId(`l${(made += 1)}`),
  incidentId: incidentId(`i${made}`),
  modelId: modelId('shop'),
  cause: 'unit-change',
  severity: 'high',
  headline: '',
  fingerprint: { 'cause:unit-change': 1, 'feature:income': 0.4 },
  openedAtMs,
  closedAtMs: openedAtMs + HOUR_MS,
  actions: [],
  ...also,
});
const at = (...times: readonly string[]): Lesson[] => times.map((time) => lesson(Date.parse(time)));

it('names a cause that comes back, the features to blame each time, and how often it comes', () => {
  const lessons = at('2026-10-05T09:00:00Z', '2026-10-16T20:00:00Z', '2026-10-25T03:00:00Z', '2026-11-08T14:00:00Z');
  const [one, ...others] = lessons;
  const odd = { ...lessons[0], fingerprint: { 'feature:income': 0.4, 'feature:age': 0.4 } } as Lesson;
  expect(recurringCauses([odd, ...others], NOW)).toMatchObject([
    { model: 'shop', cause: 'unit-change', features: ['income'], incidents: 4, hours: null },
  ]);
  expect(recurringCauses(others.slice(1), NOW)).toEqual([]);
  expect(one).toBeDefined();
});

it('finds the weekly job: Mondays, soon after two', () => {
  const mondays = at('2026-11-02T02:10:00Z', '2026-11-09T02:40:00Z', '2026-11-16T03:05:00Z', '2026-11-23T02:20:00Z');
  const [pattern] = recurringCauses(mondays, NOW);
  expect(pattern?.hours).toMatchObject({ weekday: 1, fromHour: 2, toHour: 4, incidents: 4 });
  expect(pattern?.hours?.pValue).toBeLessThan(0.001);
  expect(pattern?.recommendation.why).toContain('all on Mondays between 02:00 and 04:00 UTC');
});

it('finds the daily job over midnight, one stray incident notwithstanding', () => {
  const nights = Array.from({ length: 9 }, (_, day) =>
    lesson(Date.parse('2026-11-10T23:20:00Z') + day * DAY_MS + day * 6 * 60_000),
  );
  const [pattern] = recurringCauses([...nights, ...at('2026-11-20T12:00:00Z')], NOW);
  expect(pattern?.hours).toMatchObject({ weekday: null, fromHour: 23, toHour: 1, incidents: 9 });
});

it('says what helped, and that it did not last', () => {
  const helped = { actions: [{ action: 'rollback' as const, outcome: 'recovered' as const }] };
  const lessons = [3, 10, 17].map((days) => lesson(NOW - days * DAY_MS, helped));
  lessons.push(lesson(NOW - DAY_MS, { actions: [{ action: 'rollback', outcome: 'not_recovered' }] }));
  expect(recurringCauses(lessons, NOW)[0]?.recommendation.why).toContain('“rollback” helped 3 of 4 times');
});

it('keeps models and causes apart, and forgets what is a quarter old', () => {
  const old = [100, 101, 102].map((days) => lesson(NOW - days * DAY_MS));
  const elsewhere = [1, 2].map((days) => lesson(NOW - days * DAY_MS, { modelId: modelId('other') }));
  const otherwise = [3, 4].map((days) => lesson(NOW - days * DAY_MS, { cause: 'null-flood' }));
  expect(recurringCauses([...old, ...elsewhere, ...otherwise], NOW)).toEqual([]);
});

it('sees hours in at most 1 % of incidents at random times', () => {
  const random = seededRandom('patterns');
  const ROUNDS = 3_000;
  let seen = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const incidents = 3 + Math.floor(random.next() * 15);
    const lessons = Array.from({ length: incidents }, () => lesson(NOW - random.next() * 84 * DAY_MS));
    if (recurringCauses(lessons, NOW)[0]?.hours != null) seen += 1;
  }
  expect(seen / ROUNDS).toBeLessThan(0.01 + 3 * Math.sqrt((0.01 * 0.99) / ROUNDS));
});
