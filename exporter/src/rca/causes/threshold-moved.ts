import { plain, type CauseDefinition } from './cause-definition.js';
import { saidOf } from '../indicators/indicator.js';

/** Share of the unsure answers. */
const MIN_TURNED = 0.08;
/** Golden inputs turned beyond this share are not the unsure ones alone. */
const MAX_GOLDEN_TURNED = 0.5;

/**
 * The model scores as ever; the line between its answers was moved.
 * Predicts: unsure answers turn, sure ones and all confidences stay.
 */
export const thresholdMoved: CauseDefinition = {
  id: 'threshold-moved',
  leadIndicators: ['only-unsure-answers-turn', 'golden-answers-changed', 'answer-mix-moved'],
  expects: ['release-declared'],
  excludes: [
    'sure-answers-turn',
    'golden-mostly-turned',
    'golden-confidence-moved',
    'confidence-moved',
    'confidence-fell',
    'constant-answers',
    'inputs-moved',
  ],
  hypotheses(symptoms) {
    const { golden, differential, prediction } = symptoms;
    if (prediction.isQuantity) return [];
    const turned =
      golden.answersChanged > 0 ||
      (differential.answerBands?.unsure ?? 0) > MIN_TURNED ||
      saidOf(symptoms, 'prediction-mix', 'prediction') !== undefined;
    const onlyUnsure = golden.compared === 0 || golden.answersChanged / golden.compared <= MAX_GOLDEN_TURNED;
    return turned && onlyUnsure ? [plain('Decision threshold moved')] : [];
  },
};
