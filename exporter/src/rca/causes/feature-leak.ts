import { plain, type CauseDefinition } from './cause-definition.js';
import { areLabelsExchanged } from './labels-exchanged.js';

/** Rise of |2·AUC − 1|. */
const MIN_RISE = 0.15;

/**
 * A feature carries the answer it should help to predict.
 * Predicts: the association of a feature with the label jumps.
 */
export const featureLeak: CauseDefinition = {
  id: 'feature-leak',
  leadIndicators: ['label-tells-from-input'],
  expects: ['moved-most', 'accuracy-fell'],
  excludes: ['golden-answers-changed'],
  hypotheses(symptoms) {
    const found = symptoms.differential.labelAssociation;
    // Labels that are the predictions the other way round follow the inputs as closely as these do.
    if (found === null || found.now - found.before < MIN_RISE || areLabelsExchanged(symptoms)) return [];
    return [plain(`The label leaks into “${found.feature}”`, { features: [found.feature] })];
  },
};
