import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import type { FeatureValue } from '../../domain/observation.js';
import type { Grid } from '../../domain/profile.js';
import { cellBounds, cellOf, gridFor } from '../../statistics/grid.js';
import { counterUniform, seedOf } from './counter-random.js';
import { EffectiveSampleSize } from './effective-sample-size.js';
import { ReferenceQuantiles } from './reference-quantiles.js';
import type { ScoreStream } from './score-stream.js';
import { SeenRange } from './seen-range.js';
import {
  risk,
  shift,
  streamNamed,
  streamsOf,
  unusable,
  type NumericSubject,
  type SignalMonitor,
  type SignalState,
} from './signal-monitor.js';

/** Of these only a rise is a change: stranger rows, larger errors. */
const ONE_SIDED: readonly NumericSubject[] = ['rows', 'error_size'];

/** No time of day explains it, so that it may page while a daily pattern is not known yet. */
const JUMP = risk('jump', { binary: true, seasonal: false });

/** Whether this is a number that a fault upstream may multiply: scores have an end, and times and errors jump by themselves. */
const mayJump = (subject: NumericSubject): boolean => subject.startsWith('feature:') || subject === 'prediction';

/** A number: where it lies among the warm-up values (level), how far out (spread), whether it is there at all, and whether it jumped. */
export class NumericSignal implements SignalMonitor {
  readonly streams: readonly ScoreStream[];
  private readonly warm = new Map<number, number>();
  private grid: Grid | null = null;
  private quantiles: ReferenceQuantiles | null = null;
  private counter = 0;
  private effectiveSampleSize: EffectiveSampleSize;
  private readonly seed: number;
  private readonly jump: ScoreStream | null;
  private seen: SeenRange | null = null;
  private readonly level: ScoreStream | null;
  private readonly spread: ScoreStream | null;
  private readonly risk: ScoreStream | null;
  private readonly missing: ScoreStream | null;
  private readonly invalid: ScoreStream | null;

  /**
   * @param harm `low` / `high`: which end hurts users; adds a risk stream for that end. Confidence hurts when it falls,
   * latency when it rises; a feature hurts nobody by its value.
   */
  constructor(
    readonly subject: NumericSubject,
    model: string,
    budget: FalsePageBudget,
    private readonly harm: 'low' | 'high' | null,
    state?: SignalState,
  ) {
    const isOneSided = ONE_SIDED.includes(subject);
    const wanted = [
      shift('level', isOneSided ? 'rise' : 'shift'),
      ...(isOneSided ? [] : [shift('spread')]),
      ...(harm === null ? [] : [risk('risk', { binary: harm === 'high', seasonal: true })]),
      ...unusable(subject),
      ...(mayJump(subject) ? [JUMP] : []),
    ];
    this.streams = streamsOf(subject, model, budget, wanted, state?.streams);
    this.jump = streamNamed(this.streams, 'jump');
    this.level = streamNamed(this.streams, 'level');
    this.spread = streamNamed(this.streams, 'spread');
    this.risk = streamNamed(this.streams, 'risk');
    this.missing = streamNamed(this.streams, 'missing');
    this.invalid = streamNamed(this.streams, 'invalid');
    this.seed = seedOf(`${model}\n${subject}`);
    this.effectiveSampleSize = new EffectiveSampleSize(state?.effectiveSampleSize ?? undefined);
    if (state === undefined) return;
    for (const [cell, count] of state.warm) this.warm.set(Number(cell), count);
    this.grid = state.grid;
    if (state.quantiles !== null) this.begin(ReferenceQuantiles.restore(state.quantiles));
    if (state.seen !== undefined) this.seen = new SeenRange(state.seen);
    this.counter = state.counter;
  }

  private begin(quantiles: ReferenceQuantiles): void {
    this.quantiles = quantiles;
    const { edges, counts } = quantiles.snapshot();
    this.seen = this.jump === null ? null : SeenRange.of(edges, counts);
  }

  get isWarmingUp(): boolean {
    return this.quantiles === null;
  }

  add(value: FeatureValue, atMs: number, clockMs?: number): void {
    const isNumber = typeof value === 'number' && Number.isFinite(value);
    this.missing?.add(value === null ? 1 : 0, atMs, clockMs);
    this.invalid?.add(value === null || isNumber ? 0 : 1, atMs, clockMs);
    if (!isNumber) return;
    if (this.quantiles === null) this.warmUp(value);
    else this.score(this.quantiles, value, atMs, clockMs);
  }

  endTrainingSet(leastSamples: number, isOfAllTimes: boolean): void {
    if (isOfAllTimes) this.seen?.endOfAllTimes();
    for (const stream of this.streams) stream.endTrainingSet(leastSamples);
  }

  relearn(): void {
    this.warm.clear();
    this.counter = 0;
    this.effectiveSampleSize = new EffectiveSampleSize();
    this.quantiles = null;
    this.seen = null;
    for (const stream of this.streams) stream.relearn();
  }

  private warmUp(value: number): void {
    this.grid ??= gridOf(this.subject, value);
    const cell = cellOf(this.grid, value);
    this.warm.set(cell, (this.warm.get(cell) ?? 0) + 1);
    this.counter += 1;
    this.effectiveSampleSize.add(cell);
    if (!this.effectiveSampleSize.hasSeenEnough) return;
    const { grid } = this;
    this.begin(
      ReferenceQuantiles.fit(
        [...this.warm].flatMap(([each, count]) => new Array<number>(count).fill(cellBounds(grid, each)[1])),
      ),
    );
    this.warm.clear();
    this.counter = 0;
    this.effectiveSampleSize = new EffectiveSampleSize();
  }

  private score(quantiles: ReferenceQuantiles, value: number, atMs: number, clockMs?: number): void {
    const u = quantiles.position(value, counterUniform(this.seed, this.counter));
    this.counter += 1;
    this.jump?.add(this.seen?.add(value, atMs) === true ? 1 : 0, atMs, clockMs);
    this.level?.add(u, atMs, clockMs);
    if (this.spread !== null) this.spread.add(4 * (u - 0.5) * (u - 0.5), atMs, clockMs);
    if (this.harm === 'low') this.risk?.add(Math.min(1, Math.max(0, 1 - value)), atMs, clockMs);
    else if (this.harm === 'high') this.risk?.add(u > HIGH_END ? 1 : 0, atMs, clockMs);
  }

  snapshot(): SignalState {
    return {
      kind: 'numeric',
      streams: this.streams.map((stream) => stream.snapshot()),
      counter: this.counter,
      warm: [...this.warm],
      effectiveSampleSize: this.effectiveSampleSize.snapshot(),
      grid: this.grid,
      quantiles: this.quantiles?.snapshot() ?? null,
      seen: this.seen?.snapshot(),
      watched: [],
      known: [],
    };
  }
}

/** Scores lie in [0, 1]; errors spread upwards from zero. */
function gridOf(subject: NumericSubject, first: number): Grid {
  if (subject === 'rows') return gridFor('confidence', first);
  return subject === 'error_size' ? gridFor('prediction', 0) : gridFor(subject, first);
}

/** Above this place among the warm-up values a latency counts as slow: the highest tenth. */
const HIGH_END = 0.9;

/** The direction in which a change of this signal is harm; null when both are. */
export function harmOf(subject: NumericSubject): 'low' | 'high' | null {
  if (subject === 'confidence') return 'low';
  return subject === 'latency_seconds' || subject === 'error_size' ? 'high' : null;
}
