import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import type { FindingSubject } from '../../domain/finding.js';
import type { FeatureValue } from '../../domain/observation.js';
import type { Grid, SignalKey } from '../../domain/profile.js';
import { seedOf } from './counter-random.js';
import type { EffectiveSampleSizeState } from './effective-sample-size.js';
import type { ReferenceQuantilesState } from './reference-quantiles.js';
import { ScoreStream } from './score-stream.js';
import type { ScoreStreamSettings, ScoreStreamState } from './score-stream-state.js';
import type { SeenRangeState } from './seen-range.js';

/** What a number can be of: a signal, the forest's score of a row, or the error of a numeric answer. */
export type NumericSubject = SignalKey | 'rows' | 'error_size';

/** How a signal's values become streams. One subject each. */
export interface SignalMonitor {
  readonly subject: FindingSubject;
  readonly streams: readonly ScoreStream[];
  /** @param clockMs as of `ScoreStream.add` */
  add(value: FeatureValue, atMs: number, clockMs?: number): void;
  /**
   * What was added until now is a training set, which has no pace and no order.
   * @param leastSamples that a stream learns from
   * @param isOfAllTimes it holds values of all times of day
   */
  endTrainingSet(leastSamples: number, isOfAllTimes: boolean): void;
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

/** A stream as it is wanted of any subject. */
type WantedStream = Omit<ScoreStreamSettings, 'seed' | 'tolerance'>;

/** The streams of one subject, in a fixed order, so that a snapshot finds them again. */
export function streamsOf(
  subject: string,
  model: string,
  budget: FalsePageBudget,
  wanted: readonly WantedStream[],
  states: readonly ScoreStreamState[] | undefined,
): readonly ScoreStream[] {
  const tolerance = budget.signalTolerance[subject] ?? budget.tolerance;
  return wanted.map(
    (settings, i) =>
      new ScoreStream(
        { ...settings, tolerance, seed: seedOf(`${model}\n${subject}\n${settings.statistic}\n${i}`) },
        budget,
        states?.[i],
      ),
  );
}

/** The first stream of a statistic; null where a subject has none. */
export const streamNamed = (streams: readonly ScoreStream[], statistic: string): ScoreStream | null =>
  streams.find(({ settings }) => settings.statistic === statistic) ?? null;

export const shift = (statistic: string, hypothesis: 'shift' | 'rise' = 'shift'): WantedStream => ({
  statistic,
  hypothesis,
  binary: false,
  seasonal: true,
});
export const risk = (statistic: string, options: { readonly binary: boolean; readonly seasonal: boolean }) =>
  ({ statistic, hypothesis: 'risk', ...options }) as const;

const MISSING = risk('missing', { binary: true, seasonal: false });
const INVALID = risk('invalid', { binary: true, seasonal: false });

/** A signal's own unusable values are a risk: missing ones, and of another type. In this order they are stored. */
export function unusable(subject: string): readonly WantedStream[] {
  if (subject.startsWith('feature:')) return [MISSING, INVALID];
  if (subject === 'prediction') return [INVALID, MISSING];
  return subject === 'confidence' ? [MISSING] : [];
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
