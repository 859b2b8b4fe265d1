import { INDICATOR_IDS, type IndicatorId } from '../../domain/indicator.js';
import type { Symptoms } from '../../domain/symptoms.js';
import {
  directionOf,
  isAnotherVersion,
  plain,
  shareOfDrop,
  writesOtherwise,
  type CauseDefinition,
} from './cause-definition.js';
import { changedFeatures, has, saidOf } from '../indicators/indicator.js';
import { hasCollapsed } from './prediction-collapse.js';

/** Golden inputs with another prediction, from which the model answers the same questions otherwise, not only some near its line. */
const MOSTLY = 0.5;
/** Two of the baseline's classes traded places by this much: the mix moved. */
const MIX_MOVED = 0.1;

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
    const changed = answersOtherwise(symptoms);
    const released = symptoms.changes.find(({ kind }) => kind === 'model-version' || kind === 'deployment');
    if (!changed && released?.kind !== 'model-version') return [];
    const title =
      released === undefined
        ? 'Model or its serving changed, without a declared release'
        : 'Model or its serving changed after a release';
    return [plain(title, { shareExplained: shareOfDrop(symptoms, 'model'), ignores: ignoredBy(symptoms, changed) })];
  },
};

/** Golden inputs are answered otherwise; without any, other predictions or another confidence are all there is to see. */
function answersOtherwise(symptoms: Symptoms): boolean {
  const { golden } = symptoms;
  if (golden.compared > 0) return has(symptoms, 'golden-answers') || golden.answersChanged > 0;
  return (
    writesOtherwise(symptoms) ||
    saidOf(symptoms, 'prediction-mix', 'prediction') !== undefined ||
    saidOf(symptoms, 'confidence-distribution', 'confidence') !== undefined
  );
}

/**
 * Where the facts leave little else (same inputs, other answers, and another version or golden inputs that turned), only what the
 * cause names is weighed: what is absent besides, from errors to labels, is absent from every change of a model.
 */
function ignoredBy(symptoms: Symptoms, changed: boolean): readonly IndicatorId[] {
  // Most texts end in one way, before and after.
  if (writesOtherwise(symptoms)) return ['constant-answers'];
  if (!changed || !isShown(symptoms)) return [];
  const unnamed = INDICATOR_IDS.filter((id) => directionOf(modelChanged, id) === 0);
  // Another mix is what another model may make: the weights know models that were swapped for equally good ones.
  const mixMoved =
    saidOf(symptoms, 'prediction-mix', 'prediction') !== undefined ||
    (symptoms.prediction.mixDistance ?? 0) > MIX_MOVED;
  return mixMoved ? [...unnamed, 'answer-mix-moved'] : unnamed;
}

function isShown(symptoms: Symptoms): boolean {
  const { golden } = symptoms;
  if (changedFeatures(symptoms).length > 0 || has(symptoms, 'unstable-answers')) return false;
  if (isAnotherVersion(symptoms)) return true;
  return golden.compared > 0 && golden.answersChanged > MOSTLY * golden.compared && !hasCollapsed(symptoms);
}
