import { counted } from '../../domain/quantity-text.js';
import { summariseNumeric } from '../../statistics/signal-counts.js';
import { numericSignal } from '../../statistics/window-profile.js';
import { blind, found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_SAMPLES = 10;
const Z_95 = 1.959963984540054;

/** The model is unsure of nearly everything: mean confidence, with its interval, lies below the line. */
export const lowConfidence: Detector = {
  id: 'low-confidence',
  detect(input) {
    const counts = numericSignal(input.window, 'confidence');
    const now = counts === null ? null : summariseNumeric(counts);
    if (now === null) {
      const isEmpty = input.window.calls === 0;
      return blind('confidence', isEmpty ? 'no calls in the window yet' : 'the answers carry no confidence');
    }
    if (now.samples < FEWEST_SAMPLES)
      return blind('confidence', `only ${counted(now.samples, 'response')} with a confidence so far`);
    const margin = (Z_95 * now.standardDeviation) / Math.sqrt(now.samples);
    const line = input.thresholds.lowConfidence;
    if (now.mean + margin >= line) return nothing;
    const earlier = input.baseline === null ? null : numericSignal(input.baseline.profile, 'confidence');
    const before = earlier === null ? null : (summariseNumeric(earlier)?.mean ?? null);
    return found({
      detector: 'low-confidence',
      subject: 'confidence',
      kind: 'quality',
      direction: 'down',
      statistic: { name: 'mean_confidence', value: now.mean },
      threshold: line,
      pValue: null,
      effect: {
        measure: 'confidence',
        value: now.mean - line,
        interval: { low: now.mean - margin - line, high: now.mean + margin - line, level: 0.95 },
      },
      statistics: [{ name: 'standard_deviation', value: now.standardDeviation }],
      before,
      now: now.mean,
      window: windowOf(input),
      baselineSamples: null,
      sentence: `Mean confidence is ${now.mean.toFixed(2)} over ${counted(now.samples, 'response')}, below ${line.toFixed(2)}.`,
    });
  },
};
