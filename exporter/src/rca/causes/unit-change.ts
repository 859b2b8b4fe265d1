import { plain, type CauseDefinition } from './cause-definition.js';

/** A feature arrives in another unit or scale. */
export const unitChange: CauseDefinition = {
  id: 'unit-change',
  predicts: 'one feature equals its old self times a constant (or shifted), the others are as ever',
  telling: ['rescaled', 'far-outside', 'nothing-else-moved'],
  hypotheses(evidence) {
    return evidence.features
      .filter(({ hint }) => hint !== null && ['scale', 'offset', 'affine', 'log'].includes(hint.transformation))
      .map(({ feature }) => plain(`Unit or scale change in \`${feature}\``, { features: [feature] }));
  },
};
