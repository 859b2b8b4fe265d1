import { isIdentifierLike } from '../../statistics/signal-counts.js';
import { featuresOf, pairOf, type Detector } from '../detection-input.js';
import { categoricalShift } from './categorical-shift.js';
import type { BlindSpot, Finding } from '../../domain/finding.js';

/** A categorical feature has another mix than in the baseline. Columns that name rows are left out and said so. */
export const categoricalDrift: Detector = {
  id: 'categorical-drift',
  detect(input) {
    const findings: Finding[] = [];
    const blindSpots: BlindSpot[] = [];
    for (const feature of featuresOf(input)) {
      const pair = pairOf(input, `feature:${feature}`);
      if (pair?.kind !== 'categorical') continue;
      if (isIdentifierLike(pair.before)) {
        blindSpots.push({
          check: `drift of “${feature}”`,
          reason: 'it has nearly as many categories as rows, like an identifier',
        });
        continue;
      }
      const finding = categoricalShift(
        input,
        'categorical-drift',
        `feature:${feature}`,
        `“${feature}”`,
        pair.before,
        pair.now,
      );
      if (finding !== null) findings.push(finding);
    }
    return { findings, blindSpots };
  },
};
