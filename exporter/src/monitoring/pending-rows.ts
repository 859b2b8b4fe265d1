import { seedOf } from '../detection/sequential/counter-random.js';
import type { RowsWaiting } from '../domain/ingest.js';
import type { LabelEvidence, NumberedLabels } from '../domain/ledger.js';
import type { LateLabel, Observation } from '../domain/observation.js';
import type { EventClock, RowsOfSender } from './event-clock.js';
import { textValuesOf, VALUES_PER_ROW, valuesOf } from './row-buffer.js';
import type { ArrivedRow } from './countable.js';
import { storedEvidence } from './label-evidence.js';

/** Detectors are asked, and what was learnt is weighed, once per so much event time. */
const TICK_MS = 10_000;
/** Rows of one model that wait at most; beyond it the oldest are let go. */
const ROWS_KEPT = 20_000;
/** The same of labels; beyond it they are handed out before their time, in their order. */
const LABELS_KEPT = 50_000;
/** Labels between two looks: what those that came last say, be they older, must not hide what was found in those before. */
const LABELS_PER_LOOK = 25;
/** Rows handed out leave the list this many at a time. */
const ROWS_DROPPED_TOGETHER = 1_000;

export interface PendingRow extends ArrivedRow {
  readonly kind: 'row';
  readonly atMs: number;
  row: Observation;
  /** The row before its features were read: what was read once cannot be read again. */
  readonly sent: Observation;
  /** The stored windows have it, because the model has been compared with a baseline since it arrived. */
  isInWindows: boolean;
  /** Which of the rows it was that ever arrived. */
  readonly arrival: number;
  /** What it takes in memory. */
  readonly values: number;
  /** Orders rows of the same millisecond, whatever order they arrive in. */
  tie: number | null;
}

/** Rows that arrived before others, of before a time. */
export interface RowsUntil {
  readonly arrival: number;
  readonly beforeMs: number;
}

/** What happens next to the model by its rows' own time: a row, a label, or a moment at which it is judged. */
export type Step =
  | Readonly<Omit<PendingRow, 'tie' | 'values' | 'sent'>>
  | { readonly kind: 'label'; readonly judged: LabelEvidence }
  | { readonly kind: 'tick'; readonly atMs: number };

/**
 * Logged rows of one model, and the labels that came for earlier ones, until the watermark has passed them: they are handed
 * out by their own time, with a tick between rows of another `TICK_MS`. So batches, and the order in which rows arrive within
 * the allowed lateness, make no difference. Rows are in memory only; what labels say is stored until it is held by the e-detectors' state.
 */
export class PendingRows {
  private rows: PendingRow[] = [];
  /** Rows at the front of the list that have been handed out. */
  private gone = 0;
  private arrivals = 0;
  private values = 0;
  private isSorted = true;
  private labels: { readonly atMs: number; readonly judged: LabelEvidence }[] = [];
  /** Labels at the front of the list that have been handed out. */
  private labelsGone = 0;
  /** Number of the first label in the list, of all that ever waited. */
  private firstLabel = 0;
  /** The same of the first that came by itself: those before came in rows that were lost. */
  private firstByItself = 0;
  private lowest = 0;
  private readonly unlabelled = new Map<string, PendingRow>();
  private handedOutMs = -Infinity;
  private tickedMs = -Infinity;
  /** The newest label handed out; it moves nothing else: rows that come after it may be older. */
  private labelledMs = -Infinity;
  private hasNews = false;
  /** Labels handed out since the last tick. */
  private labelsUnlooked = 0;
  private late = 0;

  constructor(
    private readonly clock: EventClock,
    private readonly salt: string,
  ) {}

  /** Rows that came too late to be judged, since the start. */
  get lateRows(): number {
    return this.late;
  }

  /** Labels of earlier answers are numbered in the order they come in: the number of the next to be handed out … */
  get nextLabel(): number {
    return this.firstLabel + this.labelsGone;
  }

  /** … and of the next to come. */
  get newLabel(): number {
    return this.firstLabel + this.labels.length;
  }

  /** Below it no label that came in its row has a number; 0 where none ever did. */
  get lowestLabel(): number {
    return this.lowest;
  }

  /** What labels say that came in rows: in those that wait, and in those that were lost. */
  get labelsOfRows(): readonly LabelEvidence[] {
    const lost = this.labels.slice(this.labelsGone, Math.max(this.labelsGone, this.firstByItself - this.firstLabel));
    return [...lost.map(({ judged }) => judged), ...this.waiting.flatMap(({ judged }) => judged ?? [])];
  }

  /** More labels wait than there is room for. */
  get hasTooManyLabels(): boolean {
    return this.labels.length - this.labelsGone > LABELS_KEPT;
  }

  /** How many rows wait, and how long if nothing more comes; null when none does. */
  get rowsWaiting(): RowsWaiting | null {
    const rows = this.rows.length - this.gone;
    const { idleFromMs: untilMs, latenessMs } = this.clock;
    return rows === 0 ? null : { rows, untilMs, latenessMs };
  }

  /** Rows that wait, in no order. */
  get waiting(): readonly ArrivedRow[] {
    return this.rows.slice(this.gone);
  }

  /** A row or a label waits that is dated later. */
  waitsPast(atMs: number): boolean {
    return [...this.rows.slice(this.gone), ...this.labels.slice(this.labelsGone)].some((each) => each.atMs > atMs);
  }

  /** mlfi's clock was set back: time starts over. */
  startOver(): void {
    this.clock.startOver();
    this.handedOutMs = this.tickedMs = this.labelledMs = -Infinity;
  }

  /** Time of the oldest row that waits; infinite when none does. */
  get oldestMs(): number {
    if (this.isSorted) return this.rows[this.gone]?.atMs ?? Infinity;
    let oldestMs = Infinity;
    for (let at = this.gone; at < this.rows.length; at += 1)
      oldestMs = Math.min(oldestMs, this.rows[at]?.atMs ?? Infinity);
    return oldestMs;
  }

  /** From now on the stored windows have the rows that wait. @returns them */
  enterWindows(): readonly ArrivedRow[] {
    const waiting = this.rows.slice(this.gone);
    for (const pending of waiting) pending.isInWindows = true;
    return waiting;
  }

  /**
   * Takes rows that arrived together.
   * @param sent the same rows before their features were read
   * @param senders who sent them, in their order
   * @returns those that are too late to be handed out, for newer ones have been
   */
  add(
    rows: readonly ArrivedRow[],
    isInWindows: boolean,
    nowMs: number,
    sent: readonly Observation[] = [],
    senders: readonly RowsOfSender[] = [{ sender: '', rows: rows.length }],
  ): readonly ArrivedRow[] {
    if (rows.length === 0) return [];
    this.noteArrival(rows, senders, nowMs);
    const outOfOrderMs = this.clock.isAtOnce(nowMs) ? this.clock.latenessMs : 0;
    const reachedMs = Math.max(this.handedOutMs, this.tickedMs) - outOfOrderMs;
    const late: ArrivedRow[] = [];
    for (const [i, each] of rows.entries()) {
      const { row, judged } = each;
      if (judged !== null) this.lowest -= 1;
      if (row.atMs < reachedMs) {
        late.push(each);
        continue;
      }
      const pending: PendingRow = {
        kind: 'row',
        atMs: row.atMs,
        row,
        sent: sent[i] ?? row,
        judged,
        isInWindows,
        arrival: (this.arrivals += 1),
        values: valuesOf(row) + textValuesOf(sent[i]),
        tie: null,
      };
      this.rows.push(pending);
      this.values += pending.values;
      if (row.predictionId !== null && row.label === null && row.failure === null)
        this.unlabelled.set(row.predictionId, pending);
    }
    this.isSorted = false;
    this.late += late.length;
    return late;
  }

  private noteArrival(rows: readonly ArrivedRow[], senders: readonly RowsOfSender[], nowMs: number): void {
    const times = new Map<string, number[]>();
    let from = 0;
    for (const { sender, rows: count } of senders) {
      const ofSender = times.get(sender) ?? [];
      times.set(sender, ofSender);
      for (const { row } of rows.slice(from, (from += count))) ofSender.push(row.atMs);
    }
    for (const [sender, timesMs] of times)
      if (timesMs.length > 0 && this.clock.arrived(sender, timesMs, nowMs))
        this.handedOutMs = this.tickedMs = -Infinity;
  }

  /** What the rows that wait take in memory, in values. */
  get valuesHeld(): number {
    return this.values;
  }

  /** Nothing waits: what is not judged when it is stored may never be. */
  isAtOnce(nowMs: number): boolean {
    return this.clock.isAtOnce(nowMs);
  }

  /** As `EventClock.endInOrder`. */
  endInOrder(): void {
    this.clock.endInOrder();
  }

  /** More rows wait than there is room for. */
  get isFull(): boolean {
    return this.rows.length - this.gone > ROWS_KEPT || this.values > ROWS_KEPT * VALUES_PER_ROW;
  }

  /** How far the model's own time has come; null before its first row. */
  get reachedMs(): number | null {
    const reachedMs = Math.max(this.handedOutMs, this.tickedMs);
    return reachedMs === -Infinity ? null : reachedMs;
  }

  /** Labels that were waiting when the process was ended wait again. */
  restoreLabels(stored: readonly NumberedLabels[], nowMs: number): void {
    const { ofRows, others, lowest, first } = storedEvidence(stored);
    this.lowest = lowest;
    this.firstByItself = first;
    this.firstLabel = first - ofRows.length;
    for (const label of [...ofRows, ...others]) this.addLabel(label, nowMs);
  }

  /** Takes a label that came for an earlier answer: labels are handed out in the order they arrive in. */
  addLabel(judged: LabelEvidence, nowMs: number): void {
    const atMs = Math.max(this.labels.at(-1)?.atMs ?? -Infinity, Math.min(judged.atMs, nowMs));
    this.labels.push({ atMs, judged });
  }

  /** Puts each label into its row, if that waits here and has none. @returns the rows that got one */
  label(labels: readonly LateLabel[]): Observation[] {
    return labels.flatMap(({ predictionId, label }) => {
      const pending = this.unlabelled.get(predictionId);
      if (pending === undefined) return [];
      this.unlabelled.delete(predictionId);
      pending.row = { ...pending.row, label };
      return [pending.row];
    });
  }

  /** The rows are to be read in another way. */
  reread(read: (row: Observation) => Observation): void {
    for (const pending of this.rows.slice(this.gone)) pending.row = { ...read(pending.sent), label: pending.row.label };
  }

  /** The rows that have arrived until now and are older than `beforeMs`. */
  until(beforeMs: number): RowsUntil {
    return { arrival: this.arrivals, beforeMs };
  }

  /** True when something could be done now, if only an evaluation were as far. */
  isBehind(nowMs: number): boolean {
    const oldest = this.oldest();
    if (oldest !== null && oldest.atMs <= this.clock.watermarkMs(nowMs)) return true;
    return (this.hasNews || this.labels.length > this.labelsGone) && this.clock.isIdle(nowMs);
  }

  /**
   * What can be done now, in the order of the model's own clock. Whoever takes it may stop at any step.
   * @param untilMs nothing newer than this is handed out as long as there is room
   */
  *steps(nowMs: number, untilMs: number): Generator<Step> {
    const isIdle = this.clock.isIdle(nowMs);
    const watermarkMs = this.clock.watermarkMs(nowMs);
    const reachedMs = Math.min(untilMs, watermarkMs);
    for (let step = this.next(reachedMs, isIdle); step !== null; step = this.next(reachedMs, isIdle)) yield step;
    // Nothing more is waited for: what has come since the last tick is judged by what it is.
    if (isIdle && this.hasNews && watermarkMs <= untilMs) yield this.tick(this.reachedMs ?? this.labelledMs);
  }

  /** All that waits, as if nothing older could come any more: at a stop, for nothing of it can be stored. */
  *rest(): Generator<Step> {
    const newestMs = this.rows.slice(this.gone).reduce((newest, { atMs }) => Math.max(newest, atMs), -Infinity);
    for (let step = this.next(newestMs, true); step !== null; step = this.next(newestMs, true)) yield step;
    if (this.hasNews) yield this.tick(this.reachedMs ?? this.labelledMs);
  }

  /** The rows that are no newer, whether or not older ones may still come. */
  *notAfter(atMs: number): Generator<Step> {
    for (let row = this.oldest(); row !== null && row.atMs <= atMs; row = this.oldest()) yield this.handOut(row);
  }

  private next(reachedMs: number, isIdle: boolean): Step | null {
    if (this.labelsUnlooked >= LABELS_PER_LOOK) return this.tick(this.reachedMs ?? this.labelledMs);
    const oldest = this.oldest();
    const row = oldest !== null && (this.isFull || oldest.atMs <= reachedMs) ? oldest : null;
    const label = this.labels[this.labelsGone];
    const tickAtMs = this.nextTick(row?.atMs ?? null, reachedMs);
    if (
      label !== undefined &&
      (this.hasTooManyLabels ||
        ((isIdle || label.atMs <= reachedMs) && label.atMs < Math.min(row?.atMs ?? Infinity, tickAtMs ?? Infinity)))
    ) {
      this.dropLabel();
      this.labelledMs = label.atMs;
      this.labelsUnlooked += 1;
      this.hasNews = true;
      return { kind: 'label', judged: label.judged };
    }
    if (tickAtMs !== null) return this.tick(tickAtMs);
    return row === null ? null : this.handOut(row);
  }

  /** Half of the list has been handed out before it is copied: each label is copied once or twice, however many there are. */
  private dropLabel(): void {
    this.labelsGone += 1;
    if (2 * this.labelsGone < this.labels.length) return;
    this.labels = this.labels.slice(this.labelsGone);
    this.firstLabel += this.labelsGone;
    this.labelsGone = 0;
  }

  /** The tick after the last row, once every row before it has been handed out: until the next row there is nothing more to judge. */
  private nextTick(nextRowMs: number | null, reachedMs: number): number | null {
    if (this.handedOutMs === -Infinity) return null;
    const afterLastMs = TICK_MS * (Math.floor(this.handedOutMs / TICK_MS) + 1);
    return this.tickedMs < afterLastMs && (nextRowMs ?? reachedMs) >= afterLastMs ? afterLastMs : null;
  }

  private tick(atMs: number): Step {
    if (this.reachedMs !== null) this.tickedMs = Math.max(this.tickedMs, atMs);
    this.hasNews = false;
    this.labelsUnlooked = 0;
    return { kind: 'tick', atMs };
  }

  private handOut(pending: PendingRow): Step {
    this.gone += 1;
    this.values -= pending.values;
    if (this.gone >= ROWS_DROPPED_TOGETHER || this.gone === this.rows.length) {
      this.rows = this.rows.slice(this.gone);
      this.gone = 0;
    }
    const { atMs, row } = pending;
    if (row.predictionId !== null && this.unlabelled.get(row.predictionId) === pending)
      this.unlabelled.delete(row.predictionId);
    this.handedOutMs = Math.max(this.handedOutMs, atMs);
    this.hasNews = true;
    return pending;
  }

  private oldest(): PendingRow | null {
    if (!this.isSorted) {
      this.rows = this.rows.slice(this.gone).sort((a, b) => a.atMs - b.atMs || this.tieOf(a) - this.tieOf(b));
      this.gone = 0;
      this.isSorted = true;
    }
    return this.rows[this.gone] ?? null;
  }

  private tieOf(pending: PendingRow): number {
    const { predictionId, features, prediction, confidence, latencySeconds, label, context } = pending.row;
    pending.tie ??= seedOf(
      `${this.salt}\n${predictionId ?? JSON.stringify([features, prediction, confidence, latencySeconds, label, context])}`,
    );
    return pending.tie;
  }
}
