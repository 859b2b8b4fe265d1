import { plain, type CauseDefinition } from './cause-definition.js';

/**
 * A known category arrives under another name.
 * Predicts: a category vanishes and a new one comes with the same share.
 */
export const categoryRename: CauseDefinition = {
  id: 'category-rename',
  leadIndicators: ['renamed', 'unseen-categories'],
  expects: ['nothing-else-moved'],
  excludes: ['values-missing'],
  hypotheses(symptoms) {
    return symptoms.features
      .filter(({ hint }) => hint?.transformation === 'rename')
      .map(({ feature }) => plain(`Renamed categories in “${feature}”`, { features: [feature] }));
  },
};
