import { wholePercent } from '../../domain/quantity-text.js';
import { plain, shareOfDrop, type CauseDefinition } from './cause-definition.js';
import { conceptDrift } from './concept-drift.js';
import { areLabelsExchanged } from './labels-exchanged.js';

/**
 * Labels are written the other way round, for other classes, or in another way than predictions.
 * Predicts: what concept drift does, and predictions that agree with the exchanged labels as often as they did with the old ones.
 */
export const labelsWrong: CauseDefinition = {
  ...conceptDrift,
  id: 'labels-wrong',
  hypotheses(symptoms) {
    const serious = symptoms.findings.filter(({ kind }) => kind !== 'note');
    if (serious.length > 0 && serious.every(({ detector }) => detector === 'labels-never-match'))
      return [plain('Labels never equal a prediction: they are written in another way, or are of other rows')];
    const found = symptoms.differential.exchangedLabels;
    if (found === null || !areLabelsExchanged(symptoms)) return [];
    const { classes, exchanged } = found;
    const how = classes === 2 ? 'inverted: read the other way round' : 'exchanged: read as those of other classes';
    const title = `Labels look ${how}, ${wholePercent(exchanged.share)} of the newest ${exchanged.of} agree with the predictions`;
    return [plain(title, { shareExplained: shareOfDrop(symptoms, 'concept'), weighedAs: 'concept-drift' })];
  },
};
