import { featuresOf, type Detector } from '../detection-input.js';
import { shareRise } from './share-rise.js';

/** A feature is null, or not sent at all, far more often than in the baseline. The two are told apart. */
export const missingValues: Detector = {
  id: 'missing-values',
  detect(input) {
    const findings = featuresOf(input).flatMap((feature) => {
      const before = input.baseline?.profile.signals.get(`feature:${feature}`);
      const now = input.window.signals.get(`feature:${feature}`);
      if (before === undefined || now === undefined) return [];
      const rises = (['missing', 'absent'] as const).flatMap(
        (part) => shareRise(input, 'missing-values', `feature:${feature}`, part, before, now) ?? [],
      );
      return rises.slice(0, 1);
    });
    return { findings, blindSpots: [] };
  },
};
