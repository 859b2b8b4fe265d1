import { plain, type CauseDefinition } from './cause-definition.js';
import { areLabelsExchanged } from './labels-exchanged.js';

/**
 * For one group the world no longer answers as the model learnt.
 * Predicts: errors rise in one group only, while inputs and golden answers stay the same.
 */
export const segmentConceptDrift: CauseDefinition = {
  id: 'segment-concept-drift',
  leadIndicators: ['errors-in-one-group', 'accuracy-fell'],
  expects: ['most-errors-in-one-group'],
  excludes: ['golden-answers-changed', 'inputs-moved'],
  hypotheses(symptoms) {
    const group = symptoms.differential.errorsBySegment;
    if (group === null || areLabelsExchanged(symptoms)) return [];
    return [
      plain(`Concept drift in ${group.predicate}`, {
        features: group.features,
        segments: [group.predicate],
        shareExplained: group.contribution,
      }),
    ];
  },
};
