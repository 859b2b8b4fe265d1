import { isAnotherVersion, plain, writesOtherwise, type CauseDefinition } from './cause-definition.js';
import type { Symptoms } from '../../domain/symptoms.js';
import { has } from '../indicators/indicator.js';
import { inputsWith } from '../prediction-share.js';

/** A window that still holds answers from before the change is a mixture. */
const MIN_TOP_SHARE = 0.85;
/** Of the answers that used to be others. */
const MAX_VANISHED = 0.6;
/** A baseline with a class this frequent has no other answers worth the name: nothing of it could vanish. */
const ONE_CLASS = 0.95;

/**
 * One prediction whatever the input, and the baseline's were not. Of another version that gives one of them more often, only that
 * it gives no other shows a collapse.
 */
export function hasCollapsed(symptoms: Symptoms): boolean {
  // The predictions of a language model are how its texts end, and most end in one way.
  if (writesOtherwise(symptoms)) return false;
  if (has(symptoms, 'constant-predictions')) return true;
  const { topShare, topShareBefore } = symptoms.prediction;
  if (topShareBefore === null || topShareBefore >= ONE_CLASS || isAnotherVersion(symptoms)) return false;
  return topShare >= MIN_TOP_SHARE && 1 - (1 - topShare) / (1 - topShareBefore) >= MAX_VANISHED;
}

/**
 * The model gives one answer whatever it is asked.
 * Predicts: nearly all answers are the same although the inputs differ, and in the baseline they were not.
 */
export const predictionCollapse: CauseDefinition = {
  id: 'prediction-collapse',
  leadIndicators: ['constant-answers'],
  expects: ['golden-answers-changed', 'golden-mostly-turned', 'answer-mix-moved'],
  excludes: ['sure-answers-turn'],
  hypotheses(symptoms) {
    return hasCollapsed(symptoms) ? [plain(`Prediction collapse: one prediction for ${inputsWith(symptoms)}`)] : [];
  },
};
