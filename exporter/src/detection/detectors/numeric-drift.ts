import { isAboutAnswers } from '../../domain/generation.js';
import type { RowsWaiting } from '../../domain/ingest.js';
import { counted } from '../../domain/quantity-text.js';
import { blind, featuresOf, pairOf, type Detector } from '../detection-input.js';
import { numericShift } from './numeric-shift.js';

/** A numeric feature is distributed differently than in the baseline. */
export const numericDrift: Detector = {
  id: 'numeric-drift',
  detect(input) {
    const features = featuresOf(input);
    if (features.length === 0) return blind('input drift', unknownBecause(input.intake?.waiting ?? null));
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

/** Why no feature is known: of the first rows nothing is read before those of other senders have had their time. */
function unknownBecause(waiting: RowsWaiting | null): string {
  if (waiting === null) return 'no features are known: log predictions with their features';
  const until = new Date(waiting.untilMs).toISOString().slice(11, 19);
  return `${counted(waiting.rows, 'row')} came and ${waiting.rows === 1 ? 'waits' : 'wait'} for older ones, until ${until} UTC if nothing more comes before; which features they have is known then`;
}
