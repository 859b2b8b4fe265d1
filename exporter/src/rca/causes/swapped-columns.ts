import { plain, type CauseDefinition } from './cause-definition.js';
import { quoted } from '../indicators/indicator.js';

/** Two columns were swapped on the way. Predicts: two features are each distributed as the other one was. */
export const swappedColumns: CauseDefinition = {
  id: 'swapped-columns',
  leadIndicators: ['columns-swapped'],
  hypotheses(evidence) {
    const features = evidence.differential.swappedPair?.features ?? [];
    return features.length === 0 ? [] : [plain(`Swapped columns: ${quoted(features)}`, { features })];
  },
};
