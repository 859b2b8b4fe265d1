import { has, mostlyAnswered, sentenceOf, weigh, type CauseDefinition } from './cause-definition.js';

/** The model is unsure of everything it is asked, and always was as far as can be seen. */
export const underconfidentModel: CauseDefinition = {
  id: 'underconfident-model',
  predicts: 'low confidence on all inputs alike, golden ones included, without a change in time',
  prior: -2,
  hypotheses(evidence) {
    if (!has(evidence, 'low-confidence')) return [];
    const { before } = evidence.confidence;
    const wasHigher = before !== null && before.mean > (evidence.confidence.now?.mean ?? 0) + 0.1;
    return [
      {
        title: 'Underconfident model: unsure of nearly every answer',
        features: [],
        shareExplained: null,
        statements: weigh(
          [true, sentenceOf(evidence, 'low-confidence'), 5],
          [
            wasHigher,
            `In the baseline its mean confidence was ${before?.mean.toFixed(2) ?? ''}: it has not always been like this.`,
            -5,
          ],
          [has(evidence, 'confidence-trend'), 'Confidence is still falling, so this is a decay, not a level.', -4],
          [has(evidence, 'unstable-answers'), 'The answers scatter instead of being low throughout.', -3],
          [evidence.features.some(({ drifted }) => drifted), 'The inputs are not the ones it knows.', -2],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
