import { DEFAULT_INTAKE_LIMITS } from '../domain/ingest.js';
import {
  createWindowBuilder,
  mergeWindows,
  type CallCounts,
  type WindowBuilder,
  type WindowLimits,
} from '../statistics/window-profile.js';
import type { Observation } from '../domain/observation.js';
import type { BaselineProfile, RunningCounts, WindowProfile } from '../domain/profile.js';
import { count, grouped, judgedIn, mapped, withCounted, type ArrivedRow, type Countable } from './countable.js';
import { CumulativeCounts } from './cumulative-counts.js';
import { LabelHistory, labelledWindow, type LabelsOfWindow } from './label-history.js';
import type { MatchedLabel } from './label-joiner.js';
import { copied } from './copied.js';
import { pieces } from '../domain/turns.js';
import { PIECES_OF_A_WINDOW, type Window, type WindowsToStore } from './window.js';
import { WindowStarts } from './window-starts.js';

/** Rows that wait from which on counting them again costs more than holding windows twice. */
const WORTH_KEEPING = 100;

type Counting = (builder: WindowBuilder) => void;
/** When windows begin; both ends are of it. */
type Span = Pick<CallCounts, 'fromMs' | 'toMs'>;

/**
 * One model's windows, by the time of its rows: the one being filled, those before it that are still judged, and what came
 * late for older ones, which are in the store only. While a baseline is learnt there is but one, which it learns from.
 */
export class Windows {
  private builder: WindowBuilder;
  /** What the builder holds, until it counts on. */
  private built: WindowProfile | null = null;
  private leftOutBefore: ReadonlySet<string> = new Set();
  /** Start of the window being filled; null while a baseline is learnt, or before the first row. */
  private startMs: number | null = null;
  /** Whole windows in memory, oldest first. */
  private past: Window[] = [];
  /** Starts of windows in memory that hold what is not stored. */
  private unstored = new Set<number>();
  /** Labels of answers that wait, by windows that have not begun. */
  private ahead = new Map<number, readonly MatchedLabel[]>();
  /** What came for older windows and is not stored. */
  private amendments = new Map<number, WindowBuilder>();
  /** Windows as they were stored last, with the rows that wait: a write counts what is new and not all that waits again. */
  private written = new Map<number, WindowProfile>();
  /** Windows that have left memory so and are not stored. */
  private leaving: Window[] = [];
  private cumulative: CumulativeCounts;
  private starts: WindowStarts;
  /** Labels of windows that have left memory. */
  labels: LabelHistory;

  /**
   * @param like lends grids and kinds of signals
   * @param sinceMs windows from here on are judged; null while a baseline is learnt
   * @param past windows already stored, oldest first
   * @param binnedSignals signals counted in frozen bins for Prometheus
   * @param limits what one window may hold; read at every use
   * @param taken starts of stored windows that are dated later than mlfi's clock says it is
   */
  constructor(
    private like: WindowProfile,
    readonly lengthMs: number,
    sinceMs: number | null,
    past: readonly Window[],
    private readonly binnedSignals: number,
    labelDelays: readonly number[] = [],
    readonly limits: () => WindowLimits = () => DEFAULT_INTAKE_LIMITS,
    taken: readonly number[] = [],
  ) {
    const inMemory = past.map(({ windowStartMs }) => windowStartMs);
    this.starts = new WindowStarts(lengthMs, sinceMs, taken, inMemory);
    this.labels = new LabelHistory(labelDelays);
    this.builder = this.countOnFrom(past);
    this.cumulative = new CumulativeCounts(binnedSignals);
  }

  /** The same, to be left as it is while another normal is learnt in the copy. */
  copy(): Windows {
    const copy = copied(this);
    copy.past = [...this.past];
    copy.unstored = new Set(this.unstored);
    copy.ahead = new Map(this.ahead);
    copy.amendments = new Map(this.amendments);
    copy.written = new Map(this.written);
    copy.starts = this.starts.copy();
    copy.leaving = [...this.leaving];
    copy.cumulative = this.cumulative.copy();
    copy.labels = this.labels.copy();
    return copy;
  }

  /** Counts rows, and labels in the windows of their answers. @param isStored the store has them */
  add({ rows, labels }: Countable, isStored: boolean): void {
    if (!isStored && rows.length + labels.length > 0) this.written.clear();
    const late: ArrivedRow[] = [];
    const older: LabelsOfWindow[] = [];
    const countAll = (startMs: number | null, some: Countable): void => {
      const where = this.countIn(startMs, isStored, (builder) => count(builder, some));
      if (where !== 'now') for (const row of some.rows) late.push(row);
      if (where === 'older' && startMs !== null) older.push([startMs, judgedIn(some)]);
    };
    for (const [startMs, some] of grouped(rows, ({ row }) => this.starts.of(row.atMs)))
      countAll(startMs, { rows: some, labels: [] });
    for (const [startMs, some] of grouped(labels, ({ predictedAtMs }) => this.starts.of(predictedAtMs))) {
      if (startMs !== null && this.isAhead(startMs)) this.expect(startMs, some, isStored);
      else countAll(startMs, { rows: [], labels: some });
    }
    this.closeLate(late);
    this.labels.add(older, this.like);
  }

  /** Labels of answers that wait do not begin a window: its rows are still to come, and so are those of the one before. */
  private expect(startMs: number, labels: readonly MatchedLabel[], isStored: boolean): void {
    this.ahead.set(startMs, [...(this.ahead.get(startMs) ?? []), ...labels]);
    if (!isStored) this.unstored.add(startMs);
  }

  private isAhead(startMs: number): boolean {
    return startMs > (this.startMs ?? -Infinity) && !this.isOlder(startMs);
  }

  /**
   * Counts the labels that rows have got since they were counted, in the groups they belong to.
   * @param waiting rows that will be counted with their labels
   */
  addGroupLabels(rows: readonly Observation[], waiting: readonly Observation[]): void {
    for (const [startMs, some] of grouped(rows, ({ atMs }) => this.starts.of(atMs)))
      if (startMs === null || !this.isOlder(startMs))
        this.countIn(startMs, false, (builder) => {
          for (const row of some) builder.addGroupLabel(row);
        });
    for (const [startMs, some] of grouped([...rows, ...waiting], ({ atMs }) => this.starts.of(atMs))) {
      if (startMs !== null && !this.isOlder(startMs)) this.unstored.add(startMs);
      const from = startMs === null ? undefined : this.written.get(startMs);
      if (startMs === null || from === undefined) continue;
      const builder = createWindowBuilder({ like: this.like, from }, this.limits());
      for (const row of some) builder.addGroupLabel(row);
      this.written.set(startMs, builder.build());
    }
  }

  /** The row will be counted once older ones are; the next write is to hold it already. */
  awaits(arrived: ArrivedRow): void {
    const startMs = this.starts.of(arrived.row.atMs);
    if (startMs === null) return;
    this.written.clear();
    if (this.isOlder(startMs)) count(this.amendment(startMs), { rows: [arrived], labels: [] });
    else this.unstored.add(startMs);
  }

  /** The calls that are being counted now, when they were, and how they failed: `current` without its cost. */
  counts(): CallCounts {
    return this.builder.counts();
  }

  /** What is being counted now: the newest window, or what a baseline has not learnt from yet. */
  current(): WindowProfile {
    this.built ??= this.builder.build();
    return this.built;
  }

  /** Features that the newest windows left out: one that has just begun knows none yet. */
  get leftOut(): ReadonlySet<string> {
    const { leftOut } = this.builder;
    return leftOut.size > 0 ? leftOut : this.leftOutBefore;
  }

  /**
   * What the store is to hold once more is counted, piece by piece. Changes nothing, nor may anything before the end.
   * @param waiting rows that are stored and not counted here yet
   */
  *toStore(arrived: Countable, waiting: readonly ArrivedRow[]): Generator<void, WindowsToStore> {
    const fresh = grouped(arrived.rows, ({ row }) => this.starts.of(row.atMs));
    const labels = grouped(arrived.labels, ({ predictedAtMs }) => this.starts.of(predictedAtMs));
    const starts = [...new Set([...this.unstored, ...fresh.keys(), ...labels.keys()])].flatMap((start) => start ?? []);
    const of = (
      startMs: number,
      from: WindowProfile | null,
      counted: readonly ArrivedRow[],
      ahead: readonly MatchedLabel[] = [],
    ): Window => {
      const countable = { rows: counted, labels: [...ahead, ...(labels.get(startMs) ?? [])] };
      return { windowStartMs: startMs, profile: withCounted(this.like, from, countable, this.limits()) };
    };
    const isWritten = starts.every((startMs) => this.isOlder(startMs) || this.written.has(startMs));
    const rows = isWritten ? fresh : grouped([...waiting, ...arrived.rows], ({ row }) => this.starts.of(row.atMs));
    const whole = (startMs: number): Window => {
      const written = this.written.get(startMs);
      return written === undefined
        ? of(startMs, this.inMemory(startMs), rows.get(startMs) ?? [], this.ahead.get(startMs))
        : of(startMs, written, fresh.get(startMs) ?? []);
    };
    const older = new Set([...this.amendments.keys(), ...starts.filter((startMs) => this.isOlder(startMs))]);
    const windows = [...this.leaving];
    for (const startMs of starts) {
      if (older.has(startMs)) continue;
      windows.push(whole(startMs));
      yield* pieces(PIECES_OF_A_WINDOW);
    }
    const amended = (startMs: number): Window =>
      of(startMs, this.amendments.get(startMs)?.build() ?? null, fresh.get(startMs) ?? []);
    return { windows, amendments: mapped(older, amended) };
  }

  /** What `toStore` said is stored. @param windows those it said, whole @param waiting how many rows wait */
  stored(windows: readonly Window[], waiting: number): void {
    if (waiting < WORTH_KEEPING) this.written.clear();
    else for (const { windowStartMs, profile } of windows) this.written.set(windowStartMs, profile);
    for (const startMs of this.written.keys()) if (this.isOlder(startMs)) this.written.delete(startMs);
    this.unstored.clear();
    this.leaving = [];
    this.amendments = new Map();
  }

  /** What was counted so far has been learnt from; counting goes on from nothing. */
  restart(like: WindowProfile): void {
    this.cumulative.close(this.current());
    this.like = like;
    this.built = null;
    this.builder = this.counting(like);
  }

  /** Another normal is learnt: what was counted before is not compared with it. */
  learn(like: WindowProfile): void {
    this.starts.leave(this.startMs);
    this.begin(like, null);
  }

  /** A model is restored while it learns anew: windows up to this one are stored. */
  leave(newestMs: number | null): void {
    this.starts.leave(newestMs);
  }

  /** A baseline was learnt until now: windows begin. */
  judge(like: WindowProfile, sinceMs: number): void {
    this.begin(like, sinceMs);
  }

  /**
   * mlfi's clock was set back: windows of a time that has not come are judged no more, and what was before them is counted on.
   * @param latestMs windows that begin later are of such a time
   */
  setBack(nowMs: number, latestMs: number): void {
    const { startMs, starts } = this;
    if (starts.sinceMs === null) return;
    if (starts.sinceMs > latestMs) starts.sinceMs = nowMs;
    if (startMs === null || startMs <= latestMs) return;
    const all = [...this.past, { windowStartMs: startMs, profile: this.current() }];
    for (const window of all.filter(({ windowStartMs }) => windowStartMs > latestMs)) {
      starts.take(window.windowStartMs);
      this.written.delete(window.windowStartMs);
      if (this.unstored.delete(window.windowStartMs)) this.leaving.push(window);
    }
    const kept = all.filter(({ windowStartMs }) => windowStartMs <= latestMs);
    if (kept.length === 0) starts.sinceMs = nowMs; // What was before is in the store only: another window begins beside it.
    this.countOnFrom(kept);
    // What is counted on has been counted: as after a restart, counters begin anew.
    this.cumulative = new CumulativeCounts(this.binnedSignals);
  }

  /** Calls in windows in memory that begin in the span. */
  callsIn({ fromMs, toMs }: Span): number {
    const current = { windowStartMs: this.startMs ?? -Infinity, profile: this.counts() };
    const of = [...this.past, current].filter((each) => each.windowStartMs >= fromMs && each.windowStartMs <= toMs);
    return of.reduce((calls, { profile }) => calls + profile.calls, 0);
  }

  /** The newest counts with at least `callsWanted` calls where there are that many. @param span of windows that begin in it */
  newest(callsWanted: number, { fromMs, toMs }: Span = { fromMs: -Infinity, toMs: Infinity }): WindowProfile {
    const past = this.past.filter(({ windowStartMs }) => windowStartMs >= fromMs && windowStartMs <= toMs);
    const last = (this.startMs ?? -Infinity) <= toMs ? null : past.pop();
    let window = last?.profile ?? this.current();
    for (const { profile } of past.toReversed()) {
      if (window.calls >= callsWanted) break;
      window = mergeWindows(profile, window);
    }
    return window;
  }

  /**
   * The same with the labels of windows that are old enough for labels to have come, as those of the baseline have: of the
   * newest calls, where labels come within one window or have come.
   * @param sharedBefore share of the baseline's answers that have their label
   */
  newestLabelled(callsWanted: number, sharedBefore: number | null, span: Span): WindowProfile {
    const window = this.newest(callsWanted, span);
    const { startMs, labels, lengthMs } = this;
    if (startMs === null) return window;
    return labels.labelled(window, lengthMs, sharedBefore, () => {
      const inMemory = [...this.past, { windowStartMs: startMs, profile: this.current() }].map(labelledWindow);
      return labels.newest(inMemory, window.toMs - labels.ageMs - lengthMs, callsWanted);
    });
  }

  /** Lets windows in memory go that are not judged any more. @param callsWanted those kept hold this many calls */
  trim(callsWanted: number): void {
    let calls = 0;
    let keepFrom = this.past.length;
    while (keepFrom > 0 && calls < callsWanted) {
      keepFrom -= 1;
      calls += this.past[keepFrom]?.profile.calls ?? 0;
    }
    // One that is not stored yet must stay whole, and one that rows wait for, in memory or not yet, must not become older.
    const unstoredMs = Math.min(...this.unstored);
    const unstored = this.past.findLastIndex(({ windowStartMs }) => windowStartMs <= unstoredMs);
    const gone = this.past.splice(0, this.unstored.size === 0 ? keepFrom : Math.max(0, Math.min(keepFrom, unstored)));
    for (const window of gone) this.labels.keep(labelledWindow(window));
  }

  /** Counts that only grow; @param judged the window the figures beside them are about */
  cumulativeCounts(baseline: BaselineProfile | null, judged: WindowProfile): RunningCounts {
    return this.cumulative.read(baseline, this.current(), judged);
  }

  private begin(like: WindowProfile, sinceMs: number | null): void {
    this.written.clear();
    this.ahead.clear();
    this.labels.forget();
    this.restart(like);
    this.countOnFrom([]);
    this.starts.sinceMs = sinceMs;
    this.unstored.clear();
    this.leaving = [];
  }

  /** The window is not in memory, and may be in the store. */
  private isOlder(startMs: number): boolean {
    const oldestMs = this.past[0]?.windowStartMs ?? this.startMs ?? this.starts.sinceMs ?? -Infinity;
    return startMs < oldestMs;
  }

  private inMemory(startMs: number): WindowProfile | null {
    if (startMs === this.startMs) return this.current();
    return this.past.find(({ windowStartMs }) => windowStartMs === startMs)?.profile ?? null;
  }

  /** @returns whether the window is the one being filled, one before it in memory, or in the store only */
  private countIn(startMs: number | null, isStored: boolean, count: Counting): 'now' | 'past' | 'older' {
    if (startMs !== null && this.isAhead(startMs)) this.roll(startMs);
    if (startMs !== null && this.isOlder(startMs)) {
      if (!isStored) count(this.amendment(startMs));
      return 'older';
    }
    if (startMs !== null && !isStored) this.unstored.add(startMs);
    if (startMs === null || startMs === this.startMs) {
      this.built = null;
      count(this.builder);
      return 'now';
    }
    const index = this.past.findIndex(({ windowStartMs }) => windowStartMs >= startMs);
    const known = this.past[index];
    const isKnown = known?.windowStartMs === startMs;
    const builder = this.counting(this.like, isKnown ? known.profile : undefined);
    count(builder);
    const window = { windowStartMs: startMs, profile: builder.build() };
    this.past.splice(index === -1 ? this.past.length : index, isKnown ? 1 : 0, window);
    return 'past';
  }

  private countOnFrom(windows: readonly Window[]): WindowBuilder {
    const newest = windows.at(-1);
    this.past = windows.slice(0, -1);
    this.startMs = newest?.windowStartMs ?? null;
    this.built = null;
    return (this.builder = this.counting(this.like, newest?.profile));
  }

  private counting(like: WindowProfile, from?: WindowProfile): WindowBuilder {
    return createWindowBuilder({ like, ...(from === undefined ? {} : { from }) }, this.limits());
  }

  /** What is to be added to an older window that is stored. */
  private amendment(startMs: number): WindowBuilder {
    const builder = this.amendments.get(startMs) ?? this.counting(this.like);
    this.amendments.set(startMs, builder);
    return builder;
  }

  /** What comes for windows that are closed is counted once more for the counts that only grow. */
  private closeLate(rows: readonly ArrivedRow[]): void {
    if (rows.length > 0) this.cumulative.close(withCounted(this.like, null, { rows, labels: [] }, this.limits()));
  }

  /** Begins a newer window. */
  private roll(startMs: number): void {
    const profile = this.current();
    this.leftOutBefore = this.builder.leftOut;
    if (this.startMs !== null) this.past.push({ windowStartMs: this.startMs, profile });
    this.restart(this.like);
    this.startMs = startMs;
    for (const [expectedMs, labels] of [...this.ahead].filter(([expectedMs]) => expectedMs <= startMs)) {
      this.ahead.delete(expectedMs);
      this.countIn(expectedMs, true, (builder) => count(builder, { rows: [], labels }));
    }
  }
}
