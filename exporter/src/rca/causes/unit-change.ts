import type { FeatureEvidence } from '../../domain/symptoms.js';
import { plain, type CauseDefinition } from './cause-definition.js';

const TRANSFORMATIONS: ReadonlySet<string> = new Set(['scale', 'offset', 'affine', 'log']);
/** Shift of the mean, in standard deviations of the baseline, that no population makes. */
const MIN_MEAN_SHIFT = 3;
/** Ratio of spreads, now ÷ before, outside of which the scale changed. */
const MIN_SPREAD_RATIO = 0.6;
const MAX_SPREAD_RATIO = 1.7;

/** Values that a population does not take, although no known transformation fits them. */
const isOutOfScale = ({ changed, kind, meanShift, spreadRatio }: FeatureEvidence): boolean =>
  changed &&
  kind === 'numeric' &&
  (Math.abs(meanShift ?? 0) >= MIN_MEAN_SHIFT ||
    (spreadRatio !== null && spreadRatio > 0 && (spreadRatio < MIN_SPREAD_RATIO || spreadRatio > MAX_SPREAD_RATIO)));

/**
 * A feature arrives in another unit or scale.
 * Predicts: one feature equals its old self times a constant (or shifted), the others are as ever.
 */
export const unitChange: CauseDefinition = {
  id: 'unit-change',
  leadIndicators: ['rescaled', 'far-outside', 'nothing-else-moved'],
  expects: ['other-spread', 'moved-most'],
  excludes: [
    'filled-with-default',
    'frozen',
    'columns-swapped',
    'precision-lost',
    'one-mix-explains-all',
    'golden-answers-changed',
  ],
  hypotheses(symptoms) {
    return symptoms.features
      .filter((entry) => (entry.hint === null ? isOutOfScale(entry) : TRANSFORMATIONS.has(entry.hint.transformation)))
      .map(({ feature }) => plain(`Unit or scale change in “${feature}”`, { features: [feature] }));
  },
};
