import { quotedNames } from '../../domain/quantity-text.js';
import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';

/** Share of the largest distance from which another feature is a suspect with it. */
const MIN_SHARE_OF_LARGEST = 0.7;

/**
 * The inputs are other ones than in the baseline, with no simpler explanation: a feature behind whose change a transformation was
 * found has one.
 * Predicts: features are distributed differently while golden inputs keep their answers.
 */
export const inputDrift: CauseDefinition = {
  id: 'input-drift',
  leadIndicators: ['inputs-moved', 'many-inputs-moved'],
  expects: ['moved-most'],
  excludes: [
    'rescaled',
    'far-outside',
    'filled-with-default',
    'frozen',
    'columns-swapped',
    'renamed',
    'precision-lost',
    'values-missing',
    'unreadable-values',
    'unseen-categories',
    'one-mix-explains-all',
    'a-group-stopped-coming',
    'usual-at-this-hour',
    'golden-answers-changed',
  ],
  hypotheses(symptoms) {
    const changed = symptoms.features.filter((entry) => entry.changed && entry.hint === null);
    if (changed.length === 0) return [];
    const largest = Math.max(...changed.map(({ distance }) => distance));
    const features = changed
      .filter(({ distance }) => distance >= MIN_SHARE_OF_LARGEST * largest)
      .map(({ feature }) => feature);
    const shareExplained = shareOfDrop(symptoms, 'input mix');
    return [plain(`Input data drift in ${quotedNames(features)}`, { features, shareExplained })];
  },
};
