import { expect, it } from 'vitest';
import { parseBatch } from '../../../exporter/src/capture/ingest/parse.js';
import { RecentIntake } from '../../../exporter/src/monitoring/recent-intake.js';

const NOW = Date.UTC(2026, 10, 28, 12);
const lines = (line: string, count: number): string => Array.from({ length: count }, () => line).join('\n');
const GOOD = '{"prediction":"a"}';
const batch = (text: string, nowMs = NOW): ReturnType<typeof parseBatch> =>
  parseBatch(text, 'application/x-ndjson', nowMs);

it('counts what was refused, and for what, over the newest hundred rows', () => {
  const intake = new RecentIntake();
  intake.add(
    batch(`${lines('nothing', 30)}\n${lines('{"prediction":"a","confidence":7}', 40)}\n${lines(GOOD, 10)}`),
    NOW,
  );
  expect(intake.summary({ late: 0, lost: 0 })).toMatchObject({
    taken: 10,
    refused: 70,
    mostRefusedFor: 'bad_confidence',
  });
  for (let i = 0; i < 100; i += 1) intake.add(batch(GOOD), NOW);
  expect(intake.summary({ late: 0, lost: 0 })).toMatchObject({ taken: 100, refused: 0, mostRefusedFor: null });
});

it.each([
  ['lines', (good: number, bad: number) => `${lines(GOOD, good)}\n${lines('nothing', bad)}`, 'application/x-ndjson'],
  [
    'a table',
    (good: number, bad: number) => `prediction,confidence\n${lines('a,0.5', good)}\n${lines('a,7', bad)}`,
    'text/csv',
  ],
])('looks at the last rows of a large batch of %s, not at all of it', (_, body, type) => {
  const intake = new RecentIntake();
  intake.add(parseBatch(body(2_500, 400), type, NOW), NOW);
  expect(intake.summary({ late: 0, lost: 0 })).toMatchObject({ taken: 0, refused: 100 });
  intake.add(parseBatch(body(2_500, 30), type, NOW), NOW);
  expect(intake.summary({ late: 0, lost: 0 })).toMatchObject({ taken: 70, refused: 30 });
});

it('tells what the limits leave out until rows come without', () => {
  const intake = new RecentIntake();
  const wide = JSON.stringify({
    prediction: 'a',
    features: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, i])),
  });
  intake.add(batch(wide), NOW);
  expect(intake.summary({ late: 0, lost: 0 }).leftOut).toMatchObject([{ reason: 'features_cut' }]);
  intake.add(batch(lines(GOOD, 200)), NOW);
  expect(intake.summary({ late: 0, lost: 0 }).leftOut).toEqual([]);
});

it.each([
  ['two hours behind, always', (i: number) => 7_200_000 + 900 * (i % 3), 7_200_000],
  ['five hours and a half behind, always', () => 19_800_000, 19_800_000],
  ['in time', () => 1_000, null],
  ['late, now more, now less', (i: number) => 3_600_000 + 300_000 * (i % 4), null],
  ['late by no part of a zone', () => 3_000_000, null],
])('a sender’s clock: %s', (_, lagOf, offsetMs) => {
  const intake = new RecentIntake();
  for (let i = 0; i < 30; i += 1) {
    const nowMs = NOW + i * 60_000;
    intake.add(batch(`{"prediction":"a","timestamp":${nowMs - lagOf(i)}}`, nowMs), nowMs);
  }
  expect(intake.summary({ late: 0, lost: 0 }).clockOffsetMs).toBe(offsetMs);
});

it('is not sure of a clock’s offset after a few batches', () => {
  const intake = new RecentIntake();
  for (let i = 0; i < 30; i += 1)
    intake.add(batch(`{"prediction":"a","timestamp":${NOW + i - 7_200_000}}`, NOW + i), NOW + i);
  expect(intake.summary({ late: 0, lost: 0 }).clockOffsetMs).toBeNull();
});
