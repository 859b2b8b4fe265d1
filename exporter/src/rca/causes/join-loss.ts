import { quotedNames } from '../../domain/quantity-text.js';
import { insteadText } from './came-instead.js';
import { plain, type CauseDefinition } from './cause-definition.js';

/** Rows with all of them missing ÷ rows with any. */
const MIN_TOGETHER = 0.3;

/**
 * One source or join is gone, and with it several features at once.
 * Predicts: several features go missing in the same rows.
 */
export const joinLoss: CauseDefinition = {
  id: 'join-loss',
  leadIndicators: ['missing-in-the-same-rows', 'values-missing'],
  expects: ['many-inputs-moved'],
  excludes: [],
  hypotheses(symptoms) {
    const together = symptoms.differential.missingTogether;
    if (together === null || together.share < MIN_TOGETHER) return [];
    const { features } = together;
    const gone = symptoms.features.filter(({ feature }) => features.includes(feature));
    const instead = insteadText(gone, symptoms.features);
    // Under other names they are not lost, whoever joins them.
    const title =
      instead === ''
        ? `Join lost: ${quotedNames(features)} go missing together`
        : `${quotedNames(features)} no longer sent${instead}`;
    return [plain(title, { features })];
  },
};
