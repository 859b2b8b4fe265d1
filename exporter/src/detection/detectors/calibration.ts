import { percent } from '../../domain/quantity-text.js';
import { normalQuantile } from '../../statistics/special-functions.js';
import { calibrationStandardError, expectedCalibrationError } from '../../statistics/calibration.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_LABELS = 100;

/** Confidence says something else about being right than it did: the expected calibration error rose. */
export const calibration: Detector = {
  id: 'calibration',
  detect(input) {
    const before = input.baseline?.profile.labels;
    if (before === undefined || before.labelled < FEWEST_LABELS || input.window.labels.labelled < FEWEST_LABELS)
      return nothing;
    const errorBefore = expectedCalibrationError(before);
    const errorNow = expectedCalibrationError(input.window.labels);
    if (errorBefore === null || errorNow === null || errorNow - errorBefore < input.thresholds.calibrationError)
      return nothing;
    const rise = errorNow - errorBefore;
    const half =
      normalQuantile(0.975) *
      Math.hypot(calibrationStandardError(before), calibrationStandardError(input.window.labels));
    return found({
      detector: 'calibration',
      subject: 'confidence',
      kind: 'quality',
      direction: 'up',
      statistic: { name: 'expected_calibration_error', value: errorNow },
      threshold: errorBefore + input.thresholds.calibrationError,
      pValue: null,
      effect: {
        measure: 'share',
        value: rise,
        interval: { low: rise - half, high: rise + half, level: 0.95 },
      },
      statistics: [],
      before: errorBefore,
      now: errorNow,
      window: windowOf(input),
      baselineSamples: before.labelled,
      sentence: `Confidence misses how often answers are right by ${percent(errorNow)} on average, before by ${percent(errorBefore)}.`,
    });
  },
};
