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
    return has(symptoms, 'unstable-answers') ? [plain('Unstable model: the same question gets different answers')] : [];
  },
};
