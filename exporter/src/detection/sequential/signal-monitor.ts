import type { FindingSubject } from '../../domain/finding.js';
import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import type { Grid, SignalKey } from '../../domain/profile.js';
import type { FeatureValue } from '../../domain/observation.js';
import { cellBounds, cellOf, gridFor } from '../../statistics/grid.js';
import { ScoreStream, type ScoreStreamSettings, type ScoreStreamState } from './score-stream.js';
import { counterUniform, seedOf } from './counter-random.js';
import { ReferenceQuantiles, type ReferenceQuantilesState } from './reference-quantiles.js';
import { SeenRange, type SeenRangeState } from './seen-range.js';
import { EffectiveSampleSize, type EffectiveSampleSizeState } from './effective-sample-size.js';

/** Samples that fix which categories are told apart and are not judged themselves. */
const WARM_UP_SAMPLES = 50;
const CATEGORIES_WATCHED = 10;
const CATEGORIES_KNOWN = 1_000;

/** What a number can be of: a signal, the forest's score of a row, or the error of a numeric answer. */
export type NumericSubject = SignalKey | 'rows' | 'error_size';

/** Of these only a rise is a change: stranger rows, larger errors. */
const ONE_SIDED: readonly NumericSubject[] = ['rows', 'error_size'];

/** How a signal's values become streams. One subject each. */
export interface SignalMonitor {
  readonly subject: FindingSubject;
  readonly streams: readonly ScoreStream[];
  add(value: FeatureValue, atMs: number): void;
  /** Forgets what was measured and begins again. */
  relearn(): void;
  /** True while the quantiles itself is still being made. */
  readonly isWarmingUp: boolean;
  snapshot(): SignalState;
}

export interface SignalState {
  readonly kind: 'numeric' | 'categorical' | 'loss';
  readonly streams: readonly ScoreStreamState[];
  readonly counter: number;
  readonly warm: readonly (readonly [cell: number | string, count: number])[];
  /** Of a number still warming up. */
  readonly effectiveSampleSize: EffectiveSampleSizeState | null;
  readonly grid: Grid | null;
  readonly quantiles: ReferenceQuantilesState | null;
  /** Of a number that may jump, once its quantiles are known. */
  readonly seen?: SeenRangeState | undefined;
  readonly watched: readonly string[];
  readonly known: readonly string[];
}

/** Builds the streams of one subject in a fixed order, so that a snapshot finds them again. */
class Channels {
  readonly all: readonly ScoreStream[];
  constructor(
    subject: string,
    model: string,
    budget: FalsePageBudget,
    wanted: readonly Omit<ScoreStreamSettings, 'seed' | 'tolerance'>[],
    states: readonly ScoreStreamState[] | undefined,
  ) {
    const tolerance = budget.signalTolerance[subject] ?? budget.tolerance;
    this.all = wanted.map(
      (settings, i) =>
        new ScoreStream(
          { ...settings, tolerance, seed: seedOf(`${model}\n${subject}\n${settings.statistic}\n${i}`) },
          budget,
          states?.[i],
        ),
    );
  }
}

const shift = (
  statistic: string,
  hypothesis: 'shift' | 'rise' = 'shift',
): Omit<ScoreStreamSettings, 'seed' | 'tolerance'> => ({
  statistic,
  hypothesis,
  binary: false,
  seasonal: true,
});
const risk = (statistic: string, options: { readonly binary: boolean; readonly seasonal: boolean }) =>
  ({ statistic, hypothesis: 'risk', ...options }) as const;

const MISSING = risk('missing', { binary: true, seasonal: false });
const INVALID = risk('invalid', { binary: true, seasonal: false });
const UNSEEN = risk('unseen', { binary: true, seasonal: false });
/** No time of day explains it, so that it may page while a daily pattern is not known yet. */
const JUMP = risk('jump', { binary: true, seasonal: false });

/** A signal's own unusable values are a risk: missing ones, and of another type. In this order they are stored. */
function unusable(subject: string): readonly Omit<ScoreStreamSettings, 'seed' | 'tolerance'>[] {
  if (subject.startsWith('feature:')) return [MISSING, INVALID];
  if (subject === 'prediction') return [INVALID, MISSING];
  return subject === 'confidence' ? [MISSING] : [];
}

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
    this.streams = new Channels(subject, model, budget, wanted, state?.streams).all;
    const named = (statistic: string): ScoreStream | null =>
      this.streams[wanted.findIndex((each) => each.statistic === statistic)] ?? null;
    this.jump = named('jump');
    this.level = named('level');
    this.spread = named('spread');
    this.risk = named('risk');
    this.missing = named('missing');
    this.invalid = named('invalid');
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

  add(value: FeatureValue, atMs: number): void {
    const isNumber = typeof value === 'number' && Number.isFinite(value);
    this.missing?.add(value === null ? 1 : 0, atMs);
    this.invalid?.add(value === null || isNumber ? 0 : 1, atMs);
    if (!isNumber) return;
    if (this.quantiles === null) this.warmUp(value);
    else this.score(this.quantiles, value, atMs);
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

  private score(quantiles: ReferenceQuantiles, value: number, atMs: number): void {
    const u = quantiles.position(value, counterUniform(this.seed, this.counter));
    this.counter += 1;
    this.jump?.add(this.seen?.add(value, atMs) === true ? 1 : 0, atMs);
    this.level?.add(u, atMs);
    if (this.spread !== null) this.spread.add(4 * (u - 0.5) * (u - 0.5), atMs);
    if (this.harm === 'low') this.risk?.add(Math.min(1, Math.max(0, 1 - value)), atMs);
    else if (this.harm === 'high') this.risk?.add(u > HIGH_END ? 1 : 0, atMs);
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

/** A category: the shares of the ten most frequent ones and of all others, values never seen, and missing ones. */
export class CategoricalSignal implements SignalMonitor {
  readonly streams: readonly ScoreStream[];
  private readonly warm = new Map<string, number>();
  private readonly tokens = new Map<string, string>();
  private watched: Map<string, number> | null = null;
  private readonly known: Set<string>;
  private counter = 0;
  private readonly unseen: ScoreStream | null;
  private readonly missing: ScoreStream | null;
  private readonly invalid: ScoreStream | null;

  constructor(
    readonly subject: SignalKey,
    model: string,
    budget: FalsePageBudget,
    private readonly hash: (text: string) => string,
    state?: SignalState,
  ) {
    const mixes = Array.from({ length: CATEGORIES_WATCHED + 1 }, () => shift('mix'));
    const wanted = [...mixes, UNSEEN, ...unusable(subject)];
    this.streams = new Channels(subject, model, budget, wanted, state?.streams).all;
    const named = (statistic: string): ScoreStream | null =>
      this.streams[wanted.findIndex((each) => each.statistic === statistic)] ?? null;
    this.unseen = named('unseen');
    this.missing = named('missing');
    this.invalid = named('invalid');
    this.known = new Set(state?.known ?? []);
    this.counter = state?.counter ?? 0;
    if (state === undefined) return;
    for (const [category, count] of state.warm) this.warm.set(String(category), count);
    if (state.watched.length > 0) this.watched = new Map(state.watched.map((category, i) => [category, i]));
  }

  get isWarmingUp(): boolean {
    return this.watched === null;
  }

  add(value: FeatureValue, atMs: number): void {
    this.missing?.add(value === null ? 1 : 0, atMs);
    this.invalid?.add(typeof value === 'number' ? 1 : 0, atMs);
    if (value === null || typeof value === 'number') return;
    const category = this.tokenOf(String(value).slice(0, 100));
    if (this.watched === null) this.warmUp(category);
    else this.score(this.watched, category, atMs);
  }

  /** Categories are told apart by salted hashes, so that no rare one is ever written. */
  private tokenOf(category: string): string {
    let token = this.tokens.get(category);
    if (token === undefined) {
      token = this.hash(`category:${category}`);
      if (this.tokens.size < CATEGORIES_KNOWN) this.tokens.set(category, token);
    }
    return token;
  }

  relearn(): void {
    this.warm.clear();
    this.watched = null;
    this.known.clear();
    this.counter = 0;
    for (const stream of this.streams) stream.relearn();
  }

  private warmUp(category: string): void {
    this.warm.set(category, (this.warm.get(category) ?? 0) + 1);
    this.known.add(category);
    this.counter += 1;
    if (this.counter < WARM_UP_SAMPLES) return;
    const frequent = [...this.warm].sort(([, a], [, b]) => b - a).slice(0, CATEGORIES_WATCHED);
    this.watched = new Map(frequent.map(([name], i) => [name, i]));
    this.warm.clear();
  }

  private score(watched: ReadonlyMap<string, number>, category: string, atMs: number): void {
    const hit = watched.get(category) ?? CATEGORIES_WATCHED;
    for (let i = 0; i < watched.size; i += 1) this.streams[i]?.add(i === hit ? 1 : 0, atMs);
    this.streams[CATEGORIES_WATCHED]?.add(hit === CATEGORIES_WATCHED ? 1 : 0, atMs);
    const isNew = !this.known.has(category);
    this.unseen?.add(isNew ? 1 : 0, atMs);
    if (isNew && this.unseen?.isMonitoring === false && this.known.size < CATEGORIES_KNOWN) this.known.add(category);
  }

  snapshot(): SignalState {
    return {
      kind: 'categorical',
      streams: this.streams.map((stream) => stream.snapshot()),
      counter: this.counter,
      warm: [...this.warm],
      effectiveSampleSize: null,
      grid: null,
      quantiles: null,
      watched: [...(this.watched?.keys() ?? [])],
      known: [...this.known],
    };
  }
}

/** A loss of 0 to 1 by itself: failed calls, wrong answers, moved golden answers. */
export class LossSignal implements SignalMonitor {
  readonly streams: readonly ScoreStream[];
  readonly isWarmingUp = false;

  constructor(
    readonly subject: FindingSubject,
    model: string,
    budget: FalsePageBudget,
    binary: boolean,
    state?: SignalState,
  ) {
    this.streams = new Channels(
      subject,
      model,
      budget,
      [risk('risk', { binary, seasonal: false })],
      state?.streams,
    ).all;
  }

  add(value: FeatureValue, atMs: number): void {
    if (typeof value === 'number') this.streams[0]?.add(Math.min(1, Math.max(0, value)), atMs);
  }

  relearn(): void {
    for (const stream of this.streams) stream.relearn();
  }

  snapshot(): SignalState {
    return {
      kind: 'loss',
      streams: this.streams.map((stream) => stream.snapshot()),
      counter: 0,
      warm: [],
      effectiveSampleSize: null,
      grid: null,
      quantiles: null,
      watched: [],
      known: [],
    };
  }
}

/** A signal whose blocks still correlate after this many times the samples needed is watched all the same. */
const TOLERATED_AFTER = 10;

/** Streams that have learnt from enough samples watch from now on. */
export function startStreams({ streams }: SignalMonitor, leastSamples: number): void {
  for (const stream of streams) {
    if (stream.isMonitoring) continue;
    stream.startMonitoring(leastSamples, true);
    if (!stream.isMonitoring) stream.startMonitoring(TOLERATED_AFTER * leastSamples, false);
  }
}

/** The direction in which a change of this signal is harm; null when both are. */
export function harmOf(subject: NumericSubject): 'low' | 'high' | null {
  if (subject === 'confidence') return 'low';
  return subject === 'latency_seconds' || subject === 'error_size' ? 'high' : null;
}
