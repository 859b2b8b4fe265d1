import { plain, type CauseDefinition } from './cause-definition.js';

/** "I do not know" is a legal answer: something is wrong, and nothing on the list explains it. */
export const unknown: CauseDefinition = {
  id: 'unknown',
  predicts: 'findings that fit no known cause',
  leadIndicators: ['anything-found'],
  hypotheses(evidence) {
    return evidence.findings.some(({ kind }) => kind !== 'note') ? [plain('No known cause explains the findings')] : [];
  },
};
