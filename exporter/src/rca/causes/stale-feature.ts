import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * A feature no longer changes: its source is stale or hard-coded.
 * Predicts: one single value where there used to be many.
 */
export const staleFeature: CauseDefinition = {
  id: 'stale-feature',
  leadIndicators: ['frozen'],
  expects: ['nothing-else-moved', 'moved-most'],
  excludes: ['rescaled'],
  hypotheses(symptoms) {
    return symptoms.features
      .filter(({ hint }) => hint?.transformation === 'frozen')
      .map(({ feature }) => plain(`Stale feature: “${feature}” no longer varies`, { features: [feature] }));
  },
};
