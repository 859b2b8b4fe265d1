import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyWindow, mergeWindows } from '../../../exporter/src/statistics/window-profile.js';
import type { FeatureValue } from '../../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../../exporter/src/domain/profile.js';
import { withCounted, type ArrivedRow, type Countable } from '../../../exporter/src/monitoring/countable.js';
import { Windows } from '../../../exporter/src/monitoring/windows.js';
import type { MatchedLabel } from '../../../exporter/src/monitoring/label-joiner.js';
import { observation } from '../detection/rows.js';
import { atOnce } from '../../../exporter/src/domain/turns.js';

const LENGTH_MS = 100;
const SINCE_MS = 1_020;
const NUMBER: fc.Arbitrary<FeatureValue> = fc.option(fc.integer({ min: -5, max: 5 }));
const CATEGORY: fc.Arbitrary<FeatureValue> = fc.option(fc.constantFrom('x', 'y', 'z'));
const ROWS: fc.Arbitrary<ArrivedRow[]> = fc.array(
  fc
    .record({
      atMs: fc.integer({ min: 800, max: 1_600 }),
      n: NUMBER,
      c: CATEGORY,
      confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    })
    .map(({ atMs, n, c, confidence }) => ({
      row: observation({ atMs, features: { n, c }, confidence }),
      judged: null,
    })),
  { maxLength: 12 },
);
const rowsOnly = (rows: readonly ArrivedRow[]): Countable => ({ rows, labels: [] });
const rowIn = (c: string): ArrivedRow => ({
  row: observation({ features: { n: 1, c }, confidence: 0.5 }),
  judged: null,
});
const rowAt = (atMs: number): ArrivedRow => ({ row: observation({ atMs }), judged: null });

/** The store as the windows see it. */
class Stored {
  readonly profiles = new Map<number, WindowProfile>();

  /** @param waiting how many rows are said to wait: with many, windows are kept as they were written */
  constructor(private readonly waiting = 1_000) {}

  write(windows: Windows, arrived: Countable, waiting: readonly ArrivedRow[]): void {
    const toStore = atOnce(windows.toStore(arrived, waiting));
    for (const { windowStartMs, profile } of toStore.windows) this.profiles.set(windowStartMs, profile);
    for (const { windowStartMs, profile } of toStore.amendments) {
      const before = this.profiles.get(windowStartMs);
      this.profiles.set(windowStartMs, before === undefined ? profile : mergeWindows(before, profile));
    }
    windows.stored(toStore.windows, this.waiting);
  }
}

/** Every row in the window of its time; the first window begins with the baseline's end. */
function expected(
  rows: readonly ArrivedRow[],
  like: WindowProfile,
  labels: readonly MatchedLabel[] = [],
): Map<number, WindowProfile> {
  const byStart = new Map<number, { rows: ArrivedRow[]; labels: MatchedLabel[] }>();
  const windowOf = (atMs: number): { rows: ArrivedRow[]; labels: MatchedLabel[] } => {
    const start = LENGTH_MS * Math.floor(atMs / LENGTH_MS);
    const key = atMs >= SINCE_MS ? Math.max(start, SINCE_MS) : start;
    const window = byStart.get(key) ?? { rows: [], labels: [] };
    byStart.set(key, window);
    return window;
  };
  for (const each of rows) windowOf(each.row.atMs).rows.push(each);
  for (const each of labels) windowOf(each.predictedAtMs).labels.push(each);
  return new Map([...byStart].map(([start, countable]) => [start, withCounted(like, null, countable)]));
}
const labelOf = ({ row: { atMs } }: ArrivedRow, isRight: boolean): MatchedLabel => ({
  label: { kind: 'class', correct: isRight, confidenceTenth: null },
  atMs,
  predictedAtMs: atMs,
  answeredAtMs: null,
});

const sorted = (profiles: ReadonlyMap<number, WindowProfile>): [number, WindowProfile][] =>
  [...profiles].sort(([a], [b]) => a - b);

describe('windows by the time of the rows', () => {
  it('are stored whole whatever waits, comes late, is let go or is not stored at once', () => {
    const commit = fc.record({
      rows: ROWS,
      unstored: fc.oneof(fc.constant([]), ROWS),
      waits: fc.boolean(),
      handedOut: fc.nat(12),
      labelled: fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 4 }),
      isTrimmed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 6 }), (commits) => {
        const like = withCounted(emptyWindow(), null, rowsOnly(['x', 'y', 'z'].map(rowIn)));
        const windows = new Windows(like, LENGTH_MS, SINCE_MS, [], 10);
        const stored = new Stored();
        const all: ArrivedRow[] = [];
        let waiting: ArrivedRow[] = [];
        const labels: MatchedLabel[] = [];
        for (const { rows, unstored, waits, handedOut, labelled, isTrimmed } of commits) {
          windows.add(rowsOnly(unstored), false);
          // Labels of answers that came before, wherever those are by now.
          const judged = labelled.flatMap(([at, isRight]) => {
            const answer = all[at % Math.max(1, all.length)];
            return answer === undefined ? [] : [labelOf(answer, isRight)];
          });
          labels.push(...judged);
          stored.write(windows, { rows, labels: judged }, waiting);
          windows.add({ rows: [], labels: judged }, true);
          waiting = waiting.toSorted((a, b) => a.row.atMs - b.row.atMs);
          windows.add(rowsOnly(waiting.slice(0, handedOut)), true);
          const late = rows.filter(({ row }) => row.atMs < 1_300);
          windows.add(rowsOnly(waits ? late : rows), true);
          waiting = [...waiting.slice(handedOut), ...(waits ? rows.filter((each) => !late.includes(each)) : [])];
          if (isTrimmed && waiting.length === 0) windows.trim(1);
          all.push(...rows, ...unstored);
        }
        expect(sorted(stored.profiles)).toEqual(sorted(expected(all, like, labels)));
      }),
      { numRuns: 300 },
    );
  });

  it('judges the newest calls, in the order of the rows’ time', () => {
    const windows = new Windows(emptyWindow(), LENGTH_MS, SINCE_MS, [], 10);
    for (const atMs of [1_050, 1_150, 1_250, 1_160]) windows.add(rowsOnly([rowAt(atMs)]), true);
    expect(windows.newest(1)).toMatchObject({ calls: 1, fromMs: 1_250 });
    expect(windows.newest(2)).toMatchObject({ calls: 3, fromMs: 1_150, toMs: 1_250 });
    expect(windows.newest(10).calls).toBe(4);
  });

  it('gives others their turn for each window that is to be stored, and makes an older one when it is asked for', () => {
    const windows = new Windows(emptyWindow(), LENGTH_MS, SINCE_MS, [], 10);
    windows.add(rowsOnly([rowAt(1_050)]), true);
    const [newer, older] = [200, 300].map((count, k) =>
      Array.from({ length: count }, (_, i) => rowAt(k === 0 ? 2_000 + LENGTH_MS * i : 900 - LENGTH_MS * i)),
    );
    const read: number[] = [];
    const watched = (older ?? []).map(({ row, judged }): ArrivedRow => ({
      judged,
      get row() {
        read.push(row.atMs);
        return row;
      },
    }));
    const making = windows.toStore(rowsOnly([...(newer ?? []), ...watched]), []);
    let turns = 0;
    let made = making.next();
    for (; made.done !== true; made = making.next()) turns += 1;
    expect(turns).toBeGreaterThanOrEqual(200);
    expect(made.value.windows).toHaveLength(200);
    const grouped = read.length;
    const amendments = made.value.amendments[Symbol.iterator]();
    expect(amendments.next().value).toMatchObject({ profile: { calls: 1 } });
    expect(read.length - grouped).toBeLessThan(5);
    expect([...{ [Symbol.iterator]: () => amendments }]).toHaveLength(299);
  });

  it('begins none by a label whose answer still waits', () => {
    const windows = new Windows(emptyWindow(), LENGTH_MS, SINCE_MS, [], 10);
    const waits = rowAt(1_250);
    windows.add(rowsOnly([rowAt(1_110)]), true);
    windows.add({ rows: [], labels: [labelOf(waits, true)] }, true);
    windows.add(rowsOnly([rowAt(1_120)]), true);
    expect(windows.newest(1)).toMatchObject({ calls: 2, labels: { labelled: 0 } });
    windows.add(rowsOnly([waits]), true);
    expect(windows.newest(1)).toMatchObject({ calls: 1, labels: { labelled: 1 } });
  });

  it('goes on in the window that was being filled before a restart', () => {
    const profile = withCounted(emptyWindow(), null, rowsOnly([rowAt(1_110), rowAt(1_120)]));
    const windows = new Windows(emptyWindow(), LENGTH_MS, SINCE_MS, [{ windowStartMs: 1_100, profile }], 10);
    const arrived = rowsOnly([rowAt(1_130)]);
    expect(atOnce(windows.toStore(arrived, [])).windows).toMatchObject([
      { windowStartMs: 1_100, profile: { calls: 3 } },
    ]);
    windows.add(arrived, true);
    expect(windows.newest(1).calls).toBe(3);
  });
});

it('stores a row that waits for an older window than those in memory, as it was taken, once', () => {
  const like = emptyWindow();
  const windows = new Windows(like, LENGTH_MS, SINCE_MS, [], 10);
  const stored = new Stored();
  const first = [rowAt(1_250), rowAt(1_350)];
  windows.add(rowsOnly(first), false);
  stored.write(windows, rowsOnly([]), []);
  windows.trim(1);
  // Answered before it is stored, and older than what is still judged.
  const late = rowAt(1_110);
  windows.awaits(late);
  stored.write(windows, rowsOnly([]), [late]);
  windows.add(rowsOnly([late]), true);
  stored.write(windows, rowsOnly([]), []);
  expect(sorted(stored.profiles)).toEqual(sorted(expected([...first, late], like)));
});

it('keeps a window that a row waits for among those in memory until it is stored', () => {
  const like = emptyWindow();
  const windows = new Windows(like, LENGTH_MS, SINCE_MS, [], 10);
  const stored = new Stored();
  const first = [rowAt(1_110), rowAt(1_350), rowAt(1_450)];
  windows.add(rowsOnly(first), false);
  stored.write(windows, rowsOnly([]), []);
  const waits = rowAt(1_250);
  windows.awaits(waits);
  windows.trim(1);
  stored.write(windows, rowsOnly([]), [waits]);
  windows.add(rowsOnly([waits]), true);
  stored.write(windows, rowsOnly([]), []);
  expect(sorted(stored.profiles)).toEqual(sorted(expected([...first, waits], like)));
});

it.each(['in one life', 'over a restart while it learns'])(
  'takes no stored window away when rows of the same time come under another baseline, %s',
  (life) => {
    const like = emptyWindow();
    const store = new Stored();
    const before = new Windows(like, LENGTH_MS, 1_000, [], 10);
    const send = (windows: Windows, times: readonly number[]): void => {
      const rows = rowsOnly(times.map(rowAt));
      store.write(windows, rows, []);
      windows.add(rows, true);
    };
    const labels = (windows: Windows): void => {
      const late = { rows: [], labels: [labelOf(rowAt(1_350), true)] };
      store.write(windows, late, []);
      windows.add(late, true);
    };
    send(before, [1_010, 1_150, 1_250, 1_350]);
    before.learn(like);
    let after = before;
    if (life !== 'in one life') {
      after = new Windows(like, LENGTH_MS, null, [], 10);
      after.leave(1_300);
    }
    after.judge(like, 1_120);
    send(after, [1_130, 1_260, 1_340, 1_460]);
    labels(after);
    send(after, [1_360, 1_090]);
    const kept = (): readonly (readonly number[])[] =>
      [...store.profiles].sort(([a], [b]) => a - b).map(([startMs, { calls }]) => [startMs, calls]);
    const expectedCalls = [
      [1_000, 2],
      [1_100, 1],
      [1_120, 1],
      [1_200, 1],
      [1_201, 1],
      [1_300, 1],
      [1_301, 2],
      [1_400, 1],
    ];
    expect(kept()).toEqual(expectedCalls);
    // As it is after a restart, too.
    const past = [...store.profiles]
      .filter(([startMs]) => startMs >= 1_120)
      .sort(([a], [b]) => a - b)
      .map(([windowStartMs, profile]) => ({ windowStartMs, profile }));
    const restored = new Windows(like, LENGTH_MS, 1_120, past, 10);
    send(restored, [1_320, 1_220]);
    const total = kept().reduce((sum, [, calls = 0]) => sum + calls, 0);
    expect(total).toBe(12);
  },
);
