import type { Observation, LateLabel, Sample } from '../domain/observation.js';
import { wouldTurn } from '../baseline/learning.js';
import type { Random } from '../domain/ports.js';
import type { BaselineProfile, LearningState, WindowProfile } from '../domain/profile.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import { AdmissionWeighing } from './admission-weighing.js';
import type { ArrivalClock } from './arrival-clock.js';
import {
  admitted,
  baselineIn,
  confirmed,
  givenFrom,
  gridsOf,
  labelledBaseline,
  labelsOfLearning,
  learnFrom,
  learntSoFar,
  relearnt,
  withLabelledHalf,
  withLabelsOf,
  type BaselineMemory,
  type BaselinePhase,
  type LearningPhase,
} from './baseline-lifecycle.js';
import { evaluatedWindow } from './evaluated-window.js';
import { EvaluationPace } from './evaluation-pace.js';
import type { RowsOfSender } from './event-clock.js';
import type { FailingSince } from './failing-since.js';
import type { GoldenAnswers } from './golden-answers.js';
import { matchedOnArrival, type MatchedLabel } from './label-joiner.js';
import type { LostRows, LostStep } from './lost-rows.js';
import type { MonitoringSettings } from './monitoring-settings.js';
import type { PendingRow, PendingRows, RowsUntil, Step } from './pending-rows.js';
import { RowBuffer } from './row-buffer.js';
import type { RunningDetectors } from './running-detectors.js';
import type { ArrivedRow } from './countable.js';
import type { Windows } from './windows.js';
import { copied } from './copied.js';

const EARLY_LABELS_KEPT = 20_000; // As many as rows may wait.

/** What the traffic is counted in and judged by. */
export interface TrafficParts {
  readonly arrivals: ArrivalClock;
  readonly failing: FailingSince;
  readonly windows: Windows;
  readonly pending: PendingRows;
  readonly lost: LostRows;
  readonly detectors: RunningDetectors;
  readonly golden: GoldenAnswers;
  readonly random: () => Random;
  /** Something is to be stored. */
  readonly changed: () => void;
}

/**
 * One model's traffic in the order of its own time: learnt from, then compared with what was learnt. Logged rows wait until
 * those before them have come; answers to mlfi's own probes come in order.
 */
export class ModelTraffic {
  /** The newest rows that have been judged. */
  rows: RowBuffer;
  /** A version just admitted or frozen that is not stored yet. */
  baselineToSave: BaselineProfile | null = null;
  /** Rows before belong to an incident that is over; null where none has been. */
  judgedFromMs: number | null = null;
  /** Of another normal than is learnt: of those that wait, these are let go. */
  unlearnt: RowsUntil = { arrival: 0, beforeMs: 0 };
  private pace = new EvaluationPace();
  private weighing = new AdmissionWeighing();
  private admittedVersion: number | null = null;
  /** What an admitted version that is not stored yet was learnt as. */
  private learntOfUnstored: LearningState | null = null;
  /** Labels of answers that learning has not come to, in the order they came in. */
  earlyLabels: readonly MatchedLabel[] = [];

  constructor(
    public phase: BaselinePhase,
    private readonly settings: MonitoringSettings,
    public parts: TrafficParts,
  ) {
    this.rows = new RowBuffer(settings.rowsKept);
  }

  /** The same, to be left as it is while the copy is given another baseline: what waits, and the e-detectors that watch, are one in both. */
  copy(): ModelTraffic {
    const { arrivals, windows, lost, detectors, golden } = this.parts;
    const copy = copied(this);
    const copies = { windows: windows.copy(), detectors: detectors.copy(), golden: golden.copy() };
    copy.parts = { ...this.parts, arrivals: arrivals.copy(), lost: lost.copy(), ...copies };
    copy.rows = this.rows.copy();
    return copy;
  }

  /** The newest counts that are judged: at least `windowSamples` calls where there are that many. */
  window(): WindowProfile {
    return evaluatedWindow(this.phase, this.rows, this.parts, this.settings.thresholds, this.judgedFromMs);
  }

  /**
   * Takes logged rows, which wait until older ones have come.
   * @param sent the same rows before their features were read
   * @param isStored they are in the store's counts
   * @param senders who sent them, in their order
   */
  *await(
    rows: readonly Observation[],
    sent: readonly Observation[],
    isStored: boolean,
    nowMs: number,
    senders?: readonly RowsOfSender[],
  ): Generator<void> {
    const { pending, windows } = this.parts;
    const arrived = rows.map((row): ArrivedRow => ({ row, judged: matchedOnArrival(row) }));
    for (const { judged } of arrived)
      if (judged !== null) windows.labels.came({ ...judged, answeredAtMs: nowMs }, nowMs);
    const isAdmitted = this.phase.kind === 'admitted';
    const late = new Set(pending.add(arrived, isAdmitted, nowMs, isAdmitted ? [] : sent, senders));
    windows.add({ rows: [...late], labels: [] }, isStored);
    if (!isStored) for (const each of arrived) if (!late.has(each)) windows.awaits(each);
    if (pending.isFull || pending.isAtOnce(nowMs)) yield* this.release(nowMs);
  }

  /** Labels of earlier answers have been judged and stored. They are bet on in the order of these, whatever order they are sent in. */
  *takeLabels(judged: readonly MatchedLabel[], nowMs: number): Generator<void> {
    this.countLabels(judged, true);
    for (const each of judged.toSorted((a, b) => a.predictedAtMs - b.predictedAtMs)) {
      this.parts.pending.addLabel(each, nowMs);
      this.parts.windows.labels.came(each, nowMs);
    }
    if (this.parts.pending.hasTooManyLabels) yield* this.release(nowMs);
  }

  /** Counts labels with their answers; those of answers that learning has not come to wait for them. */
  private countLabels(judged: readonly MatchedLabel[], isStored: boolean): void {
    const { phase } = this;
    const { windows, pending, detectors } = this.parts;
    if (phase.kind === 'learning') {
      const { own, early, phase: labelled } = labelsOfLearning(phase, windows.counts(), judged, pending.oldestMs);
      windows.add({ rows: [], labels: own }, isStored);
      detectors.unseen.addLabels(own);
      this.phase = withLabelledHalf(labelled, own);
      this.earlyLabels = [...this.earlyLabels, ...early].slice(-EARLY_LABELS_KEPT);
      return;
    }
    const { baseline, others } = labelledBaseline(phase, judged);
    windows.add({ rows: [], labels: others }, isStored);
    if (baseline === null) return;
    this.phase = { ...phase, baseline, stored: withLabelsOf(baseline, phase.stored) };
  }

  /** What is in memory of an admitted baseline and never stored; null where none is admitted. */
  get memory(): BaselineMemory | null {
    return this.phase.kind === 'admitted' ? { ...this.phase, version: this.phase.baseline.version } : null;
  }

  /** Counts those labels whose answers have been counted since. */
  private countEarlyLabels(): void {
    const { earlyLabels: early } = this;
    if (early.length === 0) return;
    this.earlyLabels = [];
    this.countLabels(early, false);
  }

  /** Puts labels into the rows in memory. @returns how many rows got theirs */
  labelRows(labels: readonly LateLabel[]): number {
    const waiting = this.parts.pending.label(labels);
    const labelled = this.rows.label(labels);
    this.parts.windows.addGroupLabels(labelled, waiting);
    if (this.phase.kind === 'admitted') this.phase.rows.label(labels);
    return labelled.length + waiting.length;
  }

  /** Counts an answer to a probe, and judges by it. */
  probed(row: Observation): void {
    this.judge({ row, judged: matchedOnArrival(row), isInWindows: false });
  }

  /** Another normal is learnt: what was learnt before judges no longer. */
  startOver(keepsGolden: boolean, learntFromMs?: number): void {
    const { detectors, golden, windows, lost, changed } = this.parts;
    this.phase = relearnt(this.phase, this.settings.requirements, learntFromMs);
    detectors.restart();
    lost.clear();
    golden.forget(keepsGolden);
    this.rows.clear();
    this.weighing = new AdmissionWeighing();
    windows.learn(gridsOf(this.phase));
    changed();
  }

  /** Evidence starts from nothing. @param judgedFromMs rows before belong to an incident that is over */
  beginAnew(judgedFromMs: number | null = null): void {
    this.judgedFromMs = judgedFromMs;
    this.parts.detectors.resume();
    this.parts.changed();
  }

  /** An admitted baseline stays as it is, or does no longer. */
  freeze(frozen: boolean): void {
    const { phase } = this;
    if (phase.kind === 'learning') return;
    const baseline = { ...phase.baseline, frozen };
    this.phase = { ...phase, baseline, stored: { ...phase.stored, frozen } };
    this.baselineToSave = baseline;
    this.parts.changed();
  }

  /** As `startOver`, and learns from these at once. */
  relearnFrom(rows: readonly Observation[], golden: readonly Sample[], learntFromMs?: number): void {
    this.startOver(false, learntFromMs);
    const { windows, detectors } = this.parts;
    for (const sample of golden) detectors.observeGolden(sample.observation, this.parts.golden.learn(sample, true));
    windows.add({ rows: rows.map((row) => ({ row, judged: matchedOnArrival(row) })), labels: [] }, false);
    for (const row of rows) this.keep(row);
  }

  /**
   * Moves learning and the e-detectors on: of a model that logs its calls by the time of its rows, of any other by mlfi's clock.
   * @param failing the last evaluation found something badly wrong: what is seen now is no normal
   * @returns the version just admitted, if any
   */
  *advance(nowMs: number, isLogged: boolean, failing: boolean): Generator<void, number | null> {
    if (this.parts.failing.evaluated(failing, () => this.parts.pending.waiting)) this.parts.changed();
    if (!isLogged) this.tick(nowMs, true);
    else if (this.pace.begins(this.parts.detectors.monitor.isAlarmed)) yield* this.release(nowMs);
    if (this.rows.all.length >= this.settings.thresholds.minimumWindowSamples) this.parts.failing.seen();
    const version = this.admittedVersion;
    this.admittedVersion = null;
    return version;
  }

  /** Judges what the watermark has passed, up to where an evaluation has to see what was found. */
  private *release(nowMs: number): Generator<void> {
    const { pending, lost, detectors } = this.parts;
    for (const step of lost.before(() => pending.steps(nowMs, this.pace.untilMs), this.pace.untilMs)) {
      yield;
      const wasNormal = detectors.normalSinceMs !== null;
      const hasFound = this.take(step);
      if (step.kind !== 'tick') continue;
      if (hasFound) this.pace.found(step.atMs);
      else if (wasNormal || detectors.normalSinceMs === null || !this.pace.recovered(step.atMs)) continue;
      break;
    }
    // Golden answers come by mlfi's own clock, whether or not there is traffic.
    if (detectors.hasGoldenNews) this.settleDetectors(pending.reachedMs ?? nowMs);
    if (detectors.rowsUnsaved > 0 && pending.isAtOnce(nowMs)) detectors.saveSoon();
    // Rows are bet on once: what they said is stored without waiting for the next ones.
    if (detectors.isSaveDue(nowMs)) this.parts.changed();
    this.rows.trim();
  }

  /** Judges all that waits: what is not judged at a stop never is. */
  judgeRest(): void {
    const { pending, lost } = this.parts;
    for (const step of lost.before(() => pending.rest(), Infinity)) this.take(step);
    this.rows.trim();
  }

  /** @returns whether a tick found something that an evaluation must see as it is now */
  private take(step: Step | LostStep): boolean {
    if (step.kind === 'lost') this.parts.detectors.observeLost(step.row, step.standsFor);
    else if (step.kind === 'tick') return this.tick(step.atMs, false);
    else if (step.kind === 'label') this.parts.detectors.observeLabel(step.judged);
    else if (step.arrival > this.unlearnt.arrival || step.atMs >= this.unlearnt.beforeMs) this.judge(step);
    return false;
  }

  private judge(arrived: Pick<PendingRow, 'row' | 'judged' | 'isInWindows'>): void {
    const isStored = arrived.isInWindows || this.phase.kind === 'learning';
    if (!isStored) this.parts.changed();
    this.parts.windows.add({ rows: [arrived], labels: [] }, isStored);
    this.keep(arrived.row, arrived.judged);
    this.parts.failing.judged();
    if (arrived.judged !== null) this.parts.detectors.observeLabel(arrived.judged);
  }

  /** Keeps a row for root-cause analysis and feeds the e-detectors with it. */
  private keep(row: Observation, judged: MatchedLabel | null = null): void {
    this.rows.push(row);
    this.parts.detectors.observe(row, this.phase.kind === 'admitted' && this.phase.forest !== null, judged);
  }

  /** @returns whether something was found that an evaluation must see as it is now */
  private tick(atMs: number, isWeighedAnyway: boolean): boolean {
    const { detectors, lost, windows } = this.parts;
    this.learn();
    detectors.scoreRows(this.phase.kind === 'admitted' ? this.phase.forest : null);
    const hasFound = this.settleDetectors(atMs);
    if (this.phase.kind === 'learning') return this.weigh(atMs, isWeighedAnyway);
    if (!detectors.monitor.isWatching && detectors.monitor.readiness().missing.length === 0) detectors.startWatching();
    if (lost.left === 0) windows.trim(this.settings.thresholds.windowSamples); // Else they are looked at later.
    return hasFound;
  }

  /** @returns whether an alarm began */
  private settleDetectors(atMs: number): boolean {
    const { detectors } = this.parts;
    const wasAlarmed = detectors.monitor.isAlarmed;
    detectors.settle(atMs, this.settings.requirements.minimumSamples);
    return !wasAlarmed && detectors.monitor.isAlarmed;
  }

  /** What others may be told of: an admitted version once it is stored, for a process that ends before learns anew. */
  get told(): { readonly baseline: BaselineProfile | null; readonly learning: LearningState | null } {
    const { phase, learntOfUnstored: unstored } = this;
    if (phase.kind === 'admitted' && unstored !== null) return { baseline: null, learning: unstored };
    return { baseline: baselineIn(phase), learning: this.learning };
  }

  /** `baselineToSave` is stored. */
  saved(): void {
    this.baselineToSave = this.learntOfUnstored = null;
  }

  /** The learning period with what has been counted; null outside of one. */
  get learning(): LearningState | null {
    const { phase, settings, parts } = this;
    if (phase.kind === 'admitted') return null;
    return learntSoFar(phase, parts.windows, parts.golden.learning(), settings.requirements);
  }

  /** Learns from what has been counted. */
  learn(): void {
    const { windows, detectors, golden } = this.parts;
    if (this.phase.kind === 'admitted') return;
    this.countEarlyLabels();
    if (!wouldTurn(this.phase.learning, windows.counts(), this.settings.requirements)) return;
    const learnt = learnFrom(this.phase, windows.current(), golden.learning(), this.settings.requirements);
    if (learnt === null) return;
    this.phase = learnt;
    windows.restart(gridsOf(learnt));
    const { verdict, profile: kept } = learnt.learning;
    // What a refused period taught the e-detectors is void; they learn from what was kept of it.
    if (verdict.kind !== 'refused') return;
    this.weighing = new AdmissionWeighing();
    detectors.restart(kept.calls === 0 ? [] : this.rows.since(kept.fromMs));
  }

  /** What was learnt before the process ended may be a baseline: weighed before rows that come now, which may be of another normal. */
  weighRestored(nowMs: number): void {
    if (this.phase.kind === 'learning') this.weigh(Math.min(this.phase.learning.profile.toMs, nowMs), true);
  }

  /** Weighs whether what was learnt is a baseline. @returns whether it is */
  private weigh(atMs: number, isWeighedAnyway: boolean): boolean {
    if (this.phase.kind !== 'learning' || this.phase.learning.verdict.kind !== 'admitted') return false;
    const { settings, rows, parts, weighing } = this;
    const isFailing = parts.failing.isFailingAt(atMs);
    if (!isWeighedAnyway && !weighing.isDue(this.phase.learning, isFailing)) {
      this.phase = { kind: 'learning', learning: weighing.asBefore(this.phase.learning) };
      return false;
    }
    const { detectors, random, pending } = parts;
    // After a start, or once mlfi's clock was set back, rows of the same time may wait: they, and so their labels, are of it.
    for (const step of pending.notAfter(this.phase.learning.profile.toMs)) this.take(step);
    this.learn();
    this.phase = confirmed(this.phase, detectors.monitor, rows.all, isFailing, random, settings.requirements);
    weighing.note(this.phase.learning, isFailing);
    if (this.phase.learning.verdict.kind === 'refused') detectors.learnAnew();
    if (this.phase.learning.verdict.kind !== 'admitted') return false;
    this.admit(this.phase, atMs);
    return true;
  }

  /** What was learnt judges from now on. */
  private admit(learnt: LearningPhase, atMs: number): void {
    const { rows, parts } = this;
    const phase = admitted(learnt, rows.all, parts.random, atMs, parts.arrivals.cut());
    this.phase = phase;
    this.baselineToSave = phase.baseline;
    this.learntOfUnstored = learnt.learning;
    this.admittedVersion = phase.baseline.version;
    parts.detectors.startWatching();
    rows.clear();
    parts.windows.judge(gridsOf(phase), atMs);
    // The stored learning held them; from now on the windows have to, in the same write as the baseline.
    for (const each of parts.pending.enterWindows()) parts.windows.awaits(each);
    this.countEarlyLabels();
    parts.changed();
  }

  /** Judges what waits and admits a training set. @param isOfAllTimes it holds rows of all times of day @returns why it is no baseline */
  admitNow(requirements: BaselineRequirements, isOfAllTimes: boolean): readonly string[] {
    this.judgeRest();
    this.countEarlyLabels();
    const { phase, parts } = this;
    if (phase.kind === 'admitted') return ['a baseline is admitted already'];
    const { learning } = givenFrom(phase, parts.windows.current(), parts.golden.learning(), requirements);
    const { verdict } = learning;
    if (verdict.kind === 'refused') return verdict.reasons;
    if (verdict.kind === 'learning') return verdict.missing;
    parts.detectors.monitor.endTrainingSet(requirements.minimumSamples, isOfAllTimes);
    this.admit({ kind: 'learning', learning }, learning.profile.toMs);
    return [];
  }
}
