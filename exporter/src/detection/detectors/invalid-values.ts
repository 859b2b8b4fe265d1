import { featuresOf, type Detector } from '../detection-input.js';
import { shareRise } from './share-rise.js';

/** A feature is NaN, infinite or of another type far more often than in the baseline. */
export const invalidValues: Detector = {
  id: 'invalid-values',
  detect(input) {
    const findings = featuresOf(input).flatMap((feature) => {
      const before = input.baseline?.profile.signals.get(`feature:${feature}`);
      const now = input.window.signals.get(`feature:${feature}`);
      if (before === undefined || now === undefined) return [];
      const finding = shareRise(input, 'invalid-values', `feature:${feature}`, 'invalid', before, now);
      return finding === null ? [] : [finding];
    });
    return { findings, blindSpots: [] };
  },
};
