import { quotedNames } from '../../domain/quantity-text.js';
import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';

/** Features that moved nearly as far as the one that moved furthest are suspects with it. */
const NEARLY = 0.7;

/**
 * The inputs are other ones than in the baseline, with no simpler explanation.
 * Predicts: features are distributed differently while golden inputs keep their answers.
 */
export const inputDrift: CauseDefinition = {
  id: 'input-drift',
  leadIndicators: ['inputs-moved', 'many-inputs-moved'],
  hypotheses(symptoms) {
    const moved = symptoms.features.filter((entry) => entry.changed);
    if (moved.length === 0) return [];
    const largest = Math.max(...moved.map(({ distance }) => distance));
    const features = moved.filter(({ distance }) => distance >= NEARLY * largest).map(({ feature }) => feature);
    const shareExplained = shareOfDrop(symptoms, 'input mix');
    return [plain(`Input data drift in ${quotedNames(features)}`, { features, shareExplained })];
  },
};
