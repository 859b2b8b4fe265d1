import type { Symptoms } from '../../domain/symptoms.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { has } from '../indicators/indicator.js';

/**
 * The model answers the same question differently each time.
 * Predicts: repeated questions get scattered answers, with or without a baseline.
 */
export const unstableModel: CauseDefinition = {
  id: 'unstable-model',
  leadIndicators: ['golden-answers-scatter'],
  expects: [],
  excludes: ['constant-answers'],
  hypotheses(symptoms) {
    return has(symptoms, 'unstable-answers') ? [plain(titleOf(symptoms))] : [];
  },
};

function titleOf(symptoms: Symptoms): string {
  const isUnsure = has(symptoms, 'low-confidence');
  if (arePredictionsSteady(symptoms))
    return `Unstable ${isUnsure ? 'and low ' : ''}confidence: the same question gets the same prediction, with another confidence each time`;
  return `Unstable model${isUnsure ? ' with low confidence' : ''}: the same question gets different answers`;
}

/** Only how sure the model is changes from call to call. */
export const arePredictionsSteady = ({ golden: { answerFlipShare } }: Symptoms): boolean => answerFlipShare === 0;
