import { wholePercent } from '../../domain/quantity-text.js';
import type { Symptoms } from '../../domain/symptoms.js';
import { graded, has, saidOf, sentenceOf, known, yes, type Indicator } from './indicator.js';

const comparedGolden = ({ golden }: Symptoms): boolean => golden.compared > 0;
const golden = (symptoms: Symptoms, count: number): string => `${count} of ${symptoms.golden.compared} golden inputs`;
const confidenceMove = ({ confidence }: Symptoms): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.now.mean - confidence.before.mean;
const levels = ({ confidence }: Symptoms): string =>
  `${confidence.before?.mean.toFixed(2) ?? '–'} to ${confidence.now?.mean.toFixed(2) ?? '–'}`;
const confidenceSaid = (symptoms: Symptoms): boolean =>
  saidOf(symptoms, 'confidence-distribution', 'confidence') !== undefined;

/** What the model says: to the same questions, and to everybody's. */
export const ANSWER_INDICATORS: readonly Indicator[] = [
  {
    id: 'golden-answers-changed',
    source: 'golden inputs',
    value: (symptoms) => known(comparedGolden(symptoms), symptoms.golden.answersChanged > 0),
    whenTrue: (symptoms) => `${golden(symptoms, symptoms.golden.answersChanged)} get another prediction than before.`,
    whenFalse: (symptoms) => `All ${symptoms.golden.compared} golden inputs get the prediction they always got.`,
  },
  {
    id: 'golden-confidence-moved',
    source: 'golden inputs',
    value: (symptoms) =>
      comparedGolden(symptoms) && symptoms.golden.confidenceShift !== null
        ? graded(symptoms.golden.confidencesMoved / symptoms.golden.compared, 0, 0.4)
        : 0,
    whenTrue: (symptoms) =>
      `${golden(symptoms, symptoms.golden.confidencesMoved)} are answered with another confidence (${(symptoms.golden.confidenceShift ?? 0).toFixed(2)} on average).`,
    whenFalse: () => 'Golden inputs are answered with the confidence they always had.',
  },
  {
    id: 'golden-mostly-turned',
    source: 'golden inputs',
    value: (symptoms) =>
      comparedGolden(symptoms) ? graded(symptoms.golden.answersChanged / symptoms.golden.compared, 0, 0.5) : 0,
    whenTrue: (symptoms) =>
      `${wholePercent(symptoms.golden.answersChanged / symptoms.golden.compared)} of the golden inputs turned.`,
    whenFalse: () => '',
  },
  {
    id: 'golden-answers-scatter',
    source: 'golden inputs',
    value: (symptoms) => known(symptoms.golden.inputs > 0, has(symptoms, 'unstable-answers')),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'unstable-answers'),
    whenFalse: () => 'The same question gets the same answer each time.',
  },
  {
    id: 'answer-shape-changed',
    source: 'golden inputs',
    value: (symptoms) =>
      known(comparedGolden(symptoms), symptoms.golden.shapeChanged || has(symptoms, 'answer-schema')),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'answer-schema') || 'The answers have other fields than before.',
    whenFalse: () => 'The answers have the fields they always had.',
  },
  {
    id: 'constant-answers',
    source: 'answers',
    value: (symptoms) => (has(symptoms, 'constant-predictions') ? 1 : graded(symptoms.prediction.topShare, 0.8, 1)),
    whenTrue: (symptoms) =>
      sentenceOf(symptoms, 'constant-predictions') ||
      `${wholePercent(symptoms.prediction.topShare)} of the answers are one and the same.`,
    whenFalse: () => '',
  },
  {
    id: 'answer-mix-moved',
    source: 'answers',
    value: (symptoms) =>
      symptoms.prediction.mixDistance === null
        ? 0
        : Math.max(
            yes(saidOf(symptoms, 'prediction-mix', 'prediction') !== undefined),
            graded(symptoms.prediction.mixDistance, 0.04, 0.16),
          ),
    whenTrue: (symptoms) =>
      sentenceOf(symptoms, 'prediction-mix', 'prediction') ||
      `${wholePercent(symptoms.prediction.mixDistance ?? 0)} of the answers moved to another class.`,
    whenFalse: () => 'The answers keep their proportions.',
  },
  {
    id: 'only-unsure-answers-turn',
    source: 'answers',
    value: ({ differential: { answerBands } }) =>
      answerBands === null ? 0 : graded(answerBands.unsure - 1.5 * answerBands.sure, 0.03, 0.2),
    whenTrue: ({ differential: { answerBands: bands } }) =>
      bands === null
        ? ''
        : `Only answers the model is unsure of turned (${wholePercent(bands.unsure)} of them, against ${wholePercent(bands.sure)} of the sure ones).`,
    whenFalse: () => 'It is not the unsure answers alone that turned.',
  },
  {
    id: 'sure-answers-turn',
    source: 'answers',
    value: ({ differential: { answerBands } }) => (answerBands === null ? 0 : graded(answerBands.sure, 0.05, 0.2)),
    whenTrue: ({ differential: { answerBands: bands } }) =>
      bands === null ? '' : `Even among answers the model is sure of, ${wholePercent(bands.sure)} turned.`,
    whenFalse: () => '',
  },
  {
    id: 'confidence-moved',
    source: 'answers',
    value: (symptoms) => known(symptoms.confidence.before !== null, confidenceSaid(symptoms)),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'confidence-distribution', 'confidence'),
    whenFalse: (symptoms) => `Confidence is as it was (${levels(symptoms)}).`,
  },
  {
    id: 'confidence-fell',
    source: 'answers',
    value: (symptoms) => (symptoms.confidence.before === null ? 0 : graded(-confidenceMove(symptoms), -0.01, 0.08)),
    whenTrue: (symptoms) => `Mean confidence fell (${levels(symptoms)}).`,
    whenFalse: () => 'Confidence did not fall.',
  },
  {
    id: 'confidence-rose',
    source: 'answers',
    value: (symptoms) => (symptoms.confidence.before === null ? 0 : graded(confidenceMove(symptoms), 0, 0.06)),
    whenTrue: (symptoms) => `Mean confidence rose (${levels(symptoms)}).`,
    whenFalse: () => '',
  },
  {
    id: 'confidence-slides',
    source: 'answers',
    value: (symptoms) => yes(has(symptoms, 'confidence-trend')),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'confidence-trend'),
    whenFalse: () => '',
  },
  {
    id: 'low-confidence',
    source: 'answers',
    value: (symptoms) => yes(has(symptoms, 'low-confidence')),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'low-confidence'),
    whenFalse: () => '',
  },
  {
    id: 'has-baseline',
    source: 'baseline',
    value: ({ hasBaseline }) => yes(hasBaseline),
    whenTrue: () => '',
    whenFalse: () => 'There is no baseline to compare with: as far as can be seen it was always like this.',
  },
];
