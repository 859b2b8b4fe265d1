import { expect, it } from 'vitest';
import { failuresNow } from '../../../exporter/src/statistics/rise-of-failures.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
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

it('counts a second outage by itself, where it fails in another way and calls were answered between', () => {
  const rows = [
    ...Array.from({ length: 34 }, () => failed('connect')),
    ...Array.from({ length: 102 }, () => observation()),
    ...Array.from({ length: 4 }, () => failed('http_5xx')),
  ].map((row, i) => ({ ...row, atMs: 1_000 * i }));
  expect(failuresNow(profileOf(rows), rows)).toMatchObject({
    calls: 4,
    failures: 4,
    byReason: { http_5xx: 4 },
    sinceMs: 136_000,
  });
});

it('counts what fails in another way than just before by itself, and no calls that fail in several ways', () => {
  const at = (rows: readonly Observation[]): Observation[] => rows.map((row, i) => ({ ...row, atMs: 1_000 * i }));
  const many = (count: number, of: () => Observation): Observation[] => Array.from({ length: count }, of);
  const turned = at([
    ...many(100, () => observation()),
    ...many(66, () => failed('http_5xx')),
    ...many(10, () => failed('credentials')),
  ]);
  const since = { calls: 10, failures: 10, byReason: { credentials: 10 }, sinceMs: 166_000 };
  expect(failuresNow(profileOf(turned), turned)).toMatchObject(since);
  const sooner = turned.slice(0, -1);
  expect(failuresNow(profileOf(sooner), sooner)).toMatchObject({ calls: 75, failures: 75 });
  const random = seededRandom('several ways');
  const ways = ['http_5xx', 'credentials', 'timeout'] as const;
  for (let i = 0; i < 500; i += 1) {
    const mixed = at([
      ...many(100, () => observation()),
      ...many(60, () => failed(ways[Math.floor(3 * random.next())] ?? 'other')),
    ]);
    expect(failuresNow(profileOf(mixed), mixed).calls).toBe(60);
  }
});

it.each([
  ['the same kind', 'connect', 102, 4],
  ['hardly an answer between', 'http_5xx', 3, 4],
  ['a few calls', 'http_5xx', 102, 2],
] as const)('counts one outage and no second one: %s', (_, reason, answers, second) => {
  const rows = [
    ...Array.from({ length: 34 }, () => failed('connect')),
    ...Array.from({ length: answers }, () => observation()),
    ...Array.from({ length: second }, () => failed(reason)),
  ].map((row, i) => ({ ...row, atMs: 1_000 * i }));
  expect(failuresNow(profileOf(rows), rows).failures).toBe(34 + second);
});

it('counts by itself what a server refuses for minutes because it asks to wait: few calls are made meanwhile', () => {
  const busy = (): ReturnType<typeof failed> => {
    const row = failed('http_5xx');
    return row.failure === null ? row : { ...row, failure: { ...row.failure, retryAfterMs: 60_000 } };
  };
  const rows = [
    ...Array.from({ length: 4 }, (_, i) => ({ ...busy(), atMs: 60_000 * i })),
    ...Array.from({ length: 36 }, (_, i) => ({ ...observation(), atMs: 240_000 + 500 * i })),
    ...Array.from({ length: 4 }, (_, i) => ({ ...busy(), atMs: 260_000 + 60_000 * i })),
  ];
  expect(failuresNow(profileOf(rows), rows)).toMatchObject({ calls: 4, failures: 4, sinceMs: 260_000 });
  const soon = rows.map((row, i) => (i < 40 ? row : { ...row, atMs: 260_000 + i }));
  expect(failuresNow(profileOf(soon), soon).failures).toBe(8);
});

const inTurn = (...parts: readonly (readonly [count: number, status: number | null])[]) =>
  parts
    .flatMap(([count, status]) =>
      Array.from({ length: count }, () => (status === null ? observation() : failed('http_5xx', status))),
    )
    .map((row, i) => ({ ...row, atMs: 1_000 * i }));
const AGAIN = Array.from({ length: 10 }, (): (readonly [number, number | null])[] => [
  [2, null],
  [1, 500],
]).flat();

it('counts calls that fail in another way after an outage by themselves', () => {
  const rows = inTurn([100, null], [60, 503], ...AGAIN);
  expect(failuresNow(profileOf(rows), rows)).toMatchObject({ calls: 30, failures: 10, sinceMs: 160_000 });
});

it('keeps the outage where nothing fails after it, or too little, or in the same way', () => {
  for (const after of [
    [[30, null]],
    [
      [30, null],
      [1, 500],
    ],
    AGAIN.map(([count, status]) => [count, status && 503]),
  ]) {
    const rows = inTurn([100, null], [60, 503], ...(after as [number, number | null][]));
    expect(failuresNow(profileOf(rows), rows).failures).toBeGreaterThanOrEqual(60);
  }
});

it('a second outage with another status is another way', () => {
  const rows = inTurn([40, 503], [50, null], [4, 500]);
  expect(failuresNow(profileOf(rows), rows)).toMatchObject({ calls: 4, failures: 4 });
});
