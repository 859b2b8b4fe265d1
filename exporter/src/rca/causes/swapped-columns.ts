import { quotedNames } from '../../domain/quantity-text.js';
import { plain, type CauseDefinition } from './cause-definition.js';

/** Two columns were swapped on the way. Predicts: two features are each distributed as the other one was. */
export const swappedColumns: CauseDefinition = {
  id: 'swapped-columns',
  leadIndicators: ['columns-swapped'],
  expects: ['moved-most'],
  excludes: ['rescaled'],
  hypotheses(symptoms) {
    const features = symptoms.differential.swappedPair?.features ?? [];
    return features.length === 0 ? [] : [plain(`Swapped columns: ${quotedNames(features)}`, { features })];
  },
};
