import { plain, type CauseDefinition } from './cause-definition.js';
import { has } from '../signs/sign.js';

/** A window that still holds answers from before the change is a mixture. */
const NEARLY_ALL = 0.85;
const LEAST_RISE = 0.2;

/** The model gives one answer whatever it is asked. */
export const predictionCollapse: CauseDefinition = {
  id: 'prediction-collapse',
  predicts: 'nearly all answers are the same although the inputs differ',
  telling: ['constant-answers'],
  hypotheses(evidence) {
    const { topShare, topShareBefore } = evidence.prediction;
    const rose = topShareBefore !== null && topShare >= NEARLY_ALL && topShare - topShareBefore >= LEAST_RISE;
    return has(evidence, 'constant-predictions') || rose
      ? [plain('Prediction collapse: one answer for every input')]
      : [];
  },
};
