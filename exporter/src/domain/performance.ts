import type { Interval } from './estimate.js';
import type { Proportion } from './estimate.js';

/** Mean absolute error of labelled numeric answers, in the answer's unit. */
export interface MeanError {
  readonly mean: number;
  readonly interval: Interval;
  readonly count: number;
}

/** What labels have shown of the evaluated window so far; null before any has come. */
export interface RealisedPerformance {
  readonly accuracy: Proportion | null;
  readonly error: MeanError | null;
  /** Share of the answers they are of that have their label, 0–1; null without answers. */
  readonly labelledShare: number | null;
}

/**
 * How good the model's answers are, estimated without labels. An estimate sees what changed inputs do to them; it cannot
 * see that the world now answers the same inputs differently.
 */
export type PerformanceEstimate = { readonly realised: RealisedPerformance } & (
  | { readonly kind: 'unknown'; readonly reason: string }
  | {
      readonly kind: 'estimated';
      readonly measure: 'accuracy';
      /** Confidence-based estimate of accuracy in the window, and the band chance alone gives it. */
      readonly accuracy: number;
      readonly band: Interval;
      /** True when confidence was recalibrated because that lowered its calibration error. */
      readonly calibrated: boolean;
      /** Difference of confidences, as a second opinion. */
      readonly crossCheck: number;
      readonly baselineAccuracy: Proportion;
      readonly samples: number;
      readonly blindTo: string;
    }
  | {
      readonly kind: 'estimated';
      readonly measure: 'mean-absolute-error';
      readonly meanAbsoluteError: number;
      readonly band: Interval;
      readonly baselineError: MeanError;
      readonly samples: number;
      readonly blindTo: string;
    }
);

/** What a change is estimated to cost, in points of accuracy (positive: worse), if confidence stays as honest as it was. */
export interface PerformanceCost {
  readonly measure: 'accuracy';
  readonly value: number;
  readonly interval: Interval;
}
