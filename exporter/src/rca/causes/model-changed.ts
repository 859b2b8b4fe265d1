import { has, mostlyAnswered, sentenceOf, shareOfDrop, weigh, type CauseDefinition } from './cause-definition.js';

/** The same question is answered differently: another model, or another way of serving it. */
export const modelChanged: CauseDefinition = {
  id: 'model-changed',
  predicts: 'golden inputs get other answers than in the baseline, at once and to stay',
  prior: -2.5,
  hypotheses(evidence) {
    const { golden, changes } = evidence;
    const released = changes.find(({ kind }) => kind === 'model-version' || kind === 'deployment');
    if (!has(evidence, 'golden-answers') && !has(evidence, 'answer-schema')) return [];
    return [
      {
        title:
          released === undefined
            ? 'Model or its serving changed, without a declared release'
            : 'Model or its serving changed after a release',
        features: [],
        shareExplained: shareOfDrop(evidence, 'model'),
        statements: weigh(
          [has(evidence, 'golden-answers'), sentenceOf(evidence, 'golden-answers'), 4],
          [
            golden.answersChanged > 0,
            `${golden.answersChanged} golden inputs got another prediction altogether.`,
            2.5,
            ['Every golden input kept its prediction; only the confidence moved.', -2],
          ],
          [has(evidence, 'answer-schema'), sentenceOf(evidence, 'answer-schema'), 4],
          [released !== undefined, released?.text ?? '', 2],
          [
            has(evidence, 'confidence-trend'),
            'Confidence slides gradually; a swapped model would change it at once.',
            -3,
          ],
          [has(evidence, 'unstable-answers'), 'The answers do not even repeat among themselves.', -3],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
