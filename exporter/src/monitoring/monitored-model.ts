import type { AlertEvidence } from '../domain/alert-evidence.js';
import type { FeatureReadings } from '../domain/feature-kind.js';
import type { IngestBatch } from '../domain/ingest.js';
import type { Model } from '../domain/model.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { LateLabel, Sample } from '../domain/observation.js';
import type { LedgerRepository } from '../domain/ledger.js';
import type { Random } from '../domain/ports.js';
import type { BaselineProfile, LearningState, RunningCounts, WindowProfile } from '../domain/profile.js';
import { atOnce } from '../domain/turns.js';
import { baselineIn, gridsOf, restoredPhase, type BaselineMemory } from './baseline-lifecycle.js';
import { afterHistory, countCall, hasAnsweredProbe, withArrival, type CallCounters } from './call-counters.js';
import { ClockWatch, withoutFuture } from './clock-set-back.js';
import { FeaturesRead, type ReadRows } from './features-read.js';
import { FirstContact } from './first-contact.js';
import { FirstRows, type JudgedBy, type Rows, type SplitRows } from './first-rows.js';
import { countRows } from './increment.js';
import type { Counted, CountingState, Staged, StoredModelState, Unsaved, Written } from './increment.js';
import type { ModelTraffic } from './model-traffic.js';
import { LabelJoiner, matchedIn, type Join } from './label-joiner.js';
import type { MonitoringSettings } from './monitoring-settings.js';
import { ModelDraft } from './model-draft.js';
import { monitoredModelState, withWaiting } from './model-state.js';
import { RecentIntake, unwatchedOf } from './recent-intake.js';
import { restoredTraffic } from './restored-traffic.js';
import { SeenOnce } from './seen-once.js';

/** What others may read of a model; changing it goes through `Fleet.change`. */
export type MonitoredModelView = Readonly<
  Pick<MonitoredModel, 'model' | 'baseline' | 'learning' | 'counters' | 'modelState' | 'stateWithWaiting' | 'evidence'>
>;

/**
 * One model's state over time: counts its calls, learns its baseline, keeps the evaluated window, and says what must be written. It
 * decides nothing about health. Everything that changes it runs in the model's lane.
 */
export class MonitoredModel {
  readonly contact = new FirstContact();
  readonly first = new FirstRows();
  private calls: CallCounters;
  /** What its calls are learnt from and judged by; besides the model itself, `RowMemory` reads it. */
  traffic: ModelTraffic;
  private readonly labels: LabelJoiner;
  private features: FeaturesRead;
  private readonly intake = new RecentIntake();
  /** Rows whose evidence was lost when the process was last ended without notice. */
  private readonly lost: number;
  private readonly clock: ClockWatch;
  private unsaved: Unsaved = 'nothing';
  private changes = 0;
  private readonly judgedNow = new SeenOnce(() => this.traffic.window());
  private readonly evidenceNow = new SeenOnce(() => this.traffic.parts.detectors.monitor.evidence());

  constructor(
    private registration: Model,
    private readonly settings: MonitoringSettings,
    hash: (text: string) => string,
    random: () => Random,
    restored: StoredModelState,
    memory: BaselineMemory | null = null,
    nowMs = Infinity,
  ) {
    const phase = restoredPhase(restored.baseline, restored.learning, settings.requirements, memory);
    const { rowsAside = 0, ...counters } = restored.counters ?? FirstContact.counters(registration);
    this.lost = (counters.waiting ?? 0) + rowsAside;
    this.calls = withoutFuture(counters, nowMs);
    this.clock = new ClockWatch(settings.isReplay === true);
    this.features = new FeaturesRead(restored.kinds, () => settings.featuresPerModel);
    this.labels = new LabelJoiner(registration.id, hash, () => {
      const predictions = gridsOf(this.traffic.phase).signals.get('prediction');
      return predictions?.kind === 'numeric' ? predictions.grid : null;
    });
    const left = { ...restored, counters: this.calls };
    this.traffic = restoredTraffic(registration.id, phase, left, settings, hash, random, () => this.changed(), nowMs);
    // Of a model whose e-detectors saw no row nobody knows whether it has a season.
    if (this.calls.basis === 'ingest' && (restored.monitor !== null || settings.budget.season === 'none'))
      this.traffic.weighRestored(nowMs);
  }

  get model(): Model {
    return this.registration;
  }

  set model(model: Model) {
    this.registration = model;
    this.changes += 1;
  }

  get baseline(): BaselineProfile | null {
    return baselineIn(this.traffic.phase);
  }

  get learning(): LearningState | null {
    return this.traffic.learning;
  }

  /** The same two, as they may be told of: what is not stored yet may have to be learnt anew. */
  get told(): ModelTraffic['told'] {
    return this.traffic.told;
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

  /** What must be stored. */
  get toStore(): Unsaved {
    return this.unsaved === 'probes' && this.traffic.parts.detectors.mustBeSaved ? 'all' : this.unsaved;
  }

  /** Counts samples now, to be stored with the next commit. Golden answers and probes of a model with its own traffic count as service, not as traffic. @returns how logged ones were taken */
  observe(samples: readonly Sample[], nowMs: number, sender = ''): SplitRows {
    this.calls = this.clock.follow(this.calls, this.traffic, nowMs);
    const probes = samples.filter(({ observation }) => observation.source !== 'ingest');
    const logged = samples.flatMap(({ observation }) => (observation.source === 'ingest' ? [observation] : []));
    const split = this.first.split({ observations: logged, labels: [] }, this.judgedBy, nowMs);
    const { observations: sent } = split.judged;
    const read = this.features.read([...probes.map(({ observation }) => observation), ...sent]);
    if (split.startsOver || this.rereads(read)) this.traffic.startOver(true);
    const unsaved = this.unsaved === 'all' || logged.length > 0 ? 'all' : 'probes';
    this.first.settle(split);
    this.calls = split.calls;
    this.adopt(read, false);
    for (const [i, { shape }] of probes.entries()) {
      const observation = read.observations[i];
      if (observation !== undefined) this.observeProbe({ observation, shape });
    }
    const arrived = read.observations.slice(probes.length);
    const arrivedAtMs = this.traffic.parts.arrivals.at(nowMs);
    for (const observation of arrived) {
      this.calls = countCall(this.calls, observation);
      const awaiting = this.labels.awaiting(observation, arrivedAtMs);
      if (awaiting !== null) this.labels.keepAnswer(awaiting);
    }
    atOnce(this.traffic.await(arrived, sent, false, nowMs, [{ sender, rows: arrived.length }]));
    this.contact.note(samples);
    if (arrived.length > 0) this.calls = withArrival(this.calls, nowMs);
    this.traffic.rows.trim();
    if (samples.length > 0) this.changed(unsaved);
    return split;
  }

  /** Takes labels that arrived later: rows in memory get theirs at once, counts with the next commit. */
  label(labels: readonly LateLabel[]): void {
    this.labels.keepLabels(labels);
    this.traffic.labelRows(labels);
    if (labels.length > 0) this.changed();
  }

  /** Takes note of what became of a batch's rows, the refused ones too. */
  noteIntake(batch: IngestBatch, nowMs: number): void {
    this.intake.add(batch, nowMs);
    this.changes += 1;
  }

  private get judgedBy(): JudgedBy {
    const { calls, baseline, registration, settings } = this;
    const { minimumSamples } = settings.requirements;
    return { calls, baseline, isAsked: registration.endpoint !== null, minimumSamples };
  }

  /** Prepares logged rows for a commit without counting them. The model's clock goes on, also when the commit then fails. */
  stage(rows: Rows, nowMs: number): Staged {
    this.calls = this.clock.follow(this.calls, this.traffic, nowMs);
    const split = this.first.split(rows, this.judgedBy, nowMs);
    const read = this.features.read(split.judged.observations);
    const { observations, kinds } = read;
    const startsOver = split.startsOver || this.rereads(read);
    const known = { ...split.judged, observations };
    const arrivedAtMs = this.traffic.parts.arrivals.at(nowMs);
    return {
      rows: known,
      split,
      sent: split.judged.observations,
      kinds,
      startsOver,
      answers: observations.flatMap((observation) => this.labels.awaiting(observation, arrivedAtMs) ?? []),
      labels: this.labels.waiting(rows.labels),
      records: (judged, nowMs) =>
        countRows(this.parts(read, split.calls), known, startsOver, judged, this.settings.requirements, nowMs),
    };
  }

  private parts(read: ReadRows, calls: CallCounters): CountingState {
    const { phase, baselineToSave, parts, earlyLabels } = this.traffic;
    const kindsToSave = this.features.toStore(read);
    return { ...parts, phase, earlyLabels, calls, baselineToSave, kindsToSave };
  }

  /** What is being learnt of a feature was read as another kind than it is: learning starts over. */
  private rereads({ contradicts }: ReadRows): boolean {
    return this.traffic.phase.kind === 'learning' && contradicts;
  }

  /** Joins staged rows' labels with their answers inside a transaction; changes nothing in memory. */
  join(ledger: LedgerRepository, { answers, labels }: Staged, nowMs: number): Promise<Join> {
    return this.labels.join(ledger, answers, labels, nowMs);
  }

  /** Staged rows are stored: counts them, piece by piece. Nothing may have changed the model since they were staged, nor may anything before the end. */
  *settle({ staged, join, counted }: Written, nowMs: number): Generator<void> {
    const { observations, labels, senders } = staged.rows;
    const { traffic } = this;
    this.stored(counted, nowMs);
    this.first.settle(staged.split);
    this.calls = staged.split.calls;
    if (staged.startsOver) traffic.startOver(true);
    this.adopt(staged, true);
    this.labels.settle(join);
    for (const observation of observations) this.calls = countCall(this.calls, observation);
    if (observations.length > 0 && this.settings.isReplay !== true) this.calls = withArrival(this.calls, nowMs);
    yield* traffic.await(observations, staged.sent, true, nowMs, senders);
    yield* traffic.takeLabels(matchedIn(join), nowMs);
    if (traffic.labelRows([...join.earlySent, ...labels]) > 0) this.changed();
    if (this.calls.basis === 'probe') traffic.learn();
    this.changes += 1;
  }

  /** A change of the model, which it does not have until `become`. */
  draft(): ModelDraft {
    return new ModelDraft(this.calls, this.features.copy(), this.traffic.copy(), this.settings.requirements);
  }

  /** A draft is stored. Nothing may have changed the model since it was made. */
  become({ calls, features, traffic }: ModelDraft, counted: Counted, nowMs: number): void {
    // Feedback may have moved it while the draft was written.
    const { thresholdFactor } = this.traffic.parts.detectors;
    this.calls = calls;
    if (calls.rowsAside === undefined) this.first.clear();
    this.features = features;
    this.traffic = traffic;
    this.traffic.parts.detectors.thresholdFactor = thresholdFactor;
    this.stored(counted, nowMs);
    features.allStored();
    if (calls.basis === 'probe') traffic.learn();
    this.changes += 1;
  }

  private stored(counted: Counted, nowMs: number): void {
    this.unsaved = 'nothing';
    this.traffic.parts.windows.stored(counted.windows, counted.records.counters.waiting ?? 0);
    if (counted.baseline === this.traffic.baselineToSave) this.traffic.saved();
    if (counted.records.detectors !== null) this.traffic.parts.detectors.saved(nowMs);
  }

  /** A training set was imported, and came not from anybody. @see ModelTraffic.admitNow */
  endTrainingSet(...given: Parameters<ModelTraffic['admitNow']>): readonly string[] {
    const refused = this.traffic.admitNow(...given);
    this.calls = { ...FirstContact.counters(this.registration), basis: this.calls.basis };
    this.changed();
    return refused;
  }

  /** An imported history is over, or is not to have been: the baseline and what was learnt stay. What comes now is judged by itself. */
  endHistory(isKept: boolean): void {
    const { calls } = this;
    this.calls = isKept ? afterHistory(calls) : { ...FirstContact.counters(this.registration), basis: calls.basis };
    this.traffic.parts.detectors.monitor.resume();
    this.saveDetectorsSoon();
  }

  /** What is in memory of an admitted baseline and never stored; null where none is admitted. */
  get baselineMemory(): BaselineMemory | null {
    return this.traffic.memory;
  }

  /**
   * Moves learning and the e-detectors on, piece by piece. Nothing may change the model before the end.
   * @param failing the last evaluation found something badly wrong: what is seen now is no normal
   * @returns the version just admitted, if any
   */
  *advancing(nowMs: number, failing: boolean): Generator<void, number | null> {
    this.calls = this.clock.follow(this.calls, this.traffic, nowMs);
    const version = yield* this.traffic.advance(nowMs, this.calls.basis === 'ingest', failing);
    this.changes += 1;
    return version;
  }

  /** The same without a pause. */
  advance(nowMs: number, failing: boolean): number | null {
    return atOnce(this.advancing(nowMs, failing));
  }

  /** Nothing more comes, for mlfi stops: judges what still waits, so that the next start goes on behind it. */
  judgeRest(): void {
    if (this.calls.basis === 'ingest') this.traffic.judgeRest();
    this.traffic.parts.pending.endInOrder();
    this.saveDetectorsSoon();
  }

  /** True when rows can be judged that wait for an evaluation to have seen what was found in those before them. */
  isBehind(nowMs: number): boolean {
    return this.traffic.parts.lost.left > 0 || this.traffic.parts.pending.isBehind(nowMs);
  }

  /** The newest counts that are judged: at least `windowSamples` calls where there are that many. */
  window(): WindowProfile {
    return this.judgedNow.at(this.changes);
  }

  /** Counts that only grow; @param judged the window the figures beside them are about */
  runningCounts(judged: WindowProfile): RunningCounts {
    return this.traffic.parts.windows.cumulativeCounts(this.baseline, judged);
  }

  /** All that an evaluation reads. */
  modelState(): MonitoredModelState {
    const { calls, contact, features, intake, traffic } = this;
    const { lateRows: late, rowsWaiting } = traffic.parts.pending;
    return monitoredModelState(this.model, traffic.phase, calls, traffic.rows, this.window(), {
      learning: traffic.learning,
      goldenNow: traffic.parts.golden.now(),
      evidence: this.evidence(),
      features: features.readings,
      intake: intake.summary(
        { lost: this.lost, late, labels: this.labels.expiredLabels, clock: calls.clock },
        rowsWaiting,
        unwatchedOf(traffic.parts.windows.leftOut, this.settings.featuresPerModel),
      ),
      certificate: contact.certificate,
      probesAnsweredMs: contact.answeredMs,
    });
  }

  /** The same, with the rows that have come and wait to be judged, or to be enough to judge by. */
  stateWithWaiting(): MonitoredModelState {
    const { waiting } = this.traffic.parts.pending;
    return withWaiting(this.modelState(), [...this.first.rows.all, ...waiting.map(({ row }) => row)]);
  }

  /** Evidence against the false-page budget as it stands. */
  evidence(): AlertEvidence {
    return this.evidenceNow.at(this.changes);
  }

  /** `on` from an alarm of the e-detectors, `over` once what it named is normal again, `none` when its evidence is settled. */
  get alarm(): 'none' | 'on' | 'over' {
    return this.traffic.parts.detectors.alarm;
  }

  /** Alerts need this many times the evidence the operator asked for. */
  setThresholdFactor(factor: number): void {
    const { detectors } = this.traffic.parts;
    if (detectors.thresholdFactor !== factor) this.changes += 1;
    detectors.thresholdFactor = factor;
  }

  /** Evidence may start from nothing. @param judgedFromMs rows before are of an incident that is just over, or repaired; or null */
  settleEvidence(judgedFromMs: number | null): void {
    if (judgedFromMs !== null) this.calls = { ...this.calls, judgedFromMs };
    if (judgedFromMs !== null || this.alarm === 'over') this.traffic.beginAnew(this.calls.judgedFromMs);
  }

  /** The e-detectors' state goes into the next write, whenever it was last written. */
  saveDetectorsSoon(): void {
    this.traffic.parts.detectors.saveSoon();
    this.changed();
  }

  private changed(unsaved: Unsaved = 'all'): void {
    this.unsaved = unsaved;
    this.changes += 1;
  }

  private observeProbe(sample: Sample): void {
    const { observation } = sample;
    const refused = this.contact.refused(this.calls, this.isConfiguring, observation);
    this.calls = refused ?? countCall(this.calls, observation);
    if (refused !== null) return;
    if (observation.source === 'golden') {
      const { phase, parts } = this.traffic;
      const moved = parts.golden.add(sample, this.model.goldenInputs.length, phase.kind === 'learning');
      this.traffic.parts.detectors.observeGolden(observation, moved);
    }
    if (this.calls.basis === 'ingest') return;
    const awaiting = this.labels.awaiting(observation, this.traffic.parts.arrivals.at(observation.atMs));
    if (awaiting !== null) this.labels.keepAnswer(awaiting);
    this.traffic.probed(observation);
  }

  private adopt(read: Pick<ReadRows, 'kinds'>, isStored: boolean): void {
    const isNews = this.features.adopt(read, isStored);
    if (isNews && this.traffic.phase.kind === 'learning')
      this.traffic.parts.pending.reread((row) => read.kinds.read(row));
  }
}
