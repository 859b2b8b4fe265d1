import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';
import { errorsRose } from './errors-rose.js';
import { areLabelsExchanged } from './labels-exchanged.js';

/**
 * The world changed: same inputs, same answers, but the answers are no longer right.
 * Predicts: accuracy falls everywhere while inputs and golden answers stay the same.
 */
export const conceptDrift: CauseDefinition = {
  id: 'concept-drift',
  leadIndicators: ['accuracy-fell', 'errors-grow'],
  expects: [],
  excludes: [
    'golden-answers-changed',
    'inputs-moved',
    'errors-in-one-group',
    'label-tells-from-input',
    'golden-confidence-moved',
  ],
  hypotheses(symptoms) {
    if (!errorsRose(symptoms) || areLabelsExchanged(symptoms)) return [];
    const shareExplained = shareOfDrop(symptoms, 'concept');
    return [plain('Concept drift: outcomes no longer follow what the model learnt', { shareExplained })];
  },
};
