import { isAboutAnswers } from '../../domain/generation.js';
import { counted } from '../../domain/quantity-text.js';
import { clockText } from '../../domain/time-text.js';
import { blind, featuresOf, pairOf, type DetectionInput, type Detector } from '../detection-input.js';
import { numericShift } from './numeric-shift.js';

const NO_BASELINE = 'no baseline is admitted yet';

/** A numeric feature is distributed differently than in the baseline. */
export const numericDrift: Detector = {
  id: 'numeric-drift',
  detect(input) {
    const features = featuresOf(input);
    if (features.length === 0) return blind('input drift', unknownBecause(input));
    if (input.baseline === null) return blind('input drift', NO_BASELINE);
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

/**
 * Why neither side has a feature: of the first rows nothing is read before those of other senders have had their time, and calls
 * that fail have none, whatever came before them.
 */
function unknownBecause({ intake, features, window, baseline }: DetectionInput): string {
  if (features.size > 0 && window.calls > 0)
    return baseline === null ? NO_BASELINE : 'the baseline has no features to compare with';
  const waiting = intake?.waiting ?? null;
  if (waiting === null) return 'no features are known: log predictions with their features';
  return `${counted(waiting.rows, 'row')} came and ${waiting.rows === 1 ? 'waits' : 'wait'} for older ones, until ${clockText(waiting.untilMs)} if nothing more comes before; which features they have is known then`;
}
