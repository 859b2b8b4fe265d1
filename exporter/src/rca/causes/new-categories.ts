import { plain, type CauseDefinition } from './cause-definition.js';

/** Share of rows, as in the detector of unseen categories. */
const MIN_UNSEEN = 0.02;

/**
 * A categorical feature has values the model never learnt.
 * Predicts: unseen categories appear, in many names or few, taking share from all known ones.
 */
export const newCategories: CauseDefinition = {
  id: 'new-categories',
  leadIndicators: ['unseen-categories'],
  expects: ['nothing-else-moved', 'moved-most'],
  excludes: ['renamed', 'values-missing'],
  hypotheses(symptoms) {
    return symptoms.features
      .filter(({ changed, unseenShare }) => changed && unseenShare >= MIN_UNSEEN)
      .map(({ feature }) => plain(`New categories in “${feature}”`, { features: [feature] }));
  },
};
