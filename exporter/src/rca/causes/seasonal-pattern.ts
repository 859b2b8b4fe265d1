import { plain, type CauseDefinition } from './cause-definition.js';

/** Share of the inputs' change that is usual at these hours. */
const MIN_EXPLAINED = 0.4;

/** The usual pattern of the hour: no fault. Predicts: the inputs are as they were at the same hours before. */
export const seasonalPattern: CauseDefinition = {
  id: 'seasonal-pattern',
  leadIndicators: ['usual-at-this-hour'],
  expects: ['inputs-moved'],
  excludes: ['golden-answers-changed', 'values-missing', 'unseen-categories'],
  hypotheses(symptoms) {
    const usual = symptoms.differential.sameHour;
    return usual !== null && usual.explained >= MIN_EXPLAINED ? [plain('Usual for these hours of the day')] : [];
  },
};
