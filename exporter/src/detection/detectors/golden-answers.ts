import { signed } from '../../domain/quantity-text.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { blind, found, nothing, windowOf, type Detector } from '../detection-input.js';

/** Same questions, different answers than in the baseline: the model or its serving changed. */
export const goldenAnswers: Detector = {
  id: 'golden-answers',
  detect(input) {
    const { golden, thresholds } = input;
    if (input.baseline === null) return nothing;
    if (golden.compared === 0)
      return blind('golden inputs', 'no golden input was answered both in the baseline and now');
    const share = golden.changed / golden.compared;
    if (golden.changed === 0 || share < thresholds.goldenChangedShare) return nothing;
    const moved =
      golden.confidenceShift === null ? '' : `; their confidence moved by ${signed(golden.confidenceShift)} on average`;
    return found({
      detector: 'golden-answers',
      subject: 'golden',
      kind: 'model',
      direction: 'changed',
      statistic: { name: 'changed_share', value: share },
      threshold: thresholds.goldenChangedShare,
      pValue: null,
      effect: { measure: 'share', value: share, interval: proportion(golden.changed, golden.compared).interval },
      statistics: [{ name: 'answers_changed', value: golden.answersChanged }],
      before: 0,
      now: share,
      window: windowOf(input),
      baselineSamples: golden.compared,
      sentence: `${golden.changed} of ${golden.compared} golden inputs get another response than before (${golden.answersChanged} with another prediction)${moved}.`,
    });
  },
};
