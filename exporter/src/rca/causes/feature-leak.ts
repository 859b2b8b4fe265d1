import { plain, type CauseDefinition } from './cause-definition.js';

/** Rise of |2·AUC − 1|. */
const LEAST_RISE = 0.15;

/** A feature carries the answer it should help to predict. */
export const featureLeak: CauseDefinition = {
  id: 'feature-leak',
  predicts: 'the association of a feature with the label jumps',
  telling: ['label-tells-from-input'],
  hypotheses(evidence) {
    const found = evidence.contrast.labelAssociation;
    if (found === null || found.now - found.before < LEAST_RISE) return [];
    return [plain(`The label leaks into \`${found.feature}\``, { features: [found.feature] })];
  },
};
