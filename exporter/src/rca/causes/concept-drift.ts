import { plain, type CauseDefinition } from './cause-definition.js';
import { saidOf } from '../signs/sign.js';

/** The world changed: same inputs, same answers, but the answers are no longer right. */
export const conceptDrift: CauseDefinition = {
  id: 'concept-drift',
  predicts: 'accuracy falls everywhere while inputs and golden answers stay the same',
  telling: ['accuracy-fell', 'errors-grow'],
  hypotheses(evidence) {
    const { accuracyBefore, accuracyNow } = evidence.labels;
    const fell = (accuracyNow?.interval.high ?? 1) < (accuracyBefore?.share ?? 0);
    return fell || saidOf(evidence, 'accuracy-drop', 'accuracy') !== undefined
      ? [plain('Concept drift: the world no longer answers as the model learnt')]
      : [];
  },
};
