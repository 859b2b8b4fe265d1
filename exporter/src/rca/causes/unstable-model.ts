import { has, mostlyAnswered, sentenceOf, weigh, type CauseDefinition } from './cause-definition.js';

/** The model answers the same question differently each time. */
export const unstableModel: CauseDefinition = {
  id: 'unstable-model',
  predicts: 'repeated questions get scattered answers, with or without a baseline',
  prior: -2,
  hypotheses(evidence) {
    if (!has(evidence, 'unstable-answers')) return [];
    return [
      {
        title: 'Unstable model: the same question gets different answers',
        features: [],
        shareExplained: null,
        statements: weigh(
          [true, sentenceOf(evidence, 'unstable-answers'), 6],
          [
            (evidence.confidence.now?.standardDeviation ?? 0) > 0.2,
            `Confidence is spread over ±${(evidence.confidence.now?.standardDeviation ?? 0).toFixed(2)}.`,
            1,
          ],
          [has(evidence, 'confidence-trend'), 'A steady slide explains part of the scatter.', -4],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
