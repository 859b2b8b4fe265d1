import { signed, wholePercent } from '../../domain/quantity-text.js';
import type { Symptoms } from '../../domain/symptoms.js';
import { graded, has, lostOfAnswers, saidOf, sentenceOf, known, yes, type Indicator } from './indicator.js';

const comparedGolden = ({ golden }: Symptoms): boolean => golden.compared > 0;
const confidenceMove = ({ confidence }: Symptoms): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.now.mean - confidence.before.mean;
/** Difference of means below which two levels are called the same; a mean that fell by more is not one that stayed. */
const SAME_LEVEL = 0.02;
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
    whenTrue: (symptoms) =>
      `Golden inputs with another prediction than before: ${symptoms.golden.answersChanged} of ${symptoms.golden.compared}.`,
    whenFalse: () => 'Every golden input gets the prediction it always got.',
  },
  {
    id: 'golden-confidence-moved',
    source: 'golden inputs',
    value: (symptoms) =>
      comparedGolden(symptoms) && symptoms.golden.confidenceShift !== null
        ? graded(symptoms.golden.confidencesMoved / symptoms.golden.compared, 0, 0.4)
        : 0,
    whenTrue: (symptoms) =>
      `Golden inputs answered with another confidence: ${symptoms.golden.confidencesMoved} of ${symptoms.golden.compared} (${signed(symptoms.golden.confidenceShift ?? 0)} on average).`,
    whenFalse: () => 'Golden inputs are answered with the confidence they always had.',
  },
  {
    id: 'golden-mostly-turned',
    source: 'golden inputs',
    value: (symptoms) =>
      comparedGolden(symptoms) ? graded(symptoms.golden.answersChanged / symptoms.golden.compared, 0, 0.5) : 0,
    whenTrue: (symptoms) =>
      `${wholePercent(symptoms.golden.answersChanged / symptoms.golden.compared)} of the golden inputs get another prediction.`,
    whenFalse: () => '',
  },
  {
    id: 'golden-answers-scatter',
    source: 'golden inputs',
    value: (symptoms) => known(symptoms.golden.inputs > 0, has(symptoms, 'unstable-answers')),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'unstable-answers'),
    whenFalse: ({ golden: { answerFlipShare } }) =>
      answerFlipShare === null ? '' : 'The same input gets the same prediction each time.',
  },
  {
    id: 'answer-shape-changed',
    source: 'golden inputs',
    value: (symptoms) =>
      lostOfAnswers(symptoms) !== null
        ? 1
        : known(comparedGolden(symptoms), symptoms.golden.shapeChanged || has(symptoms, 'answer-schema')),
    whenTrue(symptoms) {
      const lost = lostOfAnswers(symptoms);
      if (lost !== null) return sentenceOf(symptoms, 'missing-values', lost);
      return sentenceOf(symptoms, 'answer-schema') || 'The responses have other fields than before.';
    },
    whenFalse: () => 'The responses have the fields they always had.',
  },
  {
    id: 'constant-answers',
    source: 'answers',
    value: (symptoms) => (has(symptoms, 'constant-predictions') ? 1 : graded(symptoms.prediction.topShare, 0.8, 1)),
    whenTrue: (symptoms) =>
      sentenceOf(symptoms, 'constant-predictions') ||
      `${wholePercent(symptoms.prediction.topShare)} of the predictions are one and the same.`,
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
      `${wholePercent(symptoms.prediction.mixDistance ?? 0)} of the predictions moved to another class.`,
    whenFalse: () => 'The mix of predictions is as before.',
  },
  {
    id: 'only-unsure-answers-turn',
    source: 'answers',
    value: ({ differential: { answerBands } }) =>
      answerBands === null ? 0 : graded(answerBands.unsure - 1.5 * answerBands.sure, 0.03, 0.2),
    whenTrue: ({ differential: { answerBands: bands } }) =>
      bands === null
        ? ''
        : `Mostly predictions the model is unsure of changed (${wholePercent(bands.unsure)} of them, against ${wholePercent(bands.sure)} of the sure ones).`,
    whenFalse: () => 'It is not only the unsure predictions that changed.',
  },
  {
    id: 'sure-answers-turn',
    source: 'answers',
    value: ({ differential: { answerBands } }) => (answerBands === null ? 0 : graded(answerBands.sure, 0.05, 0.2)),
    whenTrue: ({ differential: { answerBands: bands } }) =>
      bands === null ? '' : `Even among predictions the model is sure of, ${wholePercent(bands.sure)} changed.`,
    whenFalse: () => '',
  },
  {
    id: 'confidence-moved',
    source: 'answers',
    value: (symptoms) => known(symptoms.confidence.before !== null, confidenceSaid(symptoms)),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'confidence-distribution', 'confidence'),
    whenFalse: (symptoms) =>
      symptoms.confidence.now === null || Math.abs(confidenceMove(symptoms)) > SAME_LEVEL
        ? ''
        : `Confidence is as before (${levels(symptoms)}).`,
  },
  {
    id: 'confidence-fell',
    source: 'answers',
    value: (symptoms) => (symptoms.confidence.before === null ? 0 : graded(-confidenceMove(symptoms), -0.01, 0.08)),
    whenTrue: (symptoms) => `Mean confidence fell (${levels(symptoms)}).`,
    whenFalse: ({ confidence }) => (confidence.now === null ? '' : 'Confidence did not fall.'),
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
    // Says nothing of the cause; that nothing can be compared stands among what could not be checked.
    whenFalse: () => '',
  },
];
