import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';
import { saidOf } from '../signs/sign.js';

/** Spearman correlation of being wrong with time. */
const LEAST_TREND = 0.15;

/** The world changed: same inputs, same answers, but the answers are no longer right. */
export const conceptDrift: CauseDefinition = {
  id: 'concept-drift',
  predicts: 'accuracy falls everywhere while inputs and golden answers stay the same',
  telling: ['accuracy-fell', 'errors-grow'],
  hypotheses(evidence) {
    const { accuracyBefore, accuracyNow } = evidence.labels;
    const fell = (accuracyNow?.interval.high ?? 1) < (accuracyBefore?.share ?? 0);
    const grows = (evidence.contrast.errorTrend ?? 0) >= LEAST_TREND;
    return fell || grows || saidOf(evidence, 'accuracy-drop', 'accuracy') !== undefined
      ? [
          plain('Concept drift: the world no longer answers as the model learnt', {
            shareExplained: shareOfDrop(evidence, 'concept'),
          }),
        ]
      : [];
  },
};
