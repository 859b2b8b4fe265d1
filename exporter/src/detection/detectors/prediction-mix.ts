import { found, nothing, pairOf, type Detector } from '../detection-input.js';
import { categoricalShift } from './categorical-shift.js';
import { numericShift } from './numeric-shift.js';

/** The answers themselves have another mix (classes) or distribution (numbers) than in the baseline. */
export const predictionMix: Detector = {
  id: 'prediction-mix',
  detect(input) {
    const pair = pairOf(input, 'prediction');
    if (pair === null) return nothing;
    const finding =
      pair.kind === 'categorical'
        ? categoricalShift(input, 'prediction-mix', 'prediction', 'predictions', pair.before, pair.now)
        : numericShift(
            input,
            { detector: 'prediction-mix', key: 'prediction', name: 'The prediction', kindOf: () => 'data' },
            pair.before,
            pair.now,
          );
    return finding === null ? nothing : found(finding);
  },
};
