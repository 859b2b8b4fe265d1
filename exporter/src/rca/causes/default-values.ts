import { plain, type CauseDefinition } from './cause-definition.js';

/** A default fills in for values that no longer arrive. */
export const defaultValues: CauseDefinition = {
  id: 'default-values',
  predicts: 'one value of a feature becomes far more frequent, the rest keeps its proportions',
  leadIndicators: ['filled-with-default'],
  hypotheses(evidence) {
    return evidence.features
      .filter(({ hint }) => hint?.transformation === 'default-value')
      .map(({ feature }) => plain(`A default fills in for \`${feature}\``, { features: [feature] }));
  },
};
