import { wholePercent } from '../../domain/quantity-text.js';
import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';
import { conceptDrift } from './concept-drift.js';
import { areLabelsExchanged } from './labels-exchanged.js';

/**
 * Labels are written the other way round, or for other classes.
 * Predicts: what concept drift does, and predictions that agree with the exchanged labels as often as they did with the old ones.
 */
export const labelsWrong: CauseDefinition = {
  ...conceptDrift,
  id: 'labels-wrong',
  hypotheses(symptoms) {
    const found = symptoms.differential.exchangedLabels;
    if (found === null || !areLabelsExchanged(symptoms)) return [];
    const { classes, exchanged } = found;
    const how = classes === 2 ? 'inverted: read the other way round' : 'exchanged: read as those of other classes';
    const title = `Labels look ${how}, ${wholePercent(exchanged.share)} of the newest ${exchanged.of} agree with the predictions`;
    return [plain(title, { shareExplained: shareOfDrop(symptoms, 'concept'), weighedAs: 'concept-drift' })];
  },
};
