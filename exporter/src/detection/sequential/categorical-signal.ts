import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import type { FeatureValue } from '../../domain/observation.js';
import type { SignalKey } from '../../domain/profile.js';
import type { ScoreStream } from './score-stream.js';
import {
  risk,
  shift,
  streamNamed,
  streamsOf,
  unusable,
  type SignalMonitor,
  type SignalState,
} from './signal-monitor.js';

/** Samples that fix which categories are told apart and are not judged themselves. */
const WARM_UP_SAMPLES = 50;
const CATEGORIES_WATCHED = 10;
const CATEGORIES_KNOWN = 1_000;
const UNSEEN = risk('unseen', { binary: true, seasonal: false });

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
    this.streams = streamsOf(subject, model, budget, wanted, state?.streams);
    this.unseen = streamNamed(this.streams, 'unseen');
    this.missing = streamNamed(this.streams, 'missing');
    this.invalid = streamNamed(this.streams, 'invalid');
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

  endTrainingSet(leastSamples: number): void {
    for (const stream of this.streams) stream.endTrainingSet(leastSamples);
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
    if (isNew && this.unseen?.isLearning === true && this.known.size < CATEGORIES_KNOWN) this.known.add(category);
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
