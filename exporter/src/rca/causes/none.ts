import { plain, type CauseDefinition } from './cause-definition.js';

/** "Nothing is wrong" is a legal answer. */
export const none: CauseDefinition = {
  id: 'none',
  predicts: 'no finding that harms anybody',
  telling: ['anything-found'],
  hypotheses() {
    return [plain('No cause: nothing is wrong')];
  },
};
