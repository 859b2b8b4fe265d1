import { DriftMonitor } from '../detection/sequential/drift-monitor.js';
import type { AlertEvidence } from '../domain/alert-evidence.js';
import type { FeatureReadings } from '../domain/feature-kind.js';
import type { IngestBatch } from '../domain/ingest.js';
import type { Model } from '../domain/model.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { LateLabel, Observation, Sample } from '../domain/observation.js';
import type { LedgerRepository, Random } from '../domain/ports.js';
import type { BaselineProfile, LearningState, RunningCounts, WindowProfile } from '../domain/profile.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import {
  admitted,
  baselineIn,
  confirmed,
  gridsOf,
  learnFrom,
  learningIn,
  relearnt,
  restoredPhase,
  type BaselinePhase,
} from './baseline-lifecycle.js';
import { countCall, hasAnsweredProbe, withArrival, withChange, type CallCounters } from './call-counters.js';
import { FeaturesRead, type ReadRows } from './features-read.js';
import { FirstContact } from './first-contact.js';
import { GoldenAnswers } from './golden-answers.js';
import {
  countRows,
  type CountingState,
  type Rows,
  type Staged,
  type StoredModelState,
  type Written,
} from './increment.js';
import { evaluatedWindow } from './evaluated-window.js';
import { judgedAtOnce, LabelJoiner, type Join } from './label-joiner.js';
import type { MonitoringSettings } from './monitoring-settings.js';
import { monitoredModelState } from './model-state.js';
import { RecentIntake } from './recent-intake.js';
import { RowBuffer } from './row-buffer.js';
import { RunningDetectors } from './running-detectors.js';
import { Windows } from './windows.js';

/**
 * One model's state over time: counts its calls, learns its baseline, keeps the evaluated window, and says what must be
 * written. It decides nothing about health. Everything that changes it runs in the model's lane.
 */
export class MonitoredModel {
  readonly contact = new FirstContact();
  private phase: BaselinePhase;
  private calls: CallCounters;
  private readonly rows: RowBuffer;
  private readonly golden: GoldenAnswers;
  private readonly labels: LabelJoiner;
  private readonly windows: Windows;
  private readonly detectors: RunningDetectors;
  private readonly features: FeaturesRead;
  private readonly intake = new RecentIntake();
  private baselineToSave: BaselineProfile | null = null;
  private isUnsaved = false;
  private changes = 0;

  constructor(
    private registration: Model,
    private readonly settings: MonitoringSettings,
    hash: (text: string) => string,
    private readonly random: () => Random,
    nowMs: number,
    restored: StoredModelState,
  ) {
    const { id } = registration;
    this.phase = restoredPhase(restored.baseline, restored.learning, settings.requirements);
    this.calls = restored.counters ?? FirstContact.counters(registration);
    this.rows = new RowBuffer(settings.rowsKept);
    this.features = new FeaturesRead(restored.kinds);
    const learnt = learningIn(this.phase)?.golden ?? [];
    this.golden = new GoldenAnswers(hash, baselineIn(this.phase)?.golden ?? learnt, learnt);
    this.labels = new LabelJoiner(id, hash);
    const past = this.phase.kind === 'admitted' ? restored.windows : [];
    this.windows = new Windows(gridsOf(this.phase), nowMs, past, settings.binnedSignals);
    // Detectors that watch belong to an admitted baseline: the model was left between two writes.
    const isOutdated = this.phase.kind === 'learning' && restored.monitor?.watching === true;
    this.detectors = new RunningDetectors(
      (state) => new DriftMonitor(id, settings.budget, hash, state),
      isOutdated ? null : restored.monitor,
    );
  }

  get model(): Model {
    return this.registration;
  }

  set model(model: Model) {
    this.registration = model;
    this.changes += 1;
  }

  get baseline(): BaselineProfile | null {
    return baselineIn(this.phase);
  }

  get learning(): LearningState | null {
    return learningIn(this.phase);
  }

  get counters(): CallCounters {
    return this.calls;
  }

  get featureReadings(): FeatureReadings {
    return this.features.readings;
  }

  /** True until the model has answered once: how it fails meanwhile says nothing about it. */
  get isConfiguring(): boolean {
    return this.registration.endpoint !== null && !hasAnsweredProbe(this.calls);
  }

  /** Grows whenever what a status shows of the model may have changed. */
  get revision(): number {
    return this.changes;
  }

  /** Something else that a status shows has changed: an evaluation, an incident. */
  touch(): void {
    this.changes += 1;
  }

  /** True while something must be stored. */
  get isDirty(): boolean {
    return this.isUnsaved;
  }

  /** Counts samples now, to be stored with the next commit. Golden answers and probes of a model with its own traffic count as service, not as traffic. */
  observe(samples: readonly Sample[], nowMs: number): void {
    const read = this.features.read(samples.map(({ observation }) => observation));
    if (this.rereads(read)) this.startOver(samples[0]?.observation.atMs ?? 0, true);
    this.features.adopt(read, false);
    for (const [i, observation] of read.observations.entries())
      this.observeOne({ observation, shape: samples[i]?.shape ?? null });
    for (const { certificate } of samples) this.contact.certificate = certificate ?? this.contact.certificate;
    if (samples.some(({ observation }) => observation.source === 'ingest')) this.calls = withArrival(this.calls, nowMs);
    this.rows.trim();
    if (samples.length > 0) this.changed();
  }

  /** Takes labels that arrived later: rows in memory get theirs at once, counts with the next commit. */
  label(labels: readonly LateLabel[]): void {
    this.labels.keepLabels(labels);
    this.labelRows(labels);
    if (labels.length > 0) this.changed();
  }

  /** Takes note of what became of a batch's rows, the refused ones too. */
  noteIntake(batch: IngestBatch, nowMs: number): void {
    this.intake.add(batch, nowMs);
    this.changes += 1;
  }

  /** Prepares logged rows for a commit without counting them: a commit that fails has changed nothing. */
  stage(rows: Rows): Staged {
    const read = this.features.read(rows.observations);
    const { observations, kinds } = read;
    const rereads = this.rereads(read);
    const known = { ...rows, observations };
    return {
      rows: known,
      kinds,
      rereads,
      answers: observations.flatMap((observation) => this.labels.awaiting(observation) ?? []),
      labels: this.labels.waiting(rows.labels),
      records: (judged, nowMs) =>
        countRows(this.parts(read), known, rereads, judged, this.settings.requirements, nowMs),
    };
  }

  private parts(read: ReadRows): CountingState {
    const { phase, calls, windows, golden, detectors, baselineToSave } = this;
    const kindsToSave = this.features.toStore(read);
    return { phase, calls, windows, golden, detectors, baselineToSave, kindsToSave };
  }

  /** What is being learnt of a feature was read as another kind than it is: learning starts over. */
  private rereads({ contradicts }: ReadRows): boolean {
    return this.phase.kind === 'learning' && contradicts;
  }

  /** Joins staged rows' labels with their answers inside a transaction; changes nothing in memory. */
  join(ledger: LedgerRepository, { answers, labels }: Staged): Promise<Join> {
    return this.labels.join(ledger, answers, labels);
  }

  /** Staged rows are stored: counts them. Nothing may have changed the model since they were staged. */
  settle({ staged, join, counted }: Written, nowMs: number): void {
    const { observations, labels } = staged.rows;
    this.isUnsaved = false;
    this.features.adopt(staged, true);
    this.windows.stored(counted.completeWindows);
    if (counted.baseline === this.baselineToSave) this.baselineToSave = null;
    if (counted.records.detectors !== null) this.detectors.saved(nowMs);
    const [first] = observations;
    if (first !== undefined) this.startTraffic(first.atMs);
    if (staged.rereads) this.startOver(nowMs, true);
    if (counted.fork !== null) this.windows.adopt(counted.fork.builder, counted.fork.profile);
    this.labels.settle(join);
    for (const observation of observations) {
      this.calls = countCall(this.calls, observation);
      this.keep(observation);
      const judged = judgedAtOnce(observation);
      if (judged !== null) this.detectors.observeLabel(judged);
    }
    if (first !== undefined) this.calls = withArrival(this.calls, nowMs);
    this.rows.trim();
    for (const judged of join.judged) if (judged !== null) this.detectors.observeLabel(judged);
    if (this.labelRows(labels) > 0) this.isUnsaved = true;
    this.learn();
    this.changes += 1;
  }

  recordChange(change: ChangeEvent): void {
    this.calls = withChange(this.calls, change);
    this.changed();
  }

  /**
   * Starts the next baseline version; the old one no longer judges.
   * @param fromMs what came since is learnt from at once, as far as it is in memory: accepted as the new normal; null
   *   learns from now on
   */
  relearn(nowMs: number, fromMs: number | null = null): void {
    const since = fromMs ?? Infinity;
    const rows = this.features.renew(this.rows.since(since));
    const golden = this.golden.since(since);
    this.startOver(nowMs, false);
    for (const sample of golden) this.detectors.observeGolden(sample.observation, this.golden.learn(sample, true));
    for (const row of rows) {
      this.windows.add(row);
      this.keep(row);
    }
  }

  freeze(frozen: boolean): void {
    if (this.phase.kind === 'learning') return;
    const baseline = { ...this.phase.baseline, frozen };
    this.phase = { ...this.phase, baseline, stored: { ...this.phase.stored, frozen } };
    this.baselineToSave = baseline;
    this.changed();
  }

  /**
   * Moves learning and the e-detectors on.
   * @param failing the last evaluation found something badly wrong: what is seen now is no normal
   * @returns the version just admitted, if any
   */
  advance(nowMs: number, failing: boolean): number | null {
    const { settings, detectors, windows } = this;
    this.changes += 1;
    this.learn();
    detectors.scoreRows(this.phase.kind === 'admitted' ? this.phase.forest : null);
    detectors.settle(nowMs, settings.requirements.minimumSamples);
    if (this.phase.kind === 'learning') {
      const rows = this.rows.all;
      this.phase = confirmed(this.phase, detectors.monitor, rows, failing, this.random, settings.requirements);
      if (this.phase.learning.verdict.kind === 'admitted') return this.admit(nowMs);
    } else if (!detectors.monitor.isWatching && detectors.monitor.readiness().missing.length === 0) {
      detectors.startWatching();
    }
    const isAdmitted = this.phase.kind === 'admitted';
    windows.rotate(nowMs, settings.windowMs, gridsOf(this.phase), isAdmitted, settings.thresholds.windowSamples);
    return null;
  }

  private admit(nowMs: number): number | null {
    if (this.phase.kind !== 'learning') return null;
    const phase = admitted(this.phase, this.rows.all, this.random, nowMs);
    this.phase = phase;
    this.baselineToSave = phase.baseline;
    this.detectors.startWatching();
    this.rows.clear();
    this.windows.forget(nowMs, gridsOf(phase));
    this.changed();
    return phase.baseline.version;
  }

  /** The newest counts that are judged: at least `windowSamples` calls where there are that many. */
  window(): WindowProfile {
    return evaluatedWindow(this.phase, this.rows, this.windows, this.detectors.monitor, this.settings.thresholds);
  }

  /** Counts that only grow; @param judged the window the figures beside them are about */
  runningCounts(judged: WindowProfile): RunningCounts {
    return this.windows.cumulativeCounts(this.baseline, judged);
  }

  /** All that an evaluation reads. */
  modelState(): MonitoredModelState {
    const { phase, calls, features, intake } = this;
    return monitoredModelState(this.model, phase, calls, this.rows, this.window(), {
      goldenNow: this.golden.now(),
      evidence: this.evidence(),
      features: features.readings,
      intake: intake.summary(),
      certificate: this.contact.certificate,
    });
  }

  /** Evidence against the false-page budget as it stands. */
  evidence(): AlertEvidence {
    return this.detectors.monitor.evidence();
  }

  /** True from an alarm of the e-detectors on, until its evidence is settled. */
  get isAlarmed(): boolean {
    return this.detectors.monitor.isAlarmed;
  }

  /** Alerts need this many times the evidence the operator asked for. */
  setThresholdFactor(factor: number): void {
    this.detectors.thresholdFactor = factor;
    this.changes += 1;
  }

  /** The incident is over: once every changed signal is normal again, evidence starts from nothing. */
  settleEvidence(): void {
    const { monitor } = this.detectors;
    if (!monitor.isAlarmed || !monitor.hasRecovered) return;
    monitor.resume();
    this.saveDetectorsSoon();
  }

  /** The e-detectors' state goes into the next write, whenever it was last written. */
  saveDetectorsSoon(): void {
    this.detectors.saveSoon();
    this.changed();
  }

  private changed(): void {
    this.isUnsaved = true;
    this.changes += 1;
  }

  private observeOne(sample: Sample): void {
    const { observation } = sample;
    if (observation.source === 'ingest') this.startTraffic(observation.atMs);
    const refused = this.contact.refused(this.calls, this.isConfiguring, observation);
    this.calls = refused ?? countCall(this.calls, observation);
    if (refused !== null) return;
    if (observation.source === 'golden') {
      const moved = this.golden.add(sample, this.model.goldenInputs.length, this.phase.kind === 'learning');
      this.detectors.observeGolden(observation, moved);
    }
    if (observation.source !== 'ingest' && this.calls.basis === 'ingest') return;
    this.windows.add(observation);
    this.keep(observation);
    const awaiting = this.labels.awaiting(observation);
    if (awaiting !== null) this.labels.keepAnswer(awaiting);
    const judged = judgedAtOnce(observation);
    if (judged === null) return;
    this.windows.addLabel(judged.label);
    this.detectors.observeLabel(judged);
  }

  /** Real traffic has arrived: what was learnt from probes describes other inputs, so learning starts over on the traffic. */
  private startTraffic(atMs: number): void {
    if (this.calls.basis === 'ingest') return;
    this.calls = { ...this.calls, basis: 'ingest' };
    if (this.calls.probes > 0) this.startOver(atMs, true);
  }

  private startOver(nowMs: number, keepsGolden: boolean): void {
    this.phase = relearnt(this.phase, this.settings.requirements);
    this.detectors.restart();
    this.detectors.saveSoon();
    this.golden.forget(keepsGolden);
    this.rows.clear();
    this.windows.forget(nowMs, gridsOf(this.phase));
    this.changed();
  }

  /** Keeps a counted row for root-cause analysis and feeds the e-detectors with it. */
  private keep(observation: Observation): void {
    this.rows.push(observation);
    this.detectors.observe(observation, this.phase.kind === 'admitted' && this.phase.forest !== null);
  }

  /** @returns how many rows in memory got their label */
  private labelRows(labels: readonly LateLabel[]): number {
    const labelled = this.rows.label(labels);
    for (const row of labelled) this.windows.addGroupLabel(row);
    if (this.phase.kind === 'admitted') this.phase.rows.label(labels);
    return labelled.length;
  }

  private learn(): void {
    if (this.phase.kind === 'admitted') return;
    const { profile } = this.windows.current();
    const learnt = learnFrom(this.phase, profile, this.golden.learning(), this.settings.requirements);
    if (learnt === null) return;
    this.phase = learnt;
    this.windows.restart(gridsOf(learnt));
    const { verdict, profile: kept } = learnt.learning;
    // What a refused period taught the e-detectors is void; they learn from what was kept of it.
    if (verdict.kind === 'refused') this.detectors.restart(kept.calls === 0 ? [] : this.rows.since(kept.fromMs));
  }
}
