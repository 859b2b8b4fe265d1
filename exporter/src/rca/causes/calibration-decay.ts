import { plain, shareOfDrop, writesOtherwise, type CauseDefinition } from './cause-definition.js';
import { has, saidOf } from '../indicators/indicator.js';

/**
 * The model says the same, with more or less confidence than it should.
 * Predicts: confidence moves for the same inputs while the predictions stay the same.
 */
export const calibrationDecay: CauseDefinition = {
  id: 'calibration-decay',
  leadIndicators: ['confidence-slides', 'golden-confidence-moved', 'calibration-worse', 'confidence-moved'],
  expects: ['confidence-fell'],
  excludes: ['golden-answers-changed', 'answer-mix-moved', 'accuracy-fell', 'inputs-moved'],
  hypotheses(symptoms) {
    const trend = has(symptoms, 'confidence-trend');
    const moved =
      symptoms.golden.confidencesMoved > 0 ||
      has(symptoms, 'calibration') ||
      (saidOf(symptoms, 'confidence-distribution', 'confidence') !== undefined && !writesOtherwise(symptoms));
    if (!trend && !moved) return [];
    const { golden, confidence } = symptoms;
    const shift =
      golden.confidenceShift ?? (confidence.now?.mean ?? 0) - (confidence.before?.mean ?? confidence.now?.mean ?? 0);
    const much = `${shift > 0.02 ? 'more' : 'less'} confidence`;
    const isSame = golden.compared > 0 && golden.answersChanged === 0;
    const title = trend
      ? 'Calibration decay: confidence keeps falling'
      : `Calibration decay: ${isSame ? 'the same predictions' : 'predictions'} with ${much}${isSame ? '' : ' than before'}`;
    return [plain(title, { shareExplained: shareOfDrop(symptoms, 'model') })];
  },
};
