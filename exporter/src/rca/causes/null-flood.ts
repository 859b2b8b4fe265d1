import { quotedNames } from '../../domain/quantity-text.js';
import type { FeatureEvidence } from '../../domain/symptoms.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { insteadText } from './came-instead.js';
import { isRetyped, lostValues } from '../indicators/indicator.js';

/** One feature says which type it now is, of several only that they are others. */
function retyped(lost: readonly FeatureEvidence[], names: string): string {
  const [only, ...others] = lost;
  const { to, from } = only?.hint?.transformation === 'type-change' ? only.hint.parameters : {};
  return to === undefined || others.length > 0
    ? `${names} of another type than before`
    : `Type of ${names} changed from ${String(from)} to ${String(to)}`;
}

/**
 * A feature has stopped arriving: not sent, null, or of another type, which a model cannot read either.
 * Predicts: the missing share of a feature jumps while its remaining values are as ever, or values arrive as another type.
 */
export const nullFlood: CauseDefinition = {
  id: 'null-flood',
  leadIndicators: ['values-missing', 'unreadable-values'],
  expects: ['nothing-else-moved', 'moved-most'],
  excludes: ['missing-in-the-same-rows'],
  hypotheses(symptoms) {
    const lost = symptoms.features.filter((entry) => lostValues(entry) || isRetyped(entry));
    if (lost.length === 0) return [];
    const features = lost.map(({ feature }) => feature);
    const areAbsent = lost.every(({ absentNow, missingNow }) => absentNow > missingNow / 2);
    const areRetyped = lost.every((entry) => !lostValues(entry));
    const names = quotedNames(features);
    const title = areRetyped
      ? retyped(lost, names)
      : areAbsent
        ? `${names} no longer sent${insteadText(lost, symptoms.features)}`
        : `Missing values flood ${names}`;
    return [plain(title, { features })];
  },
};
