import { counted, percent } from '../../domain/quantity-text.js';
import { isAnswerDrawn } from '../../domain/generation.js';
import { normalQuantile } from '../../statistics/special-functions.js';
import { blind, found, nothing, windowOf, type Detector } from '../detection-input.js';

const FLIP_SHARE = 0.25;
const FEWEST_ANSWERS = 6;

/** The same question gets different answers: the model, or what serves it, is not deterministic. */
export const unstableAnswers: Detector = {
  id: 'unstable-answers',
  detect(input) {
    const { golden, thresholds } = input;
    if (input.model.goldenInputs.some(({ payload }) => isAnswerDrawn(payload)))
      return blind(
        'stability',
        'the model draws its answers, for the payload leaves the temperature to it; add `"temperature": 0` to see whether it is steady',
      );
    const repeated = input.goldenNow
      .filter((known) => known.answers > 1)
      .reduce((sum, known) => sum + known.answers, 0);
    if (repeated < FEWEST_ANSWERS)
      return blind('stability', 'no golden input was answered often enough to see whether answers repeat');
    const spread = golden.confidenceSpread ?? 0;
    const flips = golden.answerFlipShare ?? 0;
    // What neither shows alone both together may: a coin that is sure of itself, asked a few times.
    if (spread / thresholds.answerSpread + flips / FLIP_SHARE < 1) return nothing;
    const degreesOfFreedom = Math.max(1, repeated - input.goldenNow.length);
    const half = (normalQuantile(0.975) * spread) / Math.sqrt(2 * degreesOfFreedom);
    return found({
      detector: 'unstable-answers',
      subject: 'golden',
      kind: 'model',
      direction: 'changed',
      statistic: { name: 'confidence_spread', value: spread },
      threshold: thresholds.answerSpread,
      pValue: null,
      effect: {
        measure: 'confidence',
        value: spread,
        interval: { low: spread - half, high: spread + half, level: 0.95 },
      },
      statistics: [{ name: 'answer_flip_share', value: flips }],
      before: null,
      now: spread,
      window: windowOf(input),
      baselineSamples: null,
      sentence: `For the same input, ${golden.confidenceSpread === null ? '' : `the model's confidence varies by ±${spread.toFixed(2)} and `}${percent(flips, 0)} of the predictions differ from one call to another (${counted(repeated, 'repeated call')}).`,
    });
  },
};
