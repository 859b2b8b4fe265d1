import { counted } from '../../domain/quantity-text.js';
import { isZero, summariseNumeric } from '../../statistics/signal-counts.js';
import { numericSignal } from '../../statistics/window-profile.js';
import type { Observation } from '../../domain/observation.js';
import { blind, found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_SAMPLES = 10;
const Z_95 = 1.959963984540054;
const NEWEST = 20;
/** They are looked at anew with every call: a chance of 3 in 100,000 for each 20 that are new. */
const Z_NEWEST = 4;

/** The model is unsure of nearly everything: mean confidence, with its interval, lies below the line. */
export const lowConfidence: Detector = {
  id: 'low-confidence',
  detect(input) {
    const counts = numericSignal(input.window, 'confidence');
    const now = counts === null ? null : summariseNumeric(counts);
    if (counts === null || now === null) {
      const isEmpty = input.window.calls === 0;
      return blind('confidence', isEmpty ? 'no calls in the window yet' : 'the answers carry no confidence');
    }
    if (now.samples < FEWEST_SAMPLES)
      return blind('confidence', `only ${counted(now.samples, 'response')} with a confidence so far`);
    const earlier = input.baseline === null ? null : numericSignal(input.baseline.profile, 'confidence');
    const before = earlier === null ? null : (summariseNumeric(earlier)?.mean ?? null);
    // No model is sure to be wrong of whatever it is asked; one that was surer before has changed.
    if (isZero(counts) && (earlier === null || isZero(earlier)) && input.rows.every(({ confidence }) => !confidence))
      return blind(
        'confidence',
        'it is 0 in each response: a default and no doubt; say where the confidence is, if any',
      );
    const line = input.thresholds.lowConfidence;
    const whole = { ...now, z: Z_95, words: counted(now.samples, 'response') };
    const newest = newestOf(input.rows);
    const low = [whole, ...(newest === null ? [] : [newest])].find((one) => one.mean + marginOf(one) < line);
    if (low === undefined) return nothing;
    const margin = marginOf(low);
    return found({
      detector: 'low-confidence',
      subject: 'confidence',
      kind: 'quality',
      direction: 'down',
      statistic: { name: 'mean_confidence', value: low.mean },
      threshold: line,
      pValue: null,
      effect: {
        measure: 'confidence',
        value: low.mean - line,
        interval: { low: low.mean - margin - line, high: low.mean + margin - line, level: 0.95 },
      },
      statistics: [{ name: 'standard_deviation', value: low.standardDeviation }],
      before,
      now: low.mean,
      window: windowOf(input),
      baselineSamples: null,
      sentence: `Mean confidence is ${low.mean.toFixed(2)} over ${low.words}, below ${line.toFixed(2)}.`,
    });
  },
};

interface Level {
  readonly mean: number;
  readonly standardDeviation: number;
  readonly samples: number;
  /** Standard errors by which it must be below the line. */
  readonly z: number;
  readonly words: string;
}
const marginOf = ({ standardDeviation, samples, z }: Level): number => (z * standardDeviation) / Math.sqrt(samples);

/** The newest rows by themselves: a window that is mostly of before would hide a fall for hours. Null where they are too few. */
function newestOf(rows: readonly Observation[]): Level | null {
  const values = rows.flatMap(({ confidence }) => confidence ?? []).slice(-NEWEST);
  if (values.length < NEWEST) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / NEWEST;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardDeviation = Math.sqrt(squares / (NEWEST - 1));
  return { mean, standardDeviation, samples: NEWEST, z: Z_NEWEST, words: `the newest ${NEWEST} responses` };
}
