import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import { BlockCalibration } from './block-length.js';
import { ConformalEDetector } from './conformal-e-detector.js';
import { riskBound, RiskEDetector, type RiskState } from './risk-e-detector.js';
import { LivePace, UNORDERED_LEVEL } from './live-pace.js';
import { SampleInterval } from './sample-interval.js';
import type { ScoreStreamReading, ScoreStreamSettings, ScoreStreamState } from './score-stream-state.js';
import { SeasonalPattern } from './season.js';
import {
  evidenceOf,
  freeze,
  hasRecovered,
  readingOf,
  resume,
  stateOf,
  type RiskNull,
  type StreamDetector,
} from './stream-detector.js';

/** Blocks that say how fast samples come of late. */
const RECENT_BLOCKS = 32;
/** A block lasts at least this long: nobody can act on less, and busy models cost no more than quiet ones. */
const SHORTEST_BLOCK_MS = 250;
/** The slow twin of a shift detector uses blocks 2^3 times as long: small shifts stand out of longer means. */
const SLOW_LEVELS = 3;
/** Once a pattern is subtracted, single scores are no longer exchangeable; means of 2^4 of them are, nearly. */
const SEASONAL_LEVEL = 4;
/** Chance that a risk bound misses the baseline's true mean: 0.05 (docs/detection.md) over the ten or so risks that matter. */
const BOUND_DELTA = 0.005;
/** Evidence inside the learning period that shows it was no steady normal. */
const STATIONARITY_BLOCK = 8;

/**
 * One score stream from learning to watching: measures the block length its own correlation asks for, then runs the
 * e-detectors that suit its claim.
 */
export class ScoreStream {
  private readonly isSeasonal: boolean;
  private readonly season: SeasonalPattern;
  private calibration: BlockCalibration | null;
  /** Null before the first score, for there may never be one, and once it watches. */
  private stationarity: ConformalEDetector | null = null;
  private detector: StreamDetector | null = null;
  private clock: SampleInterval;
  /** Mean time between samples in the baseline. */
  private sampleMs = 0;
  private learntUnsteadiness = 0;
  /** Not null after a training set, until live samples have shown how fast they come. */
  private livePace: LivePace | null = null;
  /** The block being filled: every detector of the stream gets its mean. One sample long while learning. */
  private sum = 0;
  private filled = 0;
  private startedAtMs = 0;
  private blockLength = 1;
  private riskSettings: RiskNull | null = null;
  private recent: NonNullable<ScoreStreamState['recent']> | null = null;

  constructor(
    readonly settings: ScoreStreamSettings,
    private readonly budget: FalsePageBudget,
    state?: ScoreStreamState,
  ) {
    this.isSeasonal = settings.seasonal && budget.season !== 'none';
    this.season = new SeasonalPattern(this.isSeasonal ? budget.season : 'none', state?.season);
    // Only learning asks for the pace.
    this.clock = new SampleInterval(state?.detector === null ? state.clock : undefined);
    if (state === undefined) {
      this.calibration = this.freshCalibration();
      return;
    }
    this.calibration = state.calibration === null ? null : new BlockCalibration(this.isShift, state.calibration);
    this.stationarity =
      state.stationarity === null ? null : new ConformalEDetector(this.stationaritySettings(), state.stationarity);
    if (state.givenMs !== undefined) this.livePace = new LivePace(state.givenMs);
    this.sampleMs = state.sampleMs;
    this.recent = state.recent ?? null;
    this.learntUnsteadiness = state.learntUnsteadiness;
    this.sum = state.sum;
    this.filled = state.filled;
    this.startedAtMs = state.startedAtMs;
    this.watchWith(this.restoreDetector(state.detector));
  }

  get isShift(): boolean {
    return this.settings.hypothesis !== 'risk';
  }

  /** Statistics this stream adds to its signal's average. */
  get size(): number {
    return this.isShift ? 2 : 1;
  }

  get isMonitoring(): boolean {
    return this.detector !== null;
  }

  /** Whether what comes is part of the normal. */
  get isLearning(): boolean {
    return this.detector === null && this.livePace === null;
  }

  /** False of a category that there are too few for, which never gets one. */
  get hasScores(): boolean {
    return this.detector !== null || this.filled > 0 || (this.calibration?.samples ?? 0) > 0;
  }

  /** Whether its shifts alert nobody yet. A stream that has had no score has none: fewer categories than are told apart leave some so. */
  get isProvisional(): boolean {
    return this.season.isProvisional && this.season.decidesAtMs !== null;
  }

  /** Until when shifts of this stream alert nobody; null when they do. */
  get provisionalUntilMs(): number | null {
    return this.isProvisional ? this.season.decidesAtMs : null;
  }

  /** Samples that are bet on once their pace is known. */
  get held(): number {
    return this.livePace?.held.length ?? 0;
  }

  /** Set while a configured season has not been seen. */
  get waitsForSeason(): string | null {
    return this.season.isWaiting ? `${this.season.hoursNeeded} hours of traffic, to know the configured season` : null;
  }

  /** What arming waits for; null when armed or nothing can be said. */
  get waitsFor(): string | null {
    if (this.season.isWaiting) return this.waitsForSeason;
    if (this.detector?.kind === 'untestable') return 'it cannot get worse than it is in the baseline';
    if (this.detector !== null || this.calibration === null) return null;
    if (this.livePace !== null) return 'more rows, to see how fast they come';
    return 'more samples, to see how alike successive ones are';
  }

  /** @param clockMs how far time has come, where that is not when it was: labels are of answers of long ago */
  add(score: number, atMs: number, clockMs?: number): void {
    if (this.livePace !== null) {
      this.livePace.add(score, atMs);
      if (this.livePace.isKnown) this.startMonitoring(0, true);
      return;
    }
    if (this.filled === 0) this.startedAtMs = atMs;
    this.sum += score;
    this.filled += 1;
    if (this.filled >= this.blockLength) this.flush(atMs, clockMs ?? this.startedAtMs);
  }

  /** A block's mean without the pattern of the clock; blocks are short beside an hour. */
  private corrected(mean: number): number {
    this.season.add(this.sum, this.filled, this.startedAtMs);
    const expected = this.season.expected(this.startedAtMs);
    if (expected === 0) return mean;
    return Math.min(1, Math.max(0, this.isShift ? (mean - expected + 0.5) / 2 : mean - expected));
  }

  private flush(atMs: number, clockMs: number): void {
    const raw = this.sum / this.filled;
    const mean = this.isSeasonal ? this.corrected(raw) : raw;
    this.sum = 0;
    this.filled = 0;
    const { detector } = this;
    if (detector === null) {
      if (!this.season.isWaiting) this.calibrate(mean, atMs);
    } else if (detector.kind === 'shift') {
      for (const each of detector.detectors) each.add(mean, this.startedAtMs, clockMs);
    } else if (detector.kind === 'risk') detector.detector.add(mean, this.startedAtMs, clockMs);
    if (detector !== null) this.goOn(clockMs);
  }

  /** How fast samples come of late, however they came when it began. */
  private goOn(clockMs: number): void {
    const { sampleMs, clockMs: beforeMs } = this.recent ?? { sampleMs: this.sampleMs, clockMs };
    const gapMs = Math.max(0, clockMs - beforeMs) / this.blockLength;
    this.recent = { sampleMs: sampleMs + (gapMs - sampleMs) / RECENT_BLOCKS, clockMs };
  }

  private watchWith(detector: StreamDetector | null): void {
    this.detector = detector;
    if (detector === null) this.blockLength = 1;
    else if (detector.kind === 'untestable') this.blockLength = Infinity;
    else this.blockLength = 1 << (detector.kind === 'shift' ? (detector.levels[0] ?? 0) : detector.level);
  }

  /** The question about its season that can be answered now, with this channel's own answer. */
  seasonDue(nowMs: number): { readonly question: 'daily' | 'weekly'; readonly found: boolean } | null {
    const question = this.season.due(nowMs);
    if (question === null) return null;
    return { question, found: this.budget.season !== 'auto' || this.season.repeats(question) };
  }

  /** Takes the model's answer about the season; what was learnt without it is void. */
  settleSeason(question: 'daily' | 'weekly', found: boolean): void {
    if (this.isSeasonal && this.season.settle(question, found)) this.relearn();
  }

  /** Evidence, while learning, that the stream itself is changing; in ticks. */
  get unsteadiness(): number {
    return this.stationarity?.value ?? this.learntUnsteadiness;
  }

  /**
   * What was learnt until now is a training set: whole, and without a pace of its own. A stream that it said too little of goes on
   * learning.
   * @param leastSamples as of `startMonitoring`
   */
  endTrainingSet(leastSamples: number): void {
    const samples = this.calibration?.samples ?? 0;
    if (this.detector !== null || samples === 0) return;
    const setMs = this.clock.meanMs * samples;
    // A reference of too few, or of less than a whole period, is made of live rows.
    if (this.season.isWaiting || samples < leastSamples || setMs < this.season.referenceMs) this.relearn();
    else {
      this.livePace = new LivePace(setMs);
      this.clock = new SampleInterval();
    }
    this.season.beginAnew();
    // Live rows may be of before the set, and none of them has been bet on.
    this.startedAtMs = 0;
  }

  relearn(): void {
    this.livePace = null;
    this.calibration = this.freshCalibration();
    this.stationarity = null;
    this.recent = null;
    this.watchWith(null);
    this.sum = 0;
    this.filled = 0;
    this.riskSettings = null;
    this.learntUnsteadiness = 0;
    this.clock = new SampleInterval();
  }

  /**
   * Goes from learning to watching when the samples allow it.
   * @param patient false takes blocks that still correlate a little; those that correlate more are waited for
   */
  startMonitoring(leastSamples: number, patient: boolean): void {
    const { calibration } = this;
    if (this.detector !== null || calibration === null || calibration.samples < leastSamples) return;
    if (this.livePace?.isKnown === false) return;
    const level = this.levelOf(calibration, patient ? 'independent' : 'tolerable');
    if (level !== null) {
      this.watchWith(this.isShift ? this.shiftDetector(calibration, level) : this.riskDetector(calibration, level));
      this.calibration = null;
      this.learntUnsteadiness = this.stationarity?.value ?? 0;
      this.stationarity = null;
      this.clock = new SampleInterval();
    }
    // Where there is nothing to bet with, what was held is learnt from.
    const held = this.livePace?.held ?? [];
    this.livePace = null;
    for (const { score, atMs } of held) this.add(score, atMs);
  }

  /** How long its blocks must be, as a power of two; null where too little was learnt for that. Fixes its pace. */
  private levelOf(calibration: BlockCalibration, correlation: 'independent' | 'tolerable'): number | null {
    const { livePace } = this;
    const { meanMs } = this.clock;
    if ((livePace?.setMs ?? meanMs * calibration.samples) < this.season.referenceMs) return null;
    const { sampleMs, shortestLevel } = livePace?.pace(SHORTEST_BLOCK_MS) ?? {
      sampleMs: Math.max(1e-3, meanMs),
      shortestLevel: Math.ceil(Math.log2(SHORTEST_BLOCK_MS / Math.max(1e-3, meanMs))),
    };
    this.sampleMs = sampleMs;
    const shortest = Math.max(
      this.season.referenceMs > 0 ? SEASONAL_LEVEL : 0,
      livePace !== null && this.isShift ? UNORDERED_LEVEL : 0,
      shortestLevel,
    );
    const floor = Math.min(calibration.longest, shortest);
    return floor < 0 ? null : calibration.choose(floor, correlation);
  }

  /** The sum of its detectors' evidence; 0 while learning. */
  get value(): number {
    return this.detector === null ? 0 : evidenceOf(this.detector);
  }

  /** Null while learning. */
  reading(): ScoreStreamReading | null {
    return this.detector === null ? null : readingOf(this.detector, this.settings.statistic);
  }

  /** Stops betting after an alarm. @param tookMs how long the change took to be noticed */
  freeze(tookMs: number): void {
    if (this.detector !== null) freeze(this.detector, tookMs / (this.recent?.sampleMs ?? this.sampleMs));
  }

  get hasRecovered(): boolean {
    // A category that there are too few for has not changed.
    return this.detector === null ? !this.hasScores : hasRecovered(this.detector);
  }

  resume(): void {
    if (this.detector !== null) resume(this.detector);
  }

  snapshot(): ScoreStreamState {
    return {
      season: this.season.snapshot(),
      calibration: this.calibration?.snapshot() ?? null,
      stationarity: this.stationarity?.snapshot() ?? null,
      clock: this.clock.snapshot(),
      ...(this.livePace === null ? {} : { givenMs: this.livePace.setMs }),
      sampleMs: this.sampleMs,
      ...(this.recent === null ? {} : { recent: this.recent }),
      learntUnsteadiness: this.learntUnsteadiness,
      sum: this.sum,
      filled: this.filled,
      startedAtMs: this.startedAtMs,
      detector: this.detector === null ? null : stateOf(this.detector, this.riskSettings),
    };
  }

  private calibrate(x: number, atMs: number): void {
    const { calibration } = this;
    if (calibration === null) return;
    this.clock.add(atMs);
    calibration.add(x);
    if (!this.isShift) return;
    this.stationarity ??= new ConformalEDetector(this.stationaritySettings());
    this.stationarity.add(x, atMs);
  }

  private freshCalibration(): BlockCalibration {
    return new BlockCalibration(this.isShift);
  }

  /** Counted in blocks, not in ticks: the pace is not known yet. */
  private stationaritySettings(): ConstructorParameters<typeof ConformalEDetector>[0] {
    return { ...this.shiftSettings(Math.log2(STATIONARITY_BLOCK), 99), startWeight: 1, clock: null };
  }

  private shiftSettings(level: number, salt: number, stride = 0): ConstructorParameters<typeof ConformalEDetector>[0] {
    return {
      blockLength: 1 << level,
      stride: 1 << stride,
      tolerance: this.settings.tolerance,
      powerBets: true,
      startWeight: (this.sampleMs * (1 << level)) / this.budget.tickMs,
      clock: this.budget,
      sides: this.settings.hypothesis === 'rise' ? 'up' : 'both',
      seed: (this.settings.seed + Math.imul(salt + level, 0x9e3779b1)) | 0,
    };
  }

  private shiftDetector(calibration: BlockCalibration, level: number): StreamDetector {
    const levels = [level, level + SLOW_LEVELS];
    return {
      kind: 'shift',
      levels,
      detectors: levels.map(
        (k) => new ConformalEDetector(this.shiftSettings(k, 0, level), undefined, calibration.reference(k)),
      ),
    };
  }

  private riskDetector(calibration: BlockCalibration, level: number): StreamDetector {
    const { blocks, variance } = calibration.summary(level);
    const { binary, tolerance } = this.settings;
    const units = Math.max(blocks, Math.floor(calibration.effectiveSamples));
    const learnt = { ...calibration.summary(0), units, binary };
    const bound = riskBound(learnt, BOUND_DELTA, tolerance);
    if (bound >= 0.99) return { kind: 'untestable' };
    this.riskSettings = { bound, variance: binary ? null : variance };
    return { kind: 'risk', level, detector: this.betAgainst(level) };
  }

  private betAgainst(level: number, state?: RiskState): RiskEDetector {
    const { bound, variance } = this.riskSettings ?? { bound: 0.99, variance: null };
    return new RiskEDetector(
      { bound, variance, startWeight: (this.sampleMs * (1 << level)) / this.budget.tickMs, clock: this.budget },
      state,
    );
  }

  private restoreDetector(state: ScoreStreamState['detector']): StreamDetector | null {
    if (state === null || state.kind === 'untestable') return state;
    if (state.kind === 'shift') {
      const { levels } = state;
      return {
        kind: 'shift',
        levels,
        detectors: levels.map((k, i) => new ConformalEDetector(this.shiftSettings(k, 0, levels[0]), state.states[i])),
      };
    }
    const { level, bound, variance } = state;
    this.riskSettings = { bound, variance };
    return { kind: 'risk', level, detector: this.betAgainst(level, state.state) };
  }
}
