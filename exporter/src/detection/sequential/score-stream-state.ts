import type { CalibrationState } from './block-length.js';
import type { ConformalState } from './conformal-e-detector.js';
import type { RiskState } from './risk-e-detector.js';
import type { SampleIntervalState } from './sample-interval.js';
import type { SeasonState } from './season.js';

/** One number in [0, 1] per sample, and what is claimed about it. */
export interface ScoreStreamSettings {
  /** Named in explanations: `level`, `spread`, `mix`, `missing` … */
  readonly statistic: string;
  /** `shift`: is it exchangeable with the past? · `risk`: is its mean no higher than the baseline allows? */
  readonly hypothesis: 'shift' | 'rise' | 'risk';
  readonly binary: boolean;
  /** Follows the clock, so a daily or weekly pattern is looked for. */
  readonly seasonal: boolean;
  readonly tolerance: number;
  readonly seed: number;
}

export interface ScoreStreamState {
  readonly season: SeasonState;
  readonly calibration: CalibrationState | null;
  readonly stationarity: ConformalState | null;
  readonly clock: SampleIntervalState;
  /** Time that a training set took, while the pace of live samples is not known yet. */
  readonly givenMs?: number | undefined;
  readonly sampleMs: number;
  /** How fast samples came of late, and when the last block was; absent before the first. */
  readonly recent?: { readonly sampleMs: number; readonly clockMs: number } | undefined;
  readonly learntUnsteadiness: number;
  readonly sum: number;
  readonly filled: number;
  readonly startedAtMs: number;
  readonly detector:
    | { readonly kind: 'shift'; readonly levels: readonly number[]; readonly states: readonly ConformalState[] }
    | {
        readonly kind: 'risk';
        readonly level: number;
        readonly bound: number;
        readonly variance: number | null;
        readonly state: RiskState;
      }
    | { readonly kind: 'untestable' }
    | null;
}

/** What a stream says of itself. */
export interface ScoreStreamReading {
  readonly statistic: string;
  /** In ticks. */
  readonly value: number;
  readonly logRatio: number;
  readonly changeAtMs: number;
  readonly direction: 'up' | 'down';
  readonly blockSamples: number;
}
