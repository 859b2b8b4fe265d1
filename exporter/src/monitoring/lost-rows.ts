import type { CountedRow } from '../detection/sequential/counted-row.js';
import type { FeatureValue } from '../domain/observation.js';
import type { Random } from '../domain/ports.js';
import { absentIn, failureCount, type Grid, type SignalCounts, type SignalKey } from '../domain/profile.js';
import type { WindowProfile } from '../domain/profile.js';
import { cellMiddle, sameGrid } from '../statistics/grid.js';
import { isUnseen } from '../statistics/window-profile.js';
import { copied } from './copied.js';
import type { Window } from './window.js';

/** So many say what all of them do. */
const ROWS_DRAWN = 2_000;
/** Rows drawn between two looks at the evidence. */
const ROWS_PER_LOOK = 25;
/** A value of another type than its signal. */
const NO_NUMBER = 'not a number';
const NO_TEXT = 0;
/** A category that nobody has sent. */
const NEVER_SEEN = '\u0000';

/** The newest rows of a window, which were lost, and how many of them are drawn. */
export interface LostPart extends Window {
  readonly rows: number;
  readonly drawn: number;
}

/** What drawing must know of a model. */
export interface DrawnBy {
  /**
   * The baseline as it is stored; where it has no rare categories those of the windows are new. Where it has some nobody knows
   * which these are: the signal is left out.
   */
  readonly before: Pick<WindowProfile, 'signals'>;
  /** By which the e-detectors tell numbers apart; one that is counted by another grid is left out. */
  readonly grids: ReadonlyMap<string, Grid | null>;
  /** The same for the same name: what is drawn of a window once is not drawn again. */
  readonly order: (name: string) => Random;
}

/**
 * The windows whose rows were lost with the process before they were bet on. A window of which most rows had been judged is left
 * out: nobody knows which those were, and evidence of the same rows twice is none.
 * @param windows as they are stored, oldest first: without the names of categories that are rare
 * @param lost how many rows were lost, and since when none has been bet on: the newest of those counted
 * @returns oldest first; of at most 2,000 rows
 */
export function lostParts(
  windows: readonly Window[],
  lost: { readonly rows: number; readonly betUntilMs: number },
): readonly LostPart[] {
  const parts: (Window & { readonly rows: number })[] = [];
  let left = lost.rows;
  for (const window of windows.toReversed()) {
    const { calls, toMs } = window.profile;
    if (toMs <= lost.betUntilMs) break;
    const rows = Math.min(left, calls);
    left -= rows;
    if (2 * rows > calls) parts.unshift({ ...window, rows });
  }
  const found = parts.reduce((sum, { rows }) => sum + rows, 0);
  const share = Math.min(1, ROWS_DRAWN / found);
  let seen = 0;
  return parts.map((part) => {
    const before = Math.round(seen * share);
    seen += part.rows;
    return { ...part, drawn: Math.round(seen * share) - before };
  });
}

/**
 * Rows drawn from the counts of a window: each value by itself as often as it was counted. What the values of one row were
 * together is gone, and so is their order.
 */
export function drawnRows({ profile, windowStartMs, rows, drawn }: LostPart, by: DrawnBy): readonly CountedRow[] {
  const { calls, fromMs, toMs } = profile;
  const lostFromMs = toMs - ((toMs - fromMs) * rows) / calls;
  /** All values in one order, of which those of rows that were judged come first. */
  const column = <T>(name: string, counted: readonly Counted<T>[]): readonly T[] => {
    const total = counted.reduce((sum, { count }) => sum + count, 0);
    const [judged, wanted] = [calls - rows, calls - rows + drawn].map((each) => Math.round((each * total) / calls));
    return drawnFrom(counted, wanted ?? 0, by.order(`${windowStartMs}\n${calls}\n${name}`)).slice(judged);
  };
  const some = (name: string, count: number, of: number): readonly boolean[] =>
    column(name, [
      { value: true, count },
      { value: false, count: of - count },
    ]);
  const failed = failureCount(profile);
  const failures = some('failures', failed, calls);
  // What a call sent that failed is not counted.
  const violations = some('names', withNewNames(profile, by.before), calls - failed).values();
  const columns = [...profile.signals].map(
    ([key, counts]) => [key, column(key, valuesOf(profile, key, counts, by))] as const,
  );
  return Array.from({ length: drawn }, (_, i) => ({
    atMs: Math.round(lostFromMs + ((i + 0.5) / drawn) * (toMs - lostFromMs)),
    failed: failures[i] ?? false,
    violates: failures[i] !== true && violations.next().value === true,
    values: new Map(
      columns.flatMap(([key, values]) => {
        // Fewer than there are rows come as evenly as they can.
        const [from, to] = [i, i + 1].map((row) => Math.floor((row * values.length) / drawn));
        return values.slice(from, to).map((value) => [key, value] as const);
      }),
    ),
  }));
}

/** Rows, at least, that named a feature which the baseline has not, or gave a value to one that had none. */
function withNewNames(profile: WindowProfile, { signals }: DrawnBy['before']): number {
  const counts = [...profile.signals].flatMap(([key, counted]) => {
    const before = signals.get(key);
    if (!key.startsWith('feature:') || (before !== undefined && !isUnseen(before))) return [];
    return [profile.rowsWithFeatures - absentIn(profile, counted) - (before === undefined ? 0 : counted.missing)];
  });
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
  { before: { signals }, grids }: DrawnBy,
): readonly Counted<FeatureValue>[] {
  const before = signals.get(key);
  const missing = counts.missing + (key.startsWith('feature:') ? absentIn(profile, counts) : 0);
  const unusable = [{ value: null, count: missing }];
  if (counts.kind === 'numeric') {
    const grid = grids.get(key) ?? null;
    if (before?.kind !== 'numeric' || grid === null || !sameGrid(grid, counts.grid)) return [];
    const values = [...counts.cells].map(([cell, count]) => ({ value: cellMiddle(grid, cell), count }));
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

/** What happens to the e-detectors by rows that were lost: a call is bet on, or what was bet is looked at. */
export type LostStep =
  | { readonly kind: 'lost'; readonly row: CountedRow; readonly standsFor: number }
  | { readonly kind: 'tick'; readonly atMs: number };

/** Rows of one model that were lost with the process before, until all of them are bet on: drawn window by window. */
export class LostRows {
  private rows: readonly CountedRow[] = [];
  private next = 0;
  /** How far they have been bet on, in their own time. */
  private betMs = -Infinity;

  /** @param parts windows to be drawn from, oldest first @param draw rows of one of them */
  constructor(
    private parts: readonly LostPart[],
    private readonly draw: (part: LostPart) => readonly CountedRow[],
  ) {}

  /** The same, to be left as it is. */
  copy(): LostRows {
    return copied(this);
  }

  /** How many of the rows that were lost are still to be bet on. */
  get left(): number {
    const [first, ...others] = this.parts;
    if (first === undefined) return 0;
    const begun = this.rows.length === 0 ? 0 : (first.rows * this.next) / this.rows.length;
    return Math.ceil(others.reduce((sum, { rows }) => sum + rows, first.rows - begun));
  }

  /** How far they have been bet on, in their own time; infinity once all are. */
  get reachedMs(): number {
    const [first] = this.parts;
    return first === undefined ? Infinity : Math.max(this.betMs, first.windowStartMs);
  }

  /** They are of a normal that is compared with no more. */
  clear(): void {
    this.parts = this.rows = [];
    this.next = 0;
  }

  /**
   * What can be bet on of them now, and then what comes after all of them. Whoever takes it may stop at any step.
   * @param untilMs nothing newer of them is handed out
   */
  *before<T>(others: () => Iterable<T>, untilMs: number): Generator<LostStep | T> {
    for (let [part] = this.parts; part !== undefined; [part] = this.parts) {
      if (this.next === 0) this.rows = this.draw(part);
      const standsFor = part.rows / Math.max(1, this.rows.length);
      for (let row = this.rows[this.next]; row !== undefined; row = this.rows[this.next]) {
        if (row.atMs > untilMs) return;
        this.next += 1;
        this.betMs = row.atMs;
        const isLast = this.next === this.rows.length;
        if (isLast) this.leave();
        yield { kind: 'lost', row, standsFor };
        if (isLast || this.next % ROWS_PER_LOOK === 0) yield { kind: 'tick', atMs: row.atMs };
        if (isLast) break;
      }
      if (this.parts[0] === part) this.leave();
    }
    yield* others();
  }

  private leave(): void {
    this.parts = this.parts.slice(1);
    this.rows = [];
    this.next = 0;
  }
}
