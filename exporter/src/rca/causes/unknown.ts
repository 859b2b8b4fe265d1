import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * "I do not know" is a legal answer: something is wrong, and nothing on the list explains it.
 * Predicts: findings that fit no known cause.
 */
export const unknown: CauseDefinition = {
  id: 'unknown',
  leadIndicators: ['anything-found'],
  expects: [],
  excludes: [],
  hypotheses(symptoms) {
    return symptoms.findings.some(({ kind }) => kind !== 'note') ? [plain('No known cause explains the findings')] : [];
  },
};
