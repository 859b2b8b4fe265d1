import type { Symptoms } from '../../domain/symptoms.js';
import { saidOf } from '../indicators/indicator.js';
import { isAnotherVersion } from './cause-definition.js';
import { errorsRose } from './errors-rose.js';

/** Share of the labels that must be exchanged: a world that changes turns some of its outcomes, a pipeline all of them. */
const EXCHANGED_SHARE = 0.85;
/** Predictions follow the inputs as before, and not the other way round. */
const STILL_FOLLOWS = 0.5;

/**
 * Labels say that as many predictions are right as before, if only their classes change places; and the model says of the same
 * inputs what it said before, so that it is not its answers which have.
 */
export function areLabelsExchanged(symptoms: Symptoms): boolean {
  const { labels, differential } = symptoms;
  const [before, found] = [labels.accuracyBefore, differential.exchangedLabels];
  if (before === null || found === null || !errorsRose(symptoms) || isAnotherVersion(symptoms)) return false;
  if (saidOf(symptoms, 'prediction-mix', 'prediction') !== undefined) return false;
  const { classes, asTheyStand, exchanged, followsInputs } = found;
  if (followsInputs === null || followsInputs < STILL_FOLLOWS) return false;
  if (exchanged.interval.low <= asTheyStand.interval.high) return false;
  // Right by chance where classes are read as others although they are not.
  const unread = (1 - before.share) / (classes - 1);
  return before.share > unread && (exchanged.share - unread) / (before.share - unread) >= EXCHANGED_SHARE;
}
