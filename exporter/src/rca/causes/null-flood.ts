import { quotedNames } from '../../domain/quantity-text.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { lostValues } from '../indicators/indicator.js';

/** Rise of the unreadable share. */
const MIN_RISE = 0.05;

/**
 * A feature has stopped arriving: not sent, null or unreadable.
 * Predicts: the missing share of a feature jumps while its remaining values are as ever.
 */
export const nullFlood: CauseDefinition = {
  id: 'null-flood',
  leadIndicators: ['values-missing', 'unreadable-values'],
  hypotheses(symptoms) {
    const lost = symptoms.features.filter(
      (entry) => lostValues(entry) || entry.invalidNow - entry.invalidBefore >= MIN_RISE,
    );
    if (lost.length === 0) return [];
    const features = lost.map(({ feature }) => feature);
    const areAbsent = lost.every(({ absentNow, missingNow }) => absentNow > missingNow / 2);
    const areRetyped = lost.every((entry) => !lostValues(entry));
    const names = quotedNames(features);
    const title = areRetyped
      ? `${names} of another type than before`
      : areAbsent
        ? `${names} no longer sent`
        : `Missing values flood ${names}`;
    return [plain(title, { features })];
  },
};
