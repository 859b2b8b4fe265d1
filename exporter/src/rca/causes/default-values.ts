import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * A default fills in for values that no longer arrive.
 * Predicts: one value of a feature becomes far more frequent, the rest keeps its proportions.
 */
export const defaultValues: CauseDefinition = {
  id: 'default-values',
  leadIndicators: ['filled-with-default'],
  expects: ['nothing-else-moved', 'moved-most'],
  excludes: ['frozen', 'rescaled'],
  hypotheses(symptoms) {
    return symptoms.features
      .filter(({ hint }) => hint?.transformation === 'default-value')
      .map(({ feature }) => plain(`A default fills in for “${feature}”`, { features: [feature] }));
  },
};
