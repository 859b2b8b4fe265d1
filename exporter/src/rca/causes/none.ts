import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * "Nothing is wrong" is a legal answer, until a check finds something: from then on the legal answer is "I do not know".
 * Predicts: no finding that harms anybody.
 */
export const none: CauseDefinition = {
  id: 'none',
  leadIndicators: [],
  expects: [],
  excludes: ['anything-found'],
  hypotheses(symptoms) {
    return symptoms.findings.every(({ kind }) => kind === 'note') ? [plain('No cause: nothing is wrong')] : [];
  },
};
