import { describe, expect, it } from 'vitest';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';
import { lostRows } from '../../../exporter/src/monitoring/lost-rows.js';
import { foldRareCategories } from '../../../exporter/src/statistics/rare-categories.js';
import { createWindowBuilder, emptyWindow } from '../../../exporter/src/statistics/window-profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';

type Row = NonNullable<Parameters<typeof observation>[0]>;

const HOUR_MS = 3_600_000;
const ALL = { rows: 10_000, betUntilMs: -Infinity };

/** A row a second from the beginning of an hour. */
function windowOf(hour: number, rows: readonly Row[], like?: WindowProfile): WindowProfile {
  const builder = createWindowBuilder(like === undefined ? {} : { like });
  for (const [i, row] of rows.entries()) builder.add(observation({ ...row, atMs: hour * HOUR_MS + 1_000 * i }));
  return foldRareCategories(builder.build(), new Map());
}

const drawn = (
  windows: readonly WindowProfile[],
  lost: Partial<typeof ALL> = {},
  before: WindowProfile | undefined = windows[0],
): ReturnType<typeof lostRows> =>
  lostRows(windows, before ?? emptyWindow(), { ...ALL, ...lost }, seededRandom('lost rows'));

const times = (n: number, row: (i: number) => Row): Row[] => Array.from({ length: n }, (_, i) => row(i));

const failure = { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } as const;

describe('rows drawn from counts', () => {
  it('hold each value as often as it was counted: of a number its cell, of a category its name, and what is missing or not sent', () => {
    const rows = times(100, (i) => ({
      features: { n: i % 4 === 0 ? null : i % 5, ...(i % 10 === 0 ? {} : { c: i % 2 === 0 ? 'even' : 'odd' }) },
      prediction: i % 3 === 0 ? 'yes' : 'no',
      confidence: 0.7,
      failure: i < 20 ? failure : null,
    }));
    const all = drawn([windowOf(1, rows)]);
    expect(all).toHaveLength(100);
    expect(all.filter(({ failed }) => failed)).toHaveLength(20);
    const seen = new Map<string, number>();
    for (const { values } of all)
      for (const [key, value] of values) {
        const name = `${key} ${typeof value === 'number' ? value.toFixed(2) : String(value)}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    const answered = rows.slice(20);
    const count = (is: (row: Row) => boolean): number => answered.filter(is).length;
    expect(Object.fromEntries(seen)).toMatchObject({
      'feature:n null': count(({ features }) => features?.n === null),
      'feature:n 3.00': count(({ features }) => features?.n === 3),
      'feature:c even': count(({ features }) => features?.c === 'even'),
      'feature:c null': count(({ features }) => features !== undefined && features !== null && !('c' in features)),
      'prediction yes': count(({ prediction }) => prediction === 'yes'),
      'confidence 0.70': 80,
    });
  });

  it('come in the order of their windows, within the time of these, and never more than say what all do', () => {
    const windows = [1, 2, 3].map((hour) =>
      windowOf(
        hour,
        times(1_500, () => ({ features: { x: hour } })),
      ),
    );
    const all = drawn(windows);
    expect(all).toHaveLength(2_001);
    expect(all.map(({ atMs }) => atMs)).toEqual(all.map(({ atMs }) => atMs).sort((a, b) => a - b));
    for (const { atMs, values } of all)
      expect(Math.round(Number(values.get('feature:x')))).toBe(Math.floor(atMs / HOUR_MS));
  });

  it.each([
    ['all of the newest window, none of the one before', { rows: 100 }, 100, 2],
    ['most of the one before', { rows: 160 }, 160, 1],
    ['half of the one before, which may be bet on already', { rows: 150 }, 100, 2],
    ['nothing that was bet on', { betUntilMs: 2 * HOUR_MS }, 100, 2],
    ['nothing', { rows: 0 }, 0, null],
  ])('are of as many rows as were lost: %s', (_, lost, expected, firstHour) => {
    const windows = [1, 2].map((hour) =>
      windowOf(
        hour,
        times(100, () => ({ features: { x: hour } })),
      ),
    );
    // The last row of the first hour comes a second before the second.
    const all = drawn(
      windows.map((window, i) => (i === 0 ? { ...window, toMs: 2 * HOUR_MS - 1_000 } : window)),
      lost,
    );
    expect(all).toHaveLength(expected);
    expect(all[0] === undefined ? null : Math.floor(all[0].atMs / HOUR_MS)).toBe(firstHour);
  });

  it('leave out a feature with categories too rare to be stored, unless all of the baseline’s are known', () => {
    const [common] = [
      windowOf(
        1,
        times(100, () => ({ features: { c: 'a' } })),
      ),
    ];
    const rare = windowOf(
      2,
      times(100, (i) => ({ features: { c: i < 5 ? `id ${i}` : 'a' } })),
    );
    const valuesOf = (before: WindowProfile): unknown[] =>
      drawn([rare], {}, before).flatMap(({ values }) => values.get('feature:c') ?? []);
    expect(valuesOf(rare)).toEqual([]);
    const values = valuesOf(common ?? emptyWindow());
    expect(values).toHaveLength(100);
    expect(values.filter((value) => value !== 'a')).toHaveLength(5);
  });

  it('are the same twice and in another order for another seed, with the same values', () => {
    const window = windowOf(
      1,
      times(50, (i) => ({ features: { x: i } })),
    );
    const of = (seed: string): unknown[] =>
      lostRows([window], window, ALL, seededRandom(seed)).map(({ values }) => values.get('feature:x'));
    expect(of('a')).toEqual(of('a'));
    expect(of('a')).not.toEqual(of('b'));
    expect(new Set(of('a'))).toEqual(new Set(of('b')));
  });
});
