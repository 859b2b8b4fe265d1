import { isAboutAnswers } from '../../domain/generation.js';
import { blind, featuresOf, pairOf, type Detector } from '../detection-input.js';
import { numericShift } from './numeric-shift.js';

/** A numeric feature is distributed differently than in the baseline. */
export const numericDrift: Detector = {
  id: 'numeric-drift',
  detect(input) {
    const features = featuresOf(input);
    if (features.length === 0)
      return blind('input drift', 'no features are known: log predictions with their features');
    if (input.baseline === null) return blind('input drift', 'no baseline is admitted yet');
    const findings = features.flatMap((feature) => {
      const pair = pairOf(input, `feature:${feature}`);
      if (pair?.kind !== 'numeric') return [];
      const finding = numericShift(
        input,
        {
          detector: 'numeric-drift',
          key: `feature:${feature}`,
          name: `“${feature}”`,
          kindOf: () => (isAboutAnswers(`feature:${feature}`) ? 'model' : 'data'),
        },
        pair.before,
        pair.now,
      );
      return finding === null ? [] : [finding];
    });
    return { findings, blindSpots: [] };
  },
};
