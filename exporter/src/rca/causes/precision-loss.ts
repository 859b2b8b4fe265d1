import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * A feature arrives rounded, truncated or cut off.
 * Predicts: fewer distinct values, or a pile at the top of the range.
 */
export const precisionLoss: CauseDefinition = {
  id: 'precision-loss',
  leadIndicators: ['precision-lost'],
  expects: ['nothing-else-moved'],
  excludes: ['rescaled', 'filled-with-default', 'columns-swapped', 'far-outside'],
  hypotheses(symptoms) {
    const feature = symptoms.differential.precisionLoss?.feature;
    return feature === undefined ? [] : [plain(`Truncated or rounded values in “${feature}”`, { features: [feature] })];
  },
};
