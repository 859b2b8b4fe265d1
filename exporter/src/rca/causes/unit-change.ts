import type { FeatureEvidence } from '../../domain/symptoms.js';
import { plain, type CauseDefinition } from './cause-definition.js';

const TRANSFORMATIONS: ReadonlySet<string> = new Set(['scale', 'offset', 'affine', 'log']);
const FAR = 3;
const [NARROW, WIDE] = [0.6, 1.7];

/** Values that a population does not take, although no known transformation fits them. */
const isOutOfScale = ({ changed, kind, meanShift, spreadRatio }: FeatureEvidence): boolean =>
  changed &&
  kind === 'numeric' &&
  (Math.abs(meanShift ?? 0) >= FAR ||
    (spreadRatio !== null && spreadRatio > 0 && (spreadRatio < NARROW || spreadRatio > WIDE)));

/**
 * A feature arrives in another unit or scale.
 * Predicts: one feature equals its old self times a constant (or shifted), the others are as ever.
 */
export const unitChange: CauseDefinition = {
  id: 'unit-change',
  leadIndicators: ['rescaled', 'far-outside', 'nothing-else-moved'],
  hypotheses(symptoms) {
    return symptoms.features
      .filter((entry) => (entry.hint === null ? isOutOfScale(entry) : TRANSFORMATIONS.has(entry.hint.transformation)))
      .map(({ feature }) => plain(`Unit or scale change in \`${feature}\``, { features: [feature] }));
  },
};
