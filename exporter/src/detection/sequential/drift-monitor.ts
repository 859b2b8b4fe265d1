import type { FindingSubject } from '../../domain/finding.js';
import { featureCount } from '../../domain/observation.js';
import type { Features, FeatureValue, Observation, Prediction } from '../../domain/observation.js';
import type { FalsePageBudget, AlertEvidence, SignalEvidence } from '../../domain/alert-evidence.js';
import { recovered, type Alarm } from './alarm.js';
import { budgetShare } from './budget-share.js';
import { betOnCounted, type CountedRow } from './counted-row.js';
import type { DriftMonitorState, LearningReadiness } from './drift-monitor-state.js';
import { pagingValue, provisionalUntilMs, signalEvidence, waitTexts, type Wait } from './signal-evidence.js';
import { evidenceBenjaminiHochberg } from './e-d-bh.js';
import { CategoricalSignal } from './categorical-signal.js';
import { LossSignal } from './loss-signal.js';
import { harmOf, NumericSignal } from './numeric-signal.js';
import { restoredSignal } from './restored-signal.js';
import { startStreams, type NumericSubject, type SignalMonitor } from './signal-monitor.js';

/** Signals that may have nothing to learn from when the baseline is admitted. */
const JOINING_LATER: readonly FindingSubject[] = ['golden', 'accuracy', 'error_size', 'rows'];
const SUSPECTS_NAMED = 3;
/** Evidence inside the learning period counts as "not a steady normal" at this part of the line. */
const STATIONARITY_PART = 0.1;
/** Part of the streams that may still be learning when the baseline is admitted; they join later. */
const LATECOMERS = 0.25;

/** What a stream learns from, of what a baseline needs: some samples only set what the others are compared with. */
const leastOf = (samples: number): number => Math.max(25, samples - 50);

/**
 * All e-detectors of one model under one false-page budget. Their weighted sum R stays below its line A for
 * `meanTimeBetweenMs` on average while nothing changes, however many signals there are, however they depend on each other
 * and however often anyone looks (docs/detection.md, “Why the promise holds”; Shin, Ramdas & Rinaldo 2024, theorem 2.4 with a convex combination).
 */
export class DriftMonitor {
  private readonly signals = new Map<FindingSubject, SignalMonitor>();
  /** False while the baseline is learnt: evidence is gathered, nothing is claimed. */
  private watching = false;
  private leastSamples = Infinity; // That a signal learns from; known from the first settlement on.
  private alarmed: Alarm | null = null;
  private rowsUntilMs: number | undefined;
  private readonly signalOfFeature = new Map<string, SignalMonitor>();
  /** Features that have had no value but null. */
  private readonly silent: Set<string>;
  /** How much more often than not a feature still warming up was of its signal's kind. */
  private readonly leanings: Map<string, number>;
  /** How many times the configured budget lies between two false pages, as people's feedback on pages asks for. */
  thresholdFactor = 1;

  constructor(
    private readonly model: string,
    private readonly budget: FalsePageBudget,
    private readonly hash: (text: string) => string,
    state?: DriftMonitorState,
    private readonly featuresWatched = (): number => Infinity,
  ) {
    this.silent = new Set(state?.silent ?? []);
    this.leanings = new Map(state?.leanings ?? []);
    if (state === undefined) return;
    this.watching = state.watching;
    this.rowsUntilMs = state.rowsUntilMs;
    this.alarmed = state.alarm;
    for (const [subject, signal] of state.signals)
      this.enlist(subject, restoredSignal(subject, signal, { model, budget, hash }));
  }

  /** Folds one call or logged prediction: errors, confidence, latency, prediction and every feature. */
  observe(observation: Observation): void {
    const { atMs, failure } = observation;
    this.rowsUntilMs = atMs;
    this.loss('errors', failure === null ? 0 : 1, atMs);
    if (failure !== null) return;
    this.value('confidence', observation.confidence, atMs);
    if (observation.latencySeconds !== null) this.value('latency_seconds', observation.latencySeconds, atMs);
    this.value('prediction', observation.prediction, atMs);
    if (observation.features !== null) this.features(observation.features, atMs);
  }

  /** Bets on a call that was lost but for its counts, once its signals have learnt. */
  observeCounted(row: CountedRow): void {
    this.rowsUntilMs = row.atMs;
    betOnCounted(this.signals, row);
  }

  /** A known feature that was not sent is missing; one never seen before breaks the schema once the model is watched. */
  private features(features: Features, atMs: number): void {
    let known = 0;
    for (const [name, signal] of this.signalOfFeature) {
      const value = features[name];
      if (value !== undefined) known += 1;
      if (signal.isWarmingUp && this.isOfAnotherKind(name, signal, value ?? null)) {
        this.value(`feature:${name}`, value ?? null, atMs);
      } else signal.add(value ?? null, atMs);
    }
    const violates = known < featureCount(features) && this.meetNewNames(features, atMs);
    this.loss('schema', violates ? 1 : 0, atMs);
  }

  /** Learns features met for the first time; true when a watched model should not have sent one. */
  private meetNewNames(features: Features, atMs: number): boolean {
    let violates = false;
    for (const name in features) {
      if (this.signalOfFeature.has(name)) continue;
      if (this.signalOfFeature.size >= this.featuresWatched()) return violates;
      const value = features[name] ?? null;
      if (this.watching) violates ||= !(this.silent.has(name) && value === null);
      else if (value !== null) this.value(`feature:${name}`, value, atMs);
      else if (this.silent.size < this.featuresWatched()) this.silent.add(name);
    }
    return violates;
  }

  /** The kind of a feature is that of most of its first values: a signal that began with the other kind begins anew. */
  private isOfAnotherKind(name: string, signal: SignalMonitor, value: FeatureValue): boolean {
    if (value === null) return false;
    const leaning = this.leanings.get(name) ?? 0;
    const next = leaning + ((typeof value === 'number') === signal instanceof NumericSignal ? 1 : -1);
    this.leanings.set(name, next);
    if (next >= 0) return false;
    this.leanings.set(name, 1);
    this.signals.delete(`feature:${name}`);
    this.signalOfFeature.delete(name);
    return true;
  }

  /** Folds one loss in [0, 1]: a failed call, a wrong answer, a moved golden answer. Labels stake the time of rows: they are late, and in any order. */
  loss(subject: 'errors' | 'golden' | 'accuracy' | 'schema', loss: number, atMs: number): void {
    let signal = this.signals.get(subject);
    if (signal === undefined) {
      signal = new LossSignal(subject, this.model, this.budget, subject !== 'golden');
      this.signals.set(subject, signal);
    }
    signal.add(loss, atMs, subject === 'accuracy' ? this.rowsUntilMs : undefined);
    // Labels come many at once: those after the ones that are needed to learn from are bet on.
    if (this.watching && subject === 'accuracy') startStreams(signal, this.leastSamples);
  }

  /** Folds by how much a numeric answer missed its label, in the answer's unit; only rising misses count as a change. */
  miss(absoluteError: number, atMs: number): void {
    this.value('error_size', absoluteError, atMs);
    const signal = this.signals.get('error_size');
    if (this.watching && signal !== undefined) startStreams(signal, this.leastSamples);
  }

  /** Folds the isolation forest's score of one row, 0–1. */
  rowScore(score: number, atMs: number): void {
    this.value('rows', score, atMs);
  }

  private value(subject: NumericSubject, value: FeatureValue | Prediction, atMs: number): void {
    let signal = this.signals.get(subject);
    if (signal === undefined) {
      if (value === null || (this.watching && subject.startsWith('feature:'))) return;
      signal =
        typeof value === 'number'
          ? new NumericSignal(subject, this.model, this.budget, harmOf(subject))
          : new CategoricalSignal(
              subject === 'rows' || subject === 'error_size' ? 'prediction' : subject,
              this.model,
              this.budget,
              this.hash,
            );
      this.enlist(subject, signal);
    }
    signal.add(value, atMs, subject === 'error_size' ? this.rowsUntilMs : undefined);
  }

  private enlist(subject: FindingSubject, signal: SignalMonitor): void {
    this.signals.set(subject, signal);
    if (subject.startsWith('feature:')) this.signalOfFeature.set(subject.slice('feature:'.length), signal);
  }

  /**
   * Moves every signal on: seasons are decided, signals with enough samples start watching. Call at every evaluation.
   * @param leastSamples samples a signal learns from at least
   */
  settle(nowMs: number, leastSamples: number): void {
    let total = this.total();
    if (this.alarmed === null && total < this.warningThreshold && this.settleSeason(nowMs)) total = this.total();
    this.leastSamples = leastOf(leastSamples);
    for (const signal of this.signals.values()) startStreams(signal, this.leastSamples);
    if (!this.watching) return;
    if (this.alarmed !== null) this.nameFurther(this.alarmed, nowMs);
    else if (total >= this.threshold) this.alarm(nowMs);
  }

  /** A daily (weekly) pattern in one signal is the traffic's: every signal is corrected for it. @returns whether one was decided on */
  private settleSeason(nowMs: number): boolean {
    const due = [...this.signals.values()].flatMap(({ streams }) =>
      streams.flatMap((stream) => {
        const answer = stream.seasonDue(nowMs);
        return answer === null ? [] : [{ stream, ...answer }];
      }),
    );
    const found = { daily: false, weekly: false };
    for (const answer of due) found[answer.question] ||= answer.found;
    for (const { stream, question } of due) stream.settleSeason(question, found[question]);
    return due.length > 0;
  }

  /** Whether the learning period may become a baseline: long enough for its own correlation, and steady. */
  readiness(): LearningReadiness {
    const missing: Wait[] = [];
    const season = new Set<string>();
    const unsteady: FindingSubject[] = [];
    let streams = 0;
    let learning = 0;
    for (const signal of this.signals.values()) {
      const weight = this.weightOf(signal.subject);
      const unsteadiness = signal.streams.reduce((sum, stream) => sum + stream.unsteadiness, 0);
      if (weight * unsteadiness >= STATIONARITY_PART * this.threshold) unsteady.push(signal.subject);
      if (JOINING_LATER.includes(signal.subject)) continue;
      for (const stream of signal.streams) if (stream.waitsForSeason !== null) season.add(stream.waitsForSeason);
      const [wait] = signal.streams.flatMap((stream) => stream.waitsFor ?? []);
      const learningHere = signal.streams.filter((stream) => !stream.isMonitoring).length;
      streams += signal.streams.length;
      learning += learningHere;
      if (learningHere > 0 && wait !== undefined) missing.push({ subject: signal.subject, wait });
    }
    return { missing: learning > LATECOMERS * streams ? waitTexts(missing) : [], season: [...season], unsteady };
  }

  /** The baseline was admitted: evidence counts from now on. */
  startWatching(): void {
    this.watching = true;
    this.alarmed = null;
    for (const signal of this.signals.values()) for (const stream of signal.streams) stream.resume();
  }

  /**
   * What was learnt until now is a training set: a set of rows has no order, so what changes along it is learnt anew from live rows,
   * and no pace, so nothing is bet before live rows have shown theirs.
   * @param isOfAllTimes it holds rows of all times of day
   */
  endTrainingSet(leastSamples: number, isOfAllTimes: boolean): void {
    this.relearn(this.readiness().unsteady);
    for (const signal of this.signals.values()) signal.endTrainingSet(leastOf(leastSamples), isOfAllTimes);
  }

  /** Signals that changed while being learnt begin again. */
  relearn(subjects: readonly FindingSubject[]): void {
    for (const subject of subjects) this.signals.get(subject)?.relearn();
  }

  /** True when every signal that changed is as it was in the baseline again. */
  get hasRecovered(): boolean {
    const { alarmed } = this;
    return alarmed === null || alarmed.signals.every(({ subject }) => recovered(this.signals.get(subject), alarmed));
  }

  /** The incident is over: the reference stays, evidence starts from nothing. */
  resume(): void {
    this.alarmed = null;
    for (const signal of this.signals.values()) for (const stream of signal.streams) stream.resume();
  }

  get isWatching(): boolean {
    return this.watching;
  }

  get isAlarmed(): boolean {
    return this.alarmed !== null;
  }

  get threshold(): number {
    return (this.thresholdFactor * this.budget.meanTimeBetweenMs) / this.budget.tickMs;
  }

  private get warningThreshold(): number {
    return this.budget.warnMeanTimeBetweenMs / this.budget.tickMs;
  }

  /** Rows after a training set that are bet on once their pace is known: every row is a call, failed or not. */
  get rowsHeld(): number {
    return this.signals.get('errors')?.streams[0]?.held ?? 0;
  }

  get watchedFeatures(): number {
    return this.signalOfFeature.size;
  }

  /** Everything that can be said about the evidence now; cheap, changes nothing. */
  evidence(): AlertEvidence {
    const { budget, alarmed } = this;
    const logLine = Math.log(this.threshold);
    const logWarningLine = Math.log(this.warningThreshold);
    const signals = [...this.signals.values()]
      .map((signal) => {
        const frozen = alarmed?.signals.find(({ subject }) => subject === signal.subject);
        return frozen ?? signalEvidence(signal, this.weightOf(signal.subject), budget.tickMs, false);
      })
      .sort((a, b) => Math.log(b.weight) + b.logEvidence - Math.log(a.weight) - a.logEvidence);
    const isProvisional = signals.some(({ watch }) => watch === 'provisional');
    const logEvidence = alarmed?.logEvidence ?? Math.log(Math.max(this.total(), 1e-12));
    const verdict = !this.watching
      ? 'learning'
      : alarmed !== null
        ? 'alarm'
        : logEvidence >= logWarningLine
          ? 'warning'
          : 'quiet';
    return {
      verdict,
      logEvidence,
      logLine,
      logWarningLine,
      lineShare: Math.min(1, Math.max(0, Math.log1p(Math.exp(logEvidence)) / Math.log1p(this.threshold))),
      budgetLeft: Math.max(0, 1 - Math.exp(logEvidence - logLine)),
      confirmed: alarmed?.confirmed ?? [],
      suspects: alarmed?.suspects ?? [],
      changeAtMs: alarmed?.changeAtMs ?? null,
      recovered: alarmed !== null && this.hasRecovered,
      provisionalUntilMs: isProvisional ? provisionalUntilMs(this.signals.values()) : null,
      signals,
      budget: { ...budget, meanTimeBetweenMs: this.thresholdFactor * budget.meanTimeBetweenMs },
    };
  }

  snapshot(): DriftMonitorState {
    return {
      signals: [...this.signals].map(([subject, signal]) => [subject, signal.snapshot()] as const),
      silent: [...this.silent],
      leanings: [...this.leanings],
      watching: this.watching,
      ...(this.rowsUntilMs === undefined ? {} : { rowsUntilMs: this.rowsUntilMs }),
      alarm: this.alarmed,
    };
  }

  /** R: the weighted sum over signals that may page. */
  private total(): number {
    let sum = 0;
    for (const signal of this.signals.values()) sum += this.weightOf(signal.subject) * pagingValue(signal);
    return sum;
  }

  private weightOf(subject: FindingSubject): number {
    return budgetShare(subject, this.signalOfFeature.size);
  }

  /** Signals with their evidence as e-d-BH takes it: weight × number of signals × R; those that already changed as they were then. */
  private ranked(alarmed: Alarm | null): { readonly signal: SignalMonitor; readonly value: number }[] {
    const all = [...this.signals.values()];
    return all.map((signal) => {
      const frozen = alarmed?.signals.find(({ subject }) => subject === signal.subject);
      const value = frozen === undefined ? pagingValue(signal) : Math.exp(frozen.logEvidence);
      return { signal, value: all.length * this.weightOf(signal.subject) * value };
    });
  }

  private changedOf(ranked: ReturnType<DriftMonitor['ranked']>): SignalMonitor[] {
    const values = ranked.map(({ value }) => value);
    return evidenceBenjaminiHochberg(values, this.threshold).flatMap((i) => ranked[i]?.signal ?? []);
  }

  private alarm(nowMs: number): void {
    const ranked = this.ranked(null);
    const named = this.changedOf(ranked);
    const likeliest = [...ranked].sort((a, b) => b.value - a.value).map(({ signal }) => signal);
    const suspects = named.length > 0 ? [] : likeliest.slice(0, SUSPECTS_NAMED).map(({ subject }) => subject);
    const changed = named.length > 0 ? named : likeliest.slice(0, 1);
    const logEvidence = Math.log(this.total());
    const signals = changed.map((signal) => this.freeze(signal, nowMs));
    const starts = signals.flatMap(({ changeAtMs }) => (changeAtMs === null ? [] : [changeAtMs]));
    this.alarmed = {
      atMs: nowMs,
      changeAtMs: starts.length === 0 ? nowMs : Math.min(...starts),
      confirmed: named.map(({ subject }) => subject),
      suspects,
      logEvidence,
      signals,
    };
  }

  /** While one change is watched others may come: they are named and watched too, not learnt as normal. */
  private nameFurther(alarmed: Alarm, nowMs: number): void {
    const further = this.changedOf(this.ranked(alarmed)).filter(
      (signal) => !alarmed.signals.some(({ subject }) => subject === signal.subject),
    );
    if (further.length === 0) return;
    this.alarmed = {
      ...alarmed,
      confirmed: [...alarmed.confirmed, ...further.map(({ subject }) => subject)],
      signals: [...alarmed.signals, ...further.map((signal) => this.freeze(signal, nowMs))],
    };
  }

  /** Stops betting on a changed signal; from now on only the end of its change is watched. */
  private freeze(signal: SignalMonitor, nowMs: number): SignalEvidence {
    const evidence = signalEvidence(signal, this.weightOf(signal.subject), this.budget.tickMs, true);
    for (const stream of signal.streams) stream.freeze(Math.max(1, nowMs - (evidence.changeAtMs ?? nowMs)));
    return evidence;
  }
}
