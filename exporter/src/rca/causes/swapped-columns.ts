import { plain, type CauseDefinition } from './cause-definition.js';
import { quoted } from '../indicators/indicator.js';

/** Two columns were swapped on the way. */
export const swappedColumns: CauseDefinition = {
  id: 'swapped-columns',
  predicts: 'two features are each distributed as the other one was',
  leadIndicators: ['columns-swapped'],
  hypotheses(evidence) {
    const features = evidence.differential.swappedPair?.features ?? [];
    return features.length === 0 ? [] : [plain(`Swapped columns: ${quoted(features)}`, { features })];
  },
};
