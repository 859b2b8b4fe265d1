import { plain, writesOtherwise, type CauseDefinition } from './cause-definition.js';
import { has } from '../indicators/indicator.js';
import { inputsWith } from '../prediction-share.js';

/** A window that still holds answers from before the change is a mixture. */
const MIN_TOP_SHARE = 0.85;
/** Of the answers that used to be others. */
const MAX_VANISHED = 0.6;

/**
 * The model gives one answer whatever it is asked.
 * Predicts: nearly all answers are the same although the inputs differ.
 */
export const predictionCollapse: CauseDefinition = {
  id: 'prediction-collapse',
  leadIndicators: ['constant-answers'],
  expects: ['golden-answers-changed', 'golden-mostly-turned', 'answer-mix-moved'],
  excludes: ['sure-answers-turn'],
  hypotheses(symptoms) {
    // The predictions of a language model are how its texts end, and most end in one way.
    if (writesOtherwise(symptoms)) return [];
    const { topShare, topShareBefore } = symptoms.prediction;
    const vanished = topShareBefore === null ? 0 : 1 - (1 - topShare) / Math.max(0.01, 1 - topShareBefore);
    const rose = topShare >= MIN_TOP_SHARE && vanished >= MAX_VANISHED;
    return has(symptoms, 'constant-predictions') || rose
      ? [plain(`Prediction collapse: one prediction for ${inputsWith(symptoms)}`)]
      : [];
  },
};
