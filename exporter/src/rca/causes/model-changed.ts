import type { IndicatorId } from '../../domain/indicator.js';
import { plain, shareOfDrop, writesOtherwise, type CauseDefinition } from './cause-definition.js';
import { has, saidOf } from '../indicators/indicator.js';

/**
 * The same question is answered differently: another model, or another way of serving it.
 * Predicts: golden inputs get other answers and confidences than in the baseline, at once and to stay.
 */
export const modelChanged: CauseDefinition = {
  id: 'model-changed',
  leadIndicators: ['golden-answers-changed', 'golden-confidence-moved', 'release-declared'],
  expects: ['golden-mostly-turned', 'answer-mix-moved', 'sure-answers-turn', 'confidence-moved'],
  excludes: ['constant-answers', 'only-unsure-answers-turn', 'inputs-moved', 'golden-answers-scatter'],
  hypotheses(symptoms) {
    const { golden } = symptoms;
    const writes = writesOtherwise(symptoms);
    const turned =
      writes ||
      saidOf(symptoms, 'prediction-mix', 'prediction') !== undefined ||
      saidOf(symptoms, 'confidence-distribution', 'confidence') !== undefined;
    const changed = golden.compared === 0 ? turned : has(symptoms, 'golden-answers') || golden.answersChanged > 0;
    const released = symptoms.changes.find(({ kind }) => kind === 'model-version' || kind === 'deployment');
    if (!changed && released?.kind !== 'model-version') return [];
    const title =
      released === undefined
        ? 'Model or its serving changed, without a declared release'
        : 'Model or its serving changed after a release';
    // Most texts end in one way, before and after.
    const ignores: readonly IndicatorId[] = writes ? ['constant-answers'] : [];
    return [plain(title, { shareExplained: shareOfDrop(symptoms, 'model'), ignores })];
  },
};
