import { plain, type CauseDefinition } from './cause-definition.js';
import { has } from '../indicators/indicator.js';

/** A baseline, or a beginning of the window, this much surer shows that it has not always been like this: something changed. */
const MIN_CONFIDENCE_FALL = 0.1;

/**
 * The model is unsure of everything it is asked, and always was as far as can be seen.
 * Predicts: low confidence on all inputs alike, golden ones included, without a change in time.
 */
export const underconfidentModel: CauseDefinition = {
  id: 'underconfident-model',
  leadIndicators: ['low-confidence'],
  expects: [],
  excludes: ['has-baseline', 'confidence-slides'],
  hypotheses(symptoms) {
    const { before, now, firstQuarterMean, lastQuarterMean } = symptoms.confidence;
    const wasSurer = before !== null && now !== null && before.mean - now.mean > MIN_CONFIDENCE_FALL;
    const falls = (firstQuarterMean ?? 0) - (lastQuarterMean ?? 0) > MIN_CONFIDENCE_FALL;
    return has(symptoms, 'low-confidence') && !wasSurer && !(falls && has(symptoms, 'confidence-trend'))
      ? [plain('Underconfident model: unsure of nearly every answer')]
      : [];
  },
};
