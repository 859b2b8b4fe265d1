import { plain, type CauseDefinition } from './cause-definition.js';
import { has } from '../signs/sign.js';

/** The model is unsure of everything it is asked, and always was as far as can be seen. */
export const underconfidentModel: CauseDefinition = {
  id: 'underconfident-model',
  predicts: 'low confidence on all inputs alike, golden ones included, without a change in time',
  telling: ['low-confidence', 'has-baseline'],
  hypotheses(evidence) {
    return has(evidence, 'low-confidence') ? [plain('Underconfident model: unsure of nearly every answer')] : [];
  },
};
