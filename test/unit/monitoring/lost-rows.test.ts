import { describe, expect, it } from 'vitest';
import { betUntilMs, type DriftMonitorState } from '../../../exporter/src/detection/sequential/drift-monitor-state.js';
import { DriftMonitor } from '../../../exporter/src/detection/sequential/drift-monitor.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import type { Features } from '../../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';
import type { CountedRow } from '../../../exporter/src/detection/sequential/counted-row.js';
import { drawnRows, LostRows, lostParts, type DrawnBy } from '../../../exporter/src/monitoring/lost-rows.js';
import type { Window } from '../../../exporter/src/monitoring/window.js';
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

const stored = (profile: WindowProfile): Window => ({
  windowStartMs: HOUR_MS * Math.floor(profile.fromMs / HOUR_MS),
  profile,
});
const byOf = (before: WindowProfile, seed = ''): DrawnBy => ({
  before,
  grids: new Map([...before.signals].map(([key, counts]) => [key, counts.kind === 'numeric' ? counts.grid : null])),
  order: (name) => seededRandom(`${seed}${name}`),
});
const drawn = (
  windows: readonly WindowProfile[],
  lost: Partial<typeof ALL> = {},
  before: WindowProfile = windows[0] ?? emptyWindow(),
): readonly CountedRow[] =>
  lostParts(windows.map(stored), { ...ALL, ...lost }).flatMap((part) => drawnRows(part, byOf(before)));

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
    const like = windowOf(0, [{ features: { x: 1 } }]);
    const windows = [1, 2, 3].map((hour) =>
      windowOf(
        hour,
        times(1_500, () => ({ features: { x: hour } })),
        like,
      ),
    );
    const all = drawn(windows);
    expect(all).toHaveLength(2_000);
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

  it('are as many of many small windows as of few large ones', () => {
    const windows = times(3_000, (i) => ({ features: { x: i } })).map((row, i) => windowOf(i + 1, [row, row]));
    const all = drawn(windows, { rows: 6_000 });
    expect(all).toHaveLength(2_000);
    expect(new Set(all.map(({ atMs }) => Math.floor(atMs / HOUR_MS))).size).toBe(2_000);
  });

  it('are none of a number that the e-detectors count by another grid: its values would lie beside their edges', () => {
    const ones = windowOf(
      1,
      times(100, () => ({ features: { x: 1 } })),
    );
    const zeroFirst = windowOf(
      2,
      times(100, (i) => ({ features: { x: i === 0 ? 0 : 1 } })),
    );
    const [part] = lostParts([stored(zeroFirst)], ALL);
    const keys = (grids: WindowProfile): readonly string[] =>
      part === undefined
        ? []
        : drawnRows(part, { ...byOf(zeroFirst), grids: byOf(grids).grids }).flatMap(({ values }) => [...values.keys()]);
    expect(keys(zeroFirst)).toContain('feature:x');
    expect(keys(ones)).not.toContain('feature:x');
  });

  it.each([1_000, 400])('name what the baseline has not in calls that were answered: %d of a thousand rows', (lost) => {
    const before = windowOf(1, [{ features: { x: 1 } }]);
    const rows = times(1_000, (i) =>
      i % 2 === 0 ? { failure } : { features: { x: 1, more: i % 4 === 1 ? 1 : null } },
    );
    const [part] = lostParts([stored(windowOf(1, rows, before))], ALL);
    const all = part === undefined ? [] : drawnRows({ ...part, rows: lost, drawn: lost }, byOf(before));
    const answered = all.filter(({ failed }) => !failed);
    expect(all.filter(({ failed, violates }) => failed && violates)).toEqual([]);
    const violating = answered.filter(({ violates }) => violates).length;
    expect(Math.abs(violating - lost / 2)).toBeLessThan(lost === 1_000 ? 1 : 30);
  });

  it('are others of the same window once some of it were bet on', () => {
    const window = windowOf(
      1,
      times(1_000, (i) => ({ features: { x: i } })),
    );
    const valuesOf = (rows: number): unknown[] =>
      drawn([window], { rows }).map(({ values }) => Math.round(Number(values.get('feature:x'))));
    const [all, left] = [valuesOf(1_000), valuesOf(600)];
    expect(left).toEqual(all.slice(400));
  });

  it('are the same twice and in another order for another seed, with the same values', () => {
    const window = windowOf(
      1,
      times(50, (i) => ({ features: { x: i } })),
    );
    const [part] = lostParts([stored(window)], ALL);
    const of = (seed: string): unknown[] =>
      (part === undefined ? [] : drawnRows(part, byOf(window, seed))).map(({ values }) => values.get('feature:x'));
    expect(of('a')).toEqual(of('a'));
    expect(of('a')).not.toEqual(of('b'));
    expect(new Set(of('a'))).toEqual(new Set(of('b')));
  });
});

describe('a watched model whose rows were lost', () => {
  const random = seededRandom('lost and found');
  const share = (value: number): boolean => random.next() < value;
  const usual = (): Row => ({
    features: { n: random.next(), c: share(0.5) ? 'a' : 'b', amount: 100 * (1 + random.next()), empty: null },
    prediction: share(0.5) ? 'yes' : 'no',
    confidence: 0.7 + 0.2 * random.next(),
  });
  const rowsOf = (count: number, row: (i: number) => Row): readonly Row[] => times(count, row);
  const learnt = (): DriftMonitor => {
    const monitor = new DriftMonitor('m', { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' }, (text) => text);
    for (const [i, row] of rowsOf(1_500, usual).entries()) {
      monitor.observe(observation({ ...row, atMs: HOUR_MS + 2_000 * i }));
      if (i % 25 === 0) monitor.settle(HOUR_MS + 2_000 * i, 200);
    }
    monitor.startWatching();
    return monitor;
  };
  const before = windowOf(1, rowsOf(1_500, usual));
  const confirmedOf = (changed: (row: Row) => Row): readonly string[] => {
    const monitor = learnt();
    const window = windowOf(
      3,
      rowsOf(1_500, () => changed(usual())),
      before,
    );
    for (const [i, row] of drawn([window], {}, before).entries()) {
      monitor.observeCounted(row);
      if (i % 25 === 0) monitor.settle(row.atMs, 200);
    }
    return monitor.evidence().confirmed;
  };
  const withFeatures = (row: Row, more: Features): Row => ({ ...row, features: { ...row.features, ...more } });

  it.each<readonly [string, (row: Row) => Row, readonly string[]]>([
    ['nothing', (row) => row, []],
    ['two categories in another mix', (row) => (share(0.5) ? withFeatures(row, { c: 'a' }) : row), ['feature:c']],
    ['a category nobody has sent', (row) => (share(0.3) ? withFeatures(row, { c: 'z' }) : row), ['feature:c']],
    ['no category', (row) => (share(0.4) ? withFeatures(row, { c: null }) : row), ['feature:c']],
    ['one prediction', (row) => ({ ...row, prediction: 'yes' }), ['prediction']],
    [
      'a number times 100',
      (row) => withFeatures(row, { amount: 100 * Number(row.features?.amount) }),
      ['feature:amount'],
    ],
    ['failing calls', (row) => (share(0.4) ? { ...row, failure } : row), ['errors']],
    ['low confidence', (row) => ({ ...row, confidence: 0.4 + 0.1 * random.next() }), ['confidence']],
    ['a feature nobody has sent', (row) => withFeatures(row, { more: 1 }), ['schema']],
    ['the same without a value', (row) => withFeatures(row, { more: null }), ['schema']],
    ['a value of a feature that never had one', (row) => withFeatures(row, { empty: 1 }), ['schema']],
  ])('finds in them what there is: %s', (_, changed, confirmed) => {
    expect([...confirmedOf(changed)].sort()).toEqual([...confirmed].sort());
  });
});

it('are those since a row was last bet on, whatever mlfi asked the model or labels said since', () => {
  const stream = (startedAtMs: number): unknown => ({ streams: [{ startedAtMs }] });
  const signals = [
    ['confidence', stream(100)],
    ['golden', stream(9_000)],
    ['accuracy', stream(300)],
    ['feature:a', stream(200)],
  ] as unknown as DriftMonitorState['signals'];
  expect(betUntilMs({ signals })).toBe(200);
  expect(betUntilMs({ signals: [] })).toBe(-Infinity);
});

describe('rows that are bet on step by step', () => {
  const windows = [1, 2, 3].map((hour) =>
    stored(
      windowOf(
        hour,
        times(100, () => ({ features: { x: hour } })),
      ),
    ),
  );
  const queue = (): LostRows => {
    const by = byOf(windows[0]?.profile ?? emptyWindow());
    return new LostRows(lostParts(windows, { rows: 300, betUntilMs: -Infinity }), (part) => drawnRows(part, by));
  };

  it('come before anything else, with a look after every 25', () => {
    const lost = queue();
    const kinds = [...lost.before(() => [{ kind: 'row' }], Infinity)].map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'lost')).toHaveLength(300);
    expect(kinds.filter((kind) => kind === 'tick')).toHaveLength(12);
    expect(kinds.slice(-2)).toEqual(['tick', 'row']);
    expect([lost.left, lost.reachedMs]).toEqual([0, Infinity]);
  });

  it('wait where an evaluation has to see what was found, and so does everything else', () => {
    const lost = queue();
    const until = HOUR_MS + 49_500;
    const seen = [...lost.before(() => [{ kind: 'row' }], until)];
    expect(seen.filter(({ kind }) => kind === 'lost').length).toBeGreaterThan(40);
    expect(seen.map(({ kind }) => kind)).not.toContain('row');
    expect(lost.left).toBe(300 - seen.filter(({ kind }) => kind === 'lost').length);
    expect(lost.reachedMs).toBeLessThanOrEqual(until);
    const copy = lost.copy();
    copy.clear();
    expect([copy.left, [...copy.before(() => ['others'], 0)]]).toEqual([0, ['others']]);
    expect([...lost.before(() => [], Infinity)].filter(({ kind }) => kind === 'lost')).toHaveLength(
      lost.left + 300 - seen.filter(({ kind }) => kind === 'lost').length,
    );
  });
});
