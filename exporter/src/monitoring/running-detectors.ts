import type { CountedRow } from '../detection/sequential/counted-row.js';
import type { DriftMonitor } from '../detection/sequential/drift-monitor.js';
import type { DriftMonitorState } from '../detection/sequential/drift-monitor-state.js';
import { scoresOf } from '../detection/forest-baseline.js';
import type { ForestBaseline } from '../domain/isolation-forest.js';
import type { LabelEvidence } from '../domain/ledger.js';
import type { Observation } from '../domain/observation.js';
import { FeatureThinning } from './feature-thinning.js';
import { copied } from './copied.js';
import type { MatchedLabel } from './label-joiner.js';
import { UnseenRows } from './unseen-rows.js';

/** The e-detectors' state is written at most this often, and always at a stop, an alarm or an admission … */
const SAVED_EVERY_MS = 10_000;
/** … and once rows of so much of their own time have been bet on: of those that come all at once, little is lost either. */
const SAVED_EVERY_EVENT_MS = 300_000;
/** Of a model that only mlfi's probes judge: the state is the most of what is stored, and little is seen between two of its saves. */
const PROBED_SAVED_EVERY_MS = 900_000;
const ROWS_SCORED_PER_EVALUATION = 200;

/** One model's e-detectors: replaced by fresh ones when another normal is learnt, and saved now and then. */
export class RunningDetectors {
  /** The ones that are fed now. */
  monitor: DriftMonitor;
  /** A golden answer has come that the signals were not moved on with yet. */
  hasGoldenNews = false;
  /** When every changed signal was seen to be normal again, by the rows' own time; null without an alarm, or while it lasts. */
  normalSinceMs: number | null = null;
  private factor = 1;
  private savedAtMs = -Infinity;
  private mustSave = false;
  /** The rows' own time as far as they were bet on, now and at the last save; null before the first. */
  private reachedMs: number | null = null;
  private savedUntilMs: number | null = null;
  private unsavedRows = 0;
  private isLabelUnsaved = false;
  private rowsToScore: Observation[] = [];
  private thinning = new FeatureThinning();
  /** What is learnt from and the stored state has not seen. */
  unseen = new UnseenRows();

  constructor(
    private create: (state?: DriftMonitorState) => DriftMonitor,
    restored: DriftMonitorState | null,
  ) {
    this.monitor = create(restored ?? undefined);
  }

  /** `on` from an alarm, `over` once what it named is normal again, `none` when its evidence is settled. */
  get alarm(): 'none' | 'on' | 'over' {
    if (!this.monitor.isAlarmed) return 'none';
    return this.monitor.hasRecovered ? 'over' : 'on';
  }

  /** Alerts need this many times the evidence the operator asked for. */
  get thresholdFactor(): number {
    return this.factor;
  }

  set thresholdFactor(factor: number) {
    this.factor = factor;
    this.monitor.thresholdFactor = factor;
  }

  /** The same, to be left as they are while the copy restarts. */
  copy(): RunningDetectors {
    const copy = copied(this);
    copy.rowsToScore = [...this.rowsToScore];
    copy.thinning = copied(this.thinning);
    copy.unseen = this.unseen.copy();
    return copy;
  }

  /** Begins with fresh ones, to be stored soon. @param rows what they learn from at once */
  restart(rows: readonly Observation[] = []): void {
    this.monitor = this.create();
    this.learnAnew();
    this.normalSinceMs = null;
    this.monitor.thresholdFactor = this.factor;
    for (const row of rows) this.observe(row, false);
  }

  /** What was learnt is forgotten: the stored state must not be of that. */
  learnAnew(): void {
    this.unseen.clear();
    this.saveSoon();
  }

  /**
   * @param isScored the row is also scored by the isolation forest, at the next evaluation
   * @param judged what its label says, if it came with one
   */
  observe(row: Observation, isScored: boolean, judged: MatchedLabel | null = null): void {
    this.unsavedRows += 1;
    if (!this.monitor.isWatching) this.unseen.add({ row, judged });
    this.monitor.observe(this.thinning.takes(row, this.monitor.watchedFeatures) ? row : { ...row, features: null });
    if (isScored && row.failure === null && row.features !== null) this.scoreLater(row);
  }

  /** The newest alone are scored: of a long batch no more are held. */
  private scoreLater(row: Observation): void {
    this.rowsToScore.push(row);
    if (this.rowsToScore.length >= 2 * ROWS_SCORED_PER_EVALUATION)
      this.rowsToScore.splice(0, this.rowsToScore.length - ROWS_SCORED_PER_EVALUATION);
  }

  /** A call that was lost but for its counts. @param standsFor so many of them */
  observeLost(row: CountedRow, standsFor: number): void {
    this.unsavedRows += standsFor;
    this.monitor.observeCounted(row);
  }

  /** Labels are bet on in the order they come in; what changed with them changed when their answers were given. */
  observeLabel({ label, predictedAtMs }: Pick<LabelEvidence, 'label' | 'predictedAtMs'>): void {
    this.isLabelUnsaved = true;
    if (label.kind === 'quantity') this.monitor.miss(label.absoluteError, predictedAtMs);
    else this.monitor.loss('accuracy', label.correct ? 0 : 1, predictedAtMs);
  }

  /** @param moved 1 when the golden answer is not what was learnt, null when nothing was learnt */
  observeGolden({ atMs }: Observation, moved: 0 | 1 | null): void {
    if (moved === null) return;
    this.hasGoldenNews = true;
    this.monitor.loss('golden', moved, atMs);
  }

  /** Scores the newest rows that came since the last evaluation; null when there is no forest. */
  scoreRows(forest: ForestBaseline | null): void {
    const rows = this.rowsToScore.slice(-ROWS_SCORED_PER_EVALUATION);
    this.rowsToScore = [];
    if (forest === null || rows.length === 0) return;
    const scores = scoresOf(forest, rows);
    for (const [i, row] of rows.entries()) this.monitor.rowScore(scores[i] ?? 0, row.atMs);
  }

  /** The state goes into the next write, whenever it was last written. */
  saveSoon(): void {
    this.mustSave = true;
  }

  /** Moves every signal on; an alarm that began is saved soon. */
  settle(nowMs: number, leastSamples: number): void {
    this.hasGoldenNews = false;
    const wasAlarmed = this.monitor.isAlarmed;
    this.monitor.settle(nowMs, leastSamples);
    this.reachedMs = Math.max(this.reachedMs ?? nowMs, nowMs);
    this.normalSinceMs = this.alarm === 'over' ? (this.normalSinceMs ?? nowMs) : null;
    if (this.monitor.isAlarmed !== wasAlarmed) this.saveSoon();
  }

  /** What was found is over: evidence starts from nothing. */
  resume(): void {
    this.monitor.resume();
    this.normalSinceMs = null;
    this.saveSoon();
  }

  startWatching(): void {
    this.monitor.startWatching();
    this.learnAnew();
  }

  /** What must not be lost was seen or begun: an alarm, another normal. */
  get mustBeSaved(): boolean {
    return this.mustSave;
  }

  /** Whether something was bet on that should be stored now. */
  isSaveDue(nowMs: number): boolean {
    const { reachedMs, savedUntilMs } = this;
    if (this.mustSave) return true;
    if (reachedMs === null || reachedMs === savedUntilMs) return false;
    return nowMs - this.savedAtMs >= SAVED_EVERY_MS || reachedMs - (savedUntilMs ?? -Infinity) >= SAVED_EVERY_EVENT_MS;
  }

  /** So many rows were bet on since the last save: what they said would be lost with the process. */
  get rowsUnsaved(): number {
    return this.unsavedRows;
  }

  /** Rows that wait in memory for their pace to be known: they are in no save. */
  get rowsHeld(): number {
    return this.monitor.rowsHeld;
  }

  /** A label was bet on since the last save. */
  get hasUnsavedLabels(): boolean {
    return this.isLabelUnsaved;
  }

  /** The state to write now; null when it is not due. @param isProbed nobody but mlfi asks the model, as far as it knows */
  toSave(nowMs: number, isProbed = false): DriftMonitorState | null {
    const sinceMs = nowMs - this.savedAtMs;
    const isDue = isProbed
      ? this.mustSave || sinceMs >= PROBED_SAVED_EVERY_MS
      : this.isSaveDue(nowMs) || sinceMs >= SAVED_EVERY_MS;
    return isDue ? this.monitor.snapshot() : null;
  }

  saved(nowMs: number): void {
    this.savedAtMs = nowMs;
    this.mustSave = false;
    this.unsavedRows = 0;
    this.isLabelUnsaved = false;
    this.savedUntilMs = this.reachedMs;
    this.unseen.saved(this.reachedMs);
  }
}
