import type { CountedRow } from '../detection/sequential/counted-row.js';
import type { FeatureValue } from '../domain/observation.js';
import type { Random } from '../domain/ports.js';
import { absentIn, failureCount, type SignalCounts, type SignalKey, type WindowProfile } from '../domain/profile.js';
import { cellMiddle } from '../statistics/grid.js';
import { copied } from './copied.js';

/** So many say what all of them do. */
const ROWS_DRAWN = 2_000;
/** Rows drawn between two looks at the evidence. */
const ROWS_PER_LOOK = 25;
/** A value of another type than its signal. */
const NO_NUMBER = 'not a number';
const NO_TEXT = 0;
/** A category that nobody has sent. */
const NEVER_SEEN = '\u0000';

/**
 * Rows that were counted and lost with the process before they were bet on, drawn from their counts: each value by itself as
 * often as it was counted, in the order of the windows. What the values of one row were together is gone, and so is the order
 * within a window. A window of which most rows had been judged is left out: nobody knows which those were, and evidence of the
 * same rows twice is none.
 * @param windows as they are stored, oldest first: without the names of categories that are rare
 * @param before the baseline as it is stored; where it has no rare categories either, those of the windows are new. Where it
 *   has some nobody knows which these are: the signal is left out
 * @param lost how many rows were lost, and since when none has been bet on: the newest of those counted
 * @returns at most 2,000 rows, oldest first
 */
export function drawnRows(
  windows: readonly WindowProfile[],
  before: Pick<WindowProfile, 'signals'>,
  lost: { readonly rows: number; readonly betUntilMs: number },
  random: Random,
): readonly CountedRow[] {
  const parts: { readonly profile: WindowProfile; readonly rows: number }[] = [];
  let left = lost.rows;
  for (const profile of windows.toReversed()) {
    if (profile.toMs <= lost.betUntilMs) break;
    const rows = Math.min(left, profile.calls);
    left -= rows;
    if (2 * rows > profile.calls) parts.unshift({ profile, rows });
  }
  const found = parts.reduce((sum, { rows }) => sum + rows, 0);
  const share = Math.min(1, ROWS_DRAWN / found);
  return parts.flatMap(({ profile, rows }) => drawn(profile, before, rows, Math.round(rows * share), random));
}

/** @param newest so many of the window's rows are drawn from, and taken for its last ones */
function drawn(
  profile: WindowProfile,
  before: Pick<WindowProfile, 'signals'>,
  newest: number,
  rows: number,
  random: Random,
): CountedRow[] {
  const { calls, fromMs, toMs } = profile;
  const failed = failureCount(profile);
  const newestFromMs = toMs - ((toMs - fromMs) * newest) / calls;
  const some = (count: number): readonly Counted<boolean>[] => [
    { value: true, count },
    { value: false, count: calls - count },
  ];
  const failures = drawnFrom(some(failed), rows, random);
  const violations = drawnFrom(some(withNewNames(profile, before)), rows, random);
  const columns = [...profile.signals].flatMap(([key, counts]) => {
    const values = valuesOf(profile, key, counts, before.signals.get(key));
    const total = values.reduce((sum, { count }) => sum + count, 0);
    return [{ key, values: drawnFrom(values, Math.round((rows * total) / calls), random) }];
  });
  return failures.map((hasFailed, i) => ({
    atMs: Math.round(newestFromMs + ((i + 0.5) / rows) * (toMs - newestFromMs)),
    failed: hasFailed,
    violates: violations[i] ?? false,
    values: new Map(
      columns.flatMap(({ key, values }) => {
        // Fewer than there are rows come as evenly as they can.
        const [from, to] = [i, i + 1].map((row) => Math.floor((row * values.length) / rows));
        return values.slice(from, to).map((value) => [key, value] as const);
      }),
    ),
  }));
}

/** What happens to the e-detectors by rows that were lost: a call is bet on, or what was bet is looked at. */
export type LostStep =
  | { readonly kind: 'lost'; readonly row: CountedRow; readonly standsFor: number }
  | { readonly kind: 'tick'; readonly atMs: number };

/** Rows of one model that were lost with the process before, until all of them are bet on. */
export class LostRows {
  private next = 0;
  private readonly standsFor: number;

  /** @param rows how many were lost, of which those are drawn */
  constructor(
    private drawn: readonly CountedRow[],
    rows: number,
  ) {
    this.standsFor = rows / Math.max(1, drawn.length);
  }

  /** The same, to be left as it is. */
  copy(): LostRows {
    return copied(this);
  }

  /** How many of the rows that were lost are still to be bet on. */
  get left(): number {
    return Math.round(this.standsFor * (this.drawn.length - this.next));
  }

  /** How far they have been bet on, in their own time; infinity once all are. */
  get reachedMs(): number {
    return this.next >= this.drawn.length ? Infinity : (this.drawn[Math.max(0, this.next - 1)]?.atMs ?? Infinity);
  }

  /** They are of a normal that is compared with no more. */
  clear(): void {
    this.drawn = [];
    this.next = 0;
  }

  /**
   * What can be bet on of them now, and then what comes after all of them. Whoever takes it may stop at any step.
   * @param untilMs nothing newer of them is handed out
   */
  *before<T>(others: () => Iterable<T>, untilMs: number): Generator<LostStep | T> {
    for (let row = this.drawn[this.next]; row !== undefined && row.atMs <= untilMs; row = this.drawn[this.next]) {
      this.next += 1;
      yield { kind: 'lost', row, standsFor: this.standsFor };
      if (this.next % ROWS_PER_LOOK === 0 || this.next === this.drawn.length) yield { kind: 'tick', atMs: row.atMs };
    }
    if (this.left === 0) yield* others();
  }
}

/** Rows, at least, that named a feature which the baseline has not. */
function withNewNames(profile: WindowProfile, before: Pick<WindowProfile, 'signals'>): number {
  const counts = [...profile.signals].flatMap(([key, counted]) =>
    key.startsWith('feature:') && !before.signals.has(key)
      ? [profile.rowsWithFeatures - absentIn(profile, counted)]
      : [],
  );
  return Math.max(0, ...counts);
}

interface Counted<T> {
  readonly value: T;
  readonly count: number;
}

/** What is known of a signal's values; empty where it is not known how often they were sent. */
function valuesOf(
  profile: WindowProfile,
  key: SignalKey,
  counts: SignalCounts,
  before: SignalCounts | undefined,
): readonly Counted<FeatureValue>[] {
  const missing = counts.missing + (key.startsWith('feature:') ? absentIn(profile, counts) : 0);
  const unusable = [{ value: null, count: missing }];
  if (counts.kind === 'numeric') {
    if (before?.kind !== 'numeric') return [];
    const values = [...counts.cells].map(([cell, count]) => ({ value: cellMiddle(counts.grid, cell), count }));
    return [...values, { value: NO_NUMBER, count: counts.invalid }, ...unusable];
  }
  if (before?.kind !== 'categorical' || before.other > 0) return [];
  const values = [...counts.categories].map(([value, count]) => ({ value, count }));
  return [
    ...values,
    { value: NEVER_SEEN, count: counts.other },
    { value: NO_TEXT, count: counts.invalid },
    ...unusable,
  ];
}

/** Draws without putting back: all of them in random order are what was counted, and nothing twice. */
function drawnFrom<T>(counted: readonly Counted<T>[], wanted: number, random: Random): T[] {
  const upTo: number[] = [];
  let total = 0;
  for (const { count } of counted) upTo.push((total += count));
  /** Fisher and Yates' shuffle of 0 … total − 1, of which only what was exchanged is kept. */
  const exchanged = new Map<number, number>();
  return Array.from({ length: Math.min(wanted, total) }, (_, i) => {
    const j = i + Math.floor(random.next() * (total - i));
    const at = exchanged.get(j) ?? j;
    exchanged.set(j, exchanged.get(i) ?? i);
    return counted[indexOf(upTo, at)];
  }).flatMap((each) => (each === undefined ? [] : [each.value]));
}

/** The first that is above. @param upTo ascending */
function indexOf(upTo: readonly number[], at: number): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at < (upTo[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}
