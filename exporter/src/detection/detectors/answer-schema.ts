import { found, nothing, windowOf, type Detector } from '../detection-input.js';

/** The answers' fields or their types changed: whoever parses them may be reading the wrong thing. */
export const answerSchema: Detector = {
  id: 'answer-schema',
  detect(input) {
    if (!input.golden.shapeChanged) return nothing;
    return found({
      detector: 'answer-schema',
      subject: 'golden',
      kind: 'model',
      direction: 'changed',
      statistic: { name: 'schema_changed', value: 1 },
      threshold: 1,
      pValue: null,
      effect: { measure: 'count', value: 1, interval: null },
      statistics: [],
      before: 0,
      now: 1,
      window: windowOf(input),
      baselineSamples: input.golden.compared,
      sentence: 'Responses to golden inputs have other fields than in the baseline.',
    });
  },
};
