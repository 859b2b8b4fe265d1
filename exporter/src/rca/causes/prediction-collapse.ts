import { has, mostlyAnswered, sentenceOf, weigh, type CauseDefinition } from './cause-definition.js';

/** The model gives one answer whatever it is asked. */
export const predictionCollapse: CauseDefinition = {
  id: 'prediction-collapse',
  predicts: 'nearly all answers are the same although the inputs differ',
  prior: -2,
  hypotheses(evidence) {
    if (!has(evidence, 'constant-predictions')) return [];
    const constantInputs = evidence.features.some(({ hint }) => hint?.transformation === 'frozen');
    return [
      {
        title: 'Prediction collapse: one answer for every input',
        features: [],
        shareExplained: null,
        statements: weigh(
          [true, sentenceOf(evidence, 'constant-predictions'), 7],
          [constantInputs, 'A feature the model relies on is frozen.', -2],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
