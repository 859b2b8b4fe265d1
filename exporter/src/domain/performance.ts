import type { Proportion } from './evidence.js';
import type { Interval } from './finding.js';

/**
 * How often the model is right, estimated without labels. An estimate sees what changed inputs do to accuracy through the
 * model's own confidence; it cannot see that the world now answers the same inputs differently.
 */
export type PerformanceEstimate =
  | { readonly kind: 'unknown'; readonly reason: string; readonly realised: Proportion | null }
  | {
      readonly kind: 'estimated';
      /** Confidence-based estimate of accuracy in the window, and the band chance alone gives it. */
      readonly accuracy: number;
      readonly band: Interval;
      /** True when confidence was recalibrated because that lowered its calibration error. */
      readonly calibrated: boolean;
      /** Difference of confidences, as a second opinion. */
      readonly crossCheck: number;
      readonly baselineAccuracy: Proportion;
      /** Accuracy of the answers whose labels have arrived; null before any has. */
      readonly realised: Proportion | null;
      readonly samples: number;
      readonly blindTo: string;
    };
