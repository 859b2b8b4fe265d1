import type { Symptoms } from '../../domain/symptoms.js';
import { errorGrowth } from '../impact.js';
import { saidOf } from '../indicators/indicator.js';

/** One test this many standard errors from chance stands without a detector's word: about 1 in 1,000. */
const Z = 3;
/** A trend inside the window means something only where errors are more than before besides (one-sided 5 %). */
const Z_WITH_TREND = 1.64;

/** So few labels are no measure of an error. */
const FEWEST_LABELS = 30;

/**
 * Labels say that answers are wrong more often: by a detector, more than before, or more than before and ever more. Of
 * quantities they say that they miss by more.
 */
export function errorsRose(symptoms: Symptoms): boolean {
  const { accuracyBefore, accuracyNow, errorNow } = symptoms.labels;
  if ((errorNow?.count ?? 0) >= FEWEST_LABELS && (errorGrowth(symptoms.labels)?.low(Z) ?? 0) > 0) return true;
  if (saidOf(symptoms, 'accuracy-drop', 'accuracy') !== undefined) return true;
  if (accuracyBefore === null || accuracyNow === null) return false;
  const [before, now] = [accuracyBefore.share, accuracyNow.share];
  const error = Math.sqrt(before * (1 - before) * (1 / accuracyNow.of + 1 / accuracyBefore.of));
  const grows = (symptoms.differential.errorTrend ?? 0) > Z / Math.sqrt(accuracyNow.of);
  return before - now > (grows ? Z_WITH_TREND : Z) * error;
}
