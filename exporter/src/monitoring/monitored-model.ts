import { confirmAdmission } from '../baseline/admission.js';
import { createGoldenMemory } from '../baseline/golden-memory.js';
import { admit, learn, startLearning, storable } from '../baseline/learning.js';
import { DriftMonitor, type DriftMonitorState } from '../detection/sequential/drift-monitor.js';
import { growForestBaseline, scoresOf, strangeShare, growWindowForest } from '../detection/forest-baseline.js';
import {
  createWindowBuilder,
  emptyWindow,
  foldRareCategories,
  mergeWindows,
  type WindowBuilder,
} from '../statistics/window-profile.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { ForestBaseline, WindowForest } from '../domain/isolation-forest.js';
import type { Json } from '../domain/json.js';
import type { Model } from '../domain/model.js';
import type { FalsePageBudget, AlertEvidence } from '../domain/alert-evidence.js';
import type { LateLabel, Observation } from '../domain/observation.js';
import type { Random, Store } from '../domain/ports.js';
import type { BaselineProfile, LearningState, RunningCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import type { BaselineRequirements, DetectionThresholds } from '../domain/thresholds.js';
import { LabelJoiner, type Judged } from './label-joiner.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import { RowBuffer } from './row-buffer.js';
import { CumulativeCounts } from './cumulative-counts.js';
import { countCall, NO_CALLS, callCountersKey, type CallCounters } from './call-counters.js';
import type { Sample } from '../domain/observation.js';
import { goldenText } from '../domain/observation.js';

export interface MonitoringSettings {
  readonly thresholds: DetectionThresholds;
  readonly requirements: BaselineRequirements;
  readonly budget: FalsePageBudget;
  /** Length of one stored window. */
  readonly windowMs: number;
  /** Newest observations kept in memory for root-cause analysis; never written. */
  readonly rowsKept: number;
  /** Signals counted in frozen bins for Prometheus. */
  readonly binnedSignals: number;
}

/** What was stored of a watch. */
export interface StoredModelState {
  readonly totals: CallCounters | null;
  readonly baseline: BaselineProfile | null;
  readonly learning: LearningState | null;
  readonly windows: readonly { readonly windowStartMs: number; readonly profile: WindowProfile }[];
  readonly monitor: DriftMonitorState | null;
}

type Writer = Parameters<Parameters<Store['atomic']>[0]>[0];

const GOLDEN_REPEATS = 4;
/** The e-detectors' state is written at most this often, and always at a stop, an alarm or an admission. */
const MONITOR_SAVED_MS = 10_000;
const ROWS_SCORED_PER_LOOK = 200;
const CHANGES_KEPT = 50;

/** Name of the setting that keeps a watch's e-detectors. */
export const driftMonitorKey = (model: Model): string => `monitor:${model.id}`;

/**
 * Memory of one watched model: folds samples into counts, learns the baseline, keeps the judged window, and says what
 * must be written. It decides nothing about health.
 */
export class MonitoredModel {
  baseline: BaselineProfile | null;
  learning: LearningState | null;
  totals: CallCounters;
  private forest: ForestBaseline | null = null;
  private windowForest: WindowForest | null = null;
  private readonly rows: RowBuffer;
  private baselineRows = new RowBuffer(Infinity);
  private goldenRecent: Sample[] = [];
  private goldenLearning;
  private builder: WindowBuilder;
  private windowStartMs: number;
  private pastWindows: { windowStartMs: number; profile: WindowProfile }[];
  private readonly labels: LabelJoiner;
  private closedWindows: { windowStartMs: number; profile: WindowProfile }[] = [];
  private baselineToSave: BaselineProfile | null = null;
  private dirty = false;
  private monitor: DriftMonitor;
  private thresholdFactor = 1;
  private monitorSavedAtMs = 0;
  private monitorDue = false;
  private readonly goldenKnown = new Map<string, Set<string>>();
  private rowsToScore: Observation[] = [];
  private readonly running;

  constructor(
    public model: Model,
    private readonly settings: MonitoringSettings,
    private readonly hash: (text: string) => string,
    private readonly random: () => Random,
    nowMs: number,
    restored: StoredModelState,
  ) {
    this.labels = new LabelJoiner(model.id, hash);
    this.rows = new RowBuffer(settings.rowsKept);
    this.totals = restored.totals ?? NO_CALLS;
    this.running = new CumulativeCounts(settings.binnedSignals);
    const superseded = restored.learning !== null && restored.learning.verdict.kind !== 'admitted';
    this.baseline = superseded ? null : restored.baseline;
    this.learning = this.baseline === null ? (restored.learning ?? startLearning(1, settings.requirements)) : null;
    this.goldenLearning = createGoldenMemory(hash, this.learning?.golden ?? []);
    this.pastWindows = this.baseline === null ? [] : [...restored.windows];
    this.windowStartMs = this.nextWindowStart(nowMs);
    this.builder = this.freshBuilder();
    this.monitor = this.freshMonitor(restored.monitor ?? undefined);
    for (const { goldenId, answerHashes } of this.baseline?.golden ?? this.learning?.golden ?? []) {
      this.goldenKnown.set(goldenId, new Set(Object.keys(answerHashes)));
    }
  }

  /** Folds samples in. Golden answers and probes of a model with its own traffic count as service, not as traffic. */
  observe(samples: readonly Sample[]): void {
    for (const sample of samples) this.observeOne(sample);
    this.rows.trim();
    this.dirty ||= samples.length > 0;
  }

  /** Remembers labels that arrived later; rows in memory get theirs at once, counts at the next commit. */
  label(labels: readonly LateLabel[]): void {
    this.labels.add(labels);
    for (const row of this.rows.label(labels)) this.builder.addGroupLabel(row);
    this.baselineRows.label(labels);
    this.dirty ||= labels.length > 0;
  }

  recordChange(change: ChangeEvent): void {
    this.totals = { ...this.totals, changes: [...this.totals.changes, change].slice(-CHANGES_KEPT) };
    this.dirty = true;
  }

  /**
   * Starts the next baseline version; the old one no longer judges.
   * @param fromMs what came since is learnt from at once, as far as it is in memory: accepted as the new normal; null
   *   learns from now on
   */
  relearn(nowMs: number, fromMs: number | null = null): void {
    const { requirements } = this.settings;
    const since = fromMs ?? Infinity;
    const rows = this.rows.since(since);
    const golden = this.goldenRecent.filter(({ observation }) => observation.atMs >= since);
    const version = (this.baseline?.version ?? (this.learning?.nextVersion ?? 1) - 1) + 1;
    this.baseline = null;
    this.forest = null;
    this.windowForest = null;
    this.learning = startLearning(version, requirements);
    this.monitor = this.freshMonitor();
    this.monitorDue = true;
    this.goldenKnown.clear();
    this.goldenLearning = createGoldenMemory(this.hash);
    this.forgetWindow(nowMs);
    for (const sample of golden) this.learnGolden(sample);
    for (const row of rows) this.fold(row);
    this.dirty = true;
  }

  freeze(frozen: boolean): void {
    if (this.baseline === null) return;
    this.baseline = { ...this.baseline, frozen };
    this.baselineToSave = this.baseline;
    this.dirty = true;
  }

  /**
   * Moves learning and the e-detectors on.
   * @param failing the last look found something badly wrong: what is seen now is no normal
   * @returns the version just admitted, if any
   */
  advance(nowMs: number, failing: boolean): number | null {
    this.foldLearning();
    this.scoreRows();
    const wasAlarmed = this.monitor.isAlarmed;
    this.monitor.settle(nowMs, this.settings.requirements.minimumSamples);
    this.monitorDue ||= this.monitor.isAlarmed !== wasAlarmed;
    this.confirmLearning(failing);
    if (this.baseline !== null && !this.monitor.isWatching && this.monitor.readiness().missing.length === 0) {
      this.monitor.startWatching();
      this.monitorDue = true;
    }
    if (this.learning?.verdict.kind === 'admitted') {
      this.baseline = admit(this.learning, nowMs);
      this.baselineToSave = this.baseline;
      this.windowForest = growWindowForest(this.rows.all, this.random());
      this.baselineRows = new RowBuffer(Infinity);
      for (const row of this.rows.all) if (row.failure === null) this.baselineRows.push(row);
      this.forest = growForestBaseline(this.baselineRows.all, this.baseline.profile, this.random());
      this.learning = null;
      this.monitor.startWatching();
      this.monitorDue = true;
      this.forgetWindow(nowMs);
      this.dirty = true;
      return this.baseline.version;
    }
    if (nowMs - this.windowStartMs >= this.settings.windowMs) this.rotate(nowMs);
    return null;
  }

  get isDirty(): boolean {
    return this.dirty;
  }

  /**
   * Writes everything not yet stored. Must run inside one `Store.atomic`; what arrives meanwhile waits for the next write.
   * @returns how many late labels found their prediction, and what to do if the transaction does not commit
   */
  async write(store: Writer, nowMs: number): Promise<{ readonly labelsMatched: number; readonly undo: () => void }> {
    const { model } = this;
    const ledger = this.labels.takeLedger();
    const judged = await this.labels.join(store.ledger, ledger).catch((error: unknown) => {
      this.labels.returnLedger(ledger);
      throw error;
    });
    for (const each of judged) this.countLabel(each);
    this.foldLearning();
    const baseline = this.baselineToSave;
    const closed = this.closedWindows;
    this.baselineToSave = null;
    this.closedWindows = [];
    this.dirty = false;
    const { learning, totals } = this;
    const current = { windowStartMs: this.windowStartMs, profile: this.builder.build() };
    const windows = learning === null ? [...closed, current] : closed;
    const undo = (): void => {
      this.baselineToSave ??= baseline;
      this.labels.returnLedger(ledger);
      this.closedWindows = [...closed, ...this.closedWindows];
      this.dirty = true;
    };
    try {
      if (baseline !== null) {
        await store.baselines.save(model.id, storable(baseline));
        if (learning === null) await store.baselines.saveLearning(model.id, this.finishedLearning(baseline));
      }
      if (learning !== null) {
        const profile = foldRareCategories(learning.profile, new Map());
        const firstHalf = learning.firstHalf === null ? null : foldedLike(profile, learning.firstHalf);
        await store.baselines.saveLearning(model.id, { ...learning, profile, firstHalf });
      }
      await store.windows.saveAll(
        windows.map(({ windowStartMs, profile }) => ({
          model: model.id,
          windowStartMs,
          profile: this.withoutRareCategories(profile),
        })),
      );
      await store.settings.set(callCountersKey(model), totals as unknown as Json);
      if (this.monitorDue || nowMs - this.monitorSavedAtMs >= MONITOR_SAVED_MS) {
        await store.settings.set(driftMonitorKey(model), this.monitor.snapshot() as unknown as Json);
        this.monitorSavedAtMs = nowMs;
        this.monitorDue = false;
      }
    } catch (error) {
      undo();
      throw error;
    }
    return { labelsMatched: judged.length, undo };
  }

  /** The newest counts that are judged: at least `windowSamples` calls where there are that many. */
  window(): WindowProfile {
    if (this.learning !== null) {
      if (this.rows.all.length === 0) return this.learning.profile;
      const builder = createWindowBuilder({ like: this.learning.profile });
      for (const row of this.rows.all.slice(-this.settings.thresholds.windowSamples)) builder.add(row);
      return builder.build();
    }
    // Once every changed signal is normal again, what came before would only keep the findings alive.
    const lasts = this.monitor.isAlarmed && !this.monitor.hasRecovered;
    const since = lasts ? this.monitor.evidence().changeAtMs : null;
    const sinceChange = since === null ? null : this.windowSince(since);
    if (sinceChange !== null) return sinceChange;
    let window = this.builder.build();
    for (let i = this.pastWindows.length - 1; i >= 0 && window.calls < this.settings.thresholds.windowSamples; i -= 1) {
      const past = this.pastWindows[i];
      if (past !== undefined) window = mergeWindows(past.profile, window);
    }
    return window;
  }

  /** Counts that only grow; @param judged the window the figures beside them are about */
  runningCounts(judged: WindowProfile): RunningCounts {
    return this.running.read(this.baseline, this.builder.build(), judged);
  }

  /** Counts since a change, where the rows in memory reach back to it; null where they do not, or are too few. */
  private windowSince(changeAtMs: number): WindowProfile | null {
    const [oldest] = this.rows.all;
    if (oldest === undefined || oldest.atMs > changeAtMs) return null;
    const rows = this.rows.since(changeAtMs);
    if (rows.length < this.settings.thresholds.minimumWindowSamples) return null;
    const builder = createWindowBuilder({ like: this.baseline?.profile ?? emptyWindow() });
    for (const row of rows) builder.add(row);
    return { ...builder.build(), labels: this.builder.build().labels };
  }

  /** Everything the pipeline needs to judge this model now. */
  modelState(): MonitoredModelState {
    const window = this.window();
    const golden = createGoldenMemory(this.hash);
    for (const { observation, shape } of this.goldenRecent) golden.add(observation, shape);
    return {
      model: this.model,
      baseline: this.baseline,
      learning: this.learning,
      window,
      rows: this.rows.since(window.fromMs),
      baselineRows: this.baselineRows.all,
      goldenNow: golden.build(),
      forest: this.forest,
      windowForest: this.windowForest,
      evidence: this.monitor.evidence(),
      consecutiveFailures: this.totals.consecutiveFailures,
      lastAnswerAtMs: this.totals.lastAnswerAtMs,
      lastPredictionAtMs: this.totals.lastPredictionAtMs,
      changes: this.totals.changes,
      experiment: null,
      rowAnalysis: null,
    };
  }

  private observeOne({ observation, shape }: Sample): void {
    if (observation.source === 'ingest' && this.totals.basis === 'probe') this.switchToIngest(observation.atMs);
    const { totals, change } = countCall(this.totals, observation);
    this.totals = totals;
    if (change !== null) this.recordChange(change);
    if (observation.source === 'golden') {
      this.goldenRecent.push({ observation, shape });
      const kept = GOLDEN_REPEATS * Math.max(1, this.model.goldenInputs.length);
      if (this.goldenRecent.length > kept) this.goldenRecent.splice(0, this.goldenRecent.length - kept);
      this.learnGolden({ observation, shape });
    }
    if (observation.source !== 'ingest' && this.totals.basis === 'ingest') return;
    this.fold(observation);
    const judged = this.labels.answered(observation);
    if (judged !== null) this.countLabel(judged);
  }

  private learnGolden({ observation, shape }: Sample): void {
    if (this.learning !== null) this.goldenLearning.add(observation, shape);
    this.compareGolden(observation);
  }

  private fold(observation: Observation): void {
    this.rows.push(observation);
    this.builder.add(observation);
    this.monitor.observe(observation);
    if (this.forest !== null && observation.failure === null && observation.features !== null) {
      this.rowsToScore.push(observation);
    }
  }

  /** Real traffic has arrived: what was learnt from probes describes other inputs, so learning starts over on the traffic. */
  private switchToIngest(atMs: number): void {
    const learntFromProbes = this.totals.probes > 0;
    this.totals = { ...this.totals, basis: 'ingest' };
    if (!learntFromProbes) return;
    const golden = this.goldenLearning;
    this.relearn(atMs);
    this.goldenLearning = golden;
  }

  /** The e-detectors' state goes into the next write, whenever it was last written. */
  saveMonitorSoon(): void {
    this.monitorDue = true;
    this.dirty = true;
  }

  /** Evidence against the false-page budget as it stands. */
  evidence(): AlertEvidence {
    return this.monitor.evidence();
  }

  /** Pages need this many times the evidence the operator asked for. */
  setThresholdFactor(factor: number): void {
    this.thresholdFactor = factor;
    this.monitor.thresholdFactor = factor;
  }

  /** The incident is over: once every changed signal is normal again, evidence starts from nothing. */
  settleEvidence(): void {
    if (!this.monitor.isAlarmed || !this.monitor.hasRecovered) return;
    this.monitor.resume();
    this.saveMonitorSoon();
  }

  private freshMonitor(state?: DriftMonitorState): DriftMonitor {
    const monitor = new DriftMonitor(this.model.id, this.settings.budget, this.hash, state);
    monitor.thresholdFactor = this.thresholdFactor;
    return monitor;
  }

  /** A learning period must be steady by the e-detectors themselves, and long enough for blocks that do not correlate. */
  private confirmLearning(failing: boolean): void {
    const { learning, monitor } = this;
    if (learning?.verdict.kind !== 'admitted') return;
    const { missing, season, unsteady } = monitor.readiness();
    monitor.relearn(unsteady);
    const share = strangeShare(this.rows.all, learning.profile, this.random());
    const signs = { missing, season, unsteady, failing, strangeShare: share };
    this.learning = confirmAdmission(learning, signs, this.settings.requirements);
  }

  private compareGolden(observation: Observation): void {
    const { goldenId, prediction, failure, atMs } = observation;
    if (goldenId === null || failure !== null) return;
    const hashed = this.hash(goldenText(prediction));
    const known = this.goldenKnown.get(goldenId);
    if (known === undefined) this.goldenKnown.set(goldenId, new Set([hashed]));
    else {
      this.monitor.loss('golden', known.has(hashed) ? 0 : 1, atMs);
      if (this.learning !== null) known.add(hashed);
    }
  }

  private scoreRows(): void {
    const { forest } = this;
    const rows = this.rowsToScore.slice(-ROWS_SCORED_PER_LOOK);
    this.rowsToScore = [];
    if (forest === null || rows.length === 0) return;
    const scores = scoresOf(forest, rows);
    rows.forEach((row, i) => this.monitor.rowScore(scores[i] ?? 0, row.atMs));
  }

  private foldLearning(): void {
    const { learning } = this;
    if (learning === null) return;
    const increment = this.builder.build();
    const isEmpty = increment.calls === 0 && labelsIn(increment) === 0;
    if (isEmpty && !awaitsConfirmation(learning)) return;
    this.learning = learn(learning, increment, this.goldenLearning.build(), this.settings.requirements);
    this.builder = this.freshBuilder();
    if (this.learning.verdict.kind === 'refused') this.forgetRefused(this.learning);
  }

  /** What a refused period taught the e-detectors is void; they learn from what was kept of it. */
  private forgetRefused({ profile }: LearningState): void {
    this.monitor = this.freshMonitor();
    if (profile.calls === 0) return;
    for (const row of this.rows.all) if (row.atMs >= profile.fromMs) this.monitor.observe(row);
  }

  private countLabel({ label, atMs }: Judged): void {
    this.builder.addLabel(label);
    if (label.kind === 'quantity') this.monitor.miss(label.absoluteError, atMs);
    else this.monitor.loss('accuracy', label.correct ? 0 : 1, atMs);
  }

  private rotate(nowMs: number): void {
    if (this.learning === null) {
      const profile = this.builder.build();
      if (profile.calls > 0 || labelsIn(profile) > 0) {
        const closed = { windowStartMs: this.windowStartMs, profile };
        this.pastWindows.push(closed);
        this.closedWindows.push(closed);
      }
      this.trimPastWindows();
    }
    this.windowStartMs = this.nextWindowStart(nowMs);
    this.builder = this.freshBuilder();
  }

  private trimPastWindows(): void {
    let calls = 0;
    let keepFrom = this.pastWindows.length;
    while (keepFrom > 0 && calls < this.settings.thresholds.windowSamples) {
      keepFrom -= 1;
      calls += this.pastWindows[keepFrom]?.profile.calls ?? 0;
    }
    this.pastWindows.splice(0, keepFrom);
  }

  private forgetWindow(nowMs: number): void {
    this.pastWindows = [];
    this.rows.clear();
    this.windowStartMs = this.nextWindowStart(nowMs);
    this.builder = this.freshBuilder();
  }

  /** A window's start is its key in the store: it must not meet that of a window already stored, even if the clock steps back. */
  private nextWindowStart(nowMs: number): number {
    const newest = Math.max(this.windowStartMs ?? 0, ...(this.pastWindows ?? []).map((past) => past.windowStartMs));
    return Math.max(nowMs, newest + 1);
  }

  private freshBuilder(): WindowBuilder {
    const finished = this.builder as WindowBuilder | undefined;
    if (finished !== undefined) this.running.close(finished.build());
    return createWindowBuilder({ like: this.baseline?.profile ?? this.learning?.profile ?? emptyWindow() });
  }

  private withoutRareCategories(profile: WindowProfile): WindowProfile {
    const { baseline } = this;
    return baseline === null ? foldRareCategories(profile, new Map()) : foldedLike(storable(baseline).profile, profile);
  }

  private finishedLearning(baseline: BaselineProfile): LearningState {
    return {
      ...startLearning(baseline.version + 1, this.settings.requirements),
      verdict: { kind: 'admitted', atMs: baseline.admittedAtMs },
    };
  }
}

/** The window with only those rare categories and groups that `like` names, which holds none that are rare in it. */
function foldedLike(like: WindowProfile, window: WindowProfile): WindowProfile {
  const named = new Map<SignalKey, ReadonlySet<string>>();
  for (const [key, counts] of like.signals)
    if (counts.kind === 'categorical') named.set(key, new Set(counts.categories.keys()));
  return foldRareCategories(window, named, like.groups);
}

const labelsIn = ({ labels }: WindowProfile): number => labels.labelled + Object.keys(labels.losses).length;

/** Enough was counted; what is missing may be had without a new sample, so the verdict is asked for again. */
const awaitsConfirmation = ({ verdict }: LearningState): boolean =>
  verdict.kind === 'learning' && verdict.samples >= verdict.requiredSamples;
