import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';

/** Shares of unseen and of missing values beyond which the values themselves are broken, not the mix of requests. */
const MAX_UNSEEN = 0.02;
const MAX_MISSING = 0.05;

/**
 * The same kinds of requests as before, in other proportions.
 * Predicts: a categorical feature changes its mix among known categories; each group is answered as before.
 */
export const trafficMixChange: CauseDefinition = {
  id: 'traffic-mix-change',
  leadIndicators: ['one-mix-explains-all', 'a-category-moved-most', 'event-declared'],
  expects: ['inputs-moved', 'many-inputs-moved'],
  excludes: [
    'renamed',
    'unseen-categories',
    'values-missing',
    'unreadable-values',
    'a-group-stopped-coming',
    'usual-at-this-hour',
    'golden-answers-changed',
  ],
  hypotheses(symptoms) {
    const mixed = symptoms.features.filter(
      ({ changed, kind, unseenShare, missingNow, missingBefore }) =>
        changed && kind === 'categorical' && unseenShare < MAX_UNSEEN && missingNow - missingBefore < MAX_MISSING,
    );
    const names = mixed.map(({ feature }) => feature);
    const explains = symptoms.differential.mixExplains?.feature;
    const feature = explains !== undefined && names.includes(explains) ? explains : names[0];
    if (feature === undefined) return [];
    return [
      plain(`Traffic mix changed in “${feature}”`, {
        features: [feature],
        shareExplained: shareOfDrop(symptoms, 'input mix'),
      }),
    ];
  },
};
