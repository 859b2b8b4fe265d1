import type { SignalKey } from '../../domain/profile.js';
import { featuresOf, type DetectionInput, type Detector } from '../detection-input.js';
import { shareRise } from './share-rise.js';

const OF_ANSWERS = ['prediction', 'confidence'] as const;
const OF_INPUTS = ['missing', 'absent'] as const;

/**
 * A feature is null, or not sent at all, far more often than in the baseline; the two are told apart. Or answers lack the
 * prediction, or the confidence, that they had.
 */
export const missingValues: Detector = {
  id: 'missing-values',
  detect(input) {
    const inputs = featuresOf(input).flatMap((feature) => riseOf(input, `feature:${feature}`, OF_INPUTS));
    const answers = OF_ANSWERS.flatMap((part) => riseOf(input, part, ['missing']));
    return { findings: [...answers, ...inputs], blindSpots: [] };
  },
};

function riseOf(input: DetectionInput, key: SignalKey, parts: readonly ('missing' | 'absent')[]) {
  const before = input.baseline?.profile.signals.get(key);
  const now = input.window.signals.get(key);
  if (before === undefined || now === undefined) return [];
  return parts.flatMap((part) => shareRise(input, 'missing-values', key, part, before, now) ?? []).slice(0, 1);
}
