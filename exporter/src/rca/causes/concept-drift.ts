import {
  driftedFeatures,
  goldenHeld,
  has,
  mostlyAnswered,
  sentenceOf,
  weigh,
  type CauseDefinition,
} from './cause-definition.js';

/** The world changed: same inputs, same answers, but the answers are no longer right. */
export const conceptDrift: CauseDefinition = {
  id: 'concept-drift',
  predicts: 'accuracy falls while inputs and golden answers stay the same',
  prior: -2,
  hypotheses(evidence) {
    if (!has(evidence, 'accuracy-drop')) return [];
    const drifted = driftedFeatures(evidence);
    return [
      {
        title: 'Concept drift: the world no longer answers as the model learnt',
        features: [],
        shareExplained: null,
        statements: weigh(
          [true, sentenceOf(evidence, 'accuracy-drop'), 4],
          [goldenHeld(evidence), 'Golden inputs are answered as before, so the model is the same.', 1.5],
          [
            drifted.length === 0,
            'No input feature moved.',
            2,
            [`${drifted.length} input features moved, which may explain the errors.`, -2.5],
          ],
          [has(evidence, 'golden-answers'), 'Golden inputs are answered differently: the model itself changed.', -4],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
