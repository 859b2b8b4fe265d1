import type { Symptoms } from '../../domain/symptoms.js';
import { graded, has, percent, saidOf, sentenceOf, known, yes, type Indicator } from './indicator.js';

const comparedGolden = ({ golden }: Symptoms): boolean => golden.compared > 0;
const golden = (evidence: Symptoms, count: number): string => `${count} of ${evidence.golden.compared} golden inputs`;
const confidenceMove = ({ confidence }: Symptoms): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.now.mean - confidence.before.mean;
const levels = ({ confidence }: Symptoms): string =>
  `${confidence.before?.mean.toFixed(2) ?? '–'} to ${confidence.now?.mean.toFixed(2) ?? '–'}`;
const confidenceSaid = (evidence: Symptoms): boolean =>
  saidOf(evidence, 'confidence-distribution', 'confidence') !== undefined;

/** What the model says: to the same questions, and to everybody's. */
export const ANSWER_INDICATORS: readonly Indicator[] = [
  {
    id: 'golden-answers-changed',
    source: 'golden inputs',
    value: (evidence) => known(comparedGolden(evidence), evidence.golden.answersChanged > 0),
    whenTrue: (evidence) => `${golden(evidence, evidence.golden.answersChanged)} get another prediction than before.`,
    whenFalse: (evidence) => `All ${evidence.golden.compared} golden inputs get the prediction they always got.`,
  },
  {
    id: 'golden-confidence-moved',
    source: 'golden inputs',
    value: (evidence) =>
      comparedGolden(evidence) && evidence.golden.confidenceShift !== null
        ? graded(evidence.golden.confidencesMoved / evidence.golden.compared, 0, 0.4)
        : 0,
    whenTrue: (evidence) =>
      `${golden(evidence, evidence.golden.confidencesMoved)} are answered with another confidence (${(evidence.golden.confidenceShift ?? 0).toFixed(2)} on average).`,
    whenFalse: () => 'Golden inputs are answered with the confidence they always had.',
  },
  {
    id: 'golden-mostly-turned',
    source: 'golden inputs',
    value: (evidence) =>
      comparedGolden(evidence) ? graded(evidence.golden.answersChanged / evidence.golden.compared, 0, 0.5) : 0,
    whenTrue: (evidence) =>
      `${percent(evidence.golden.answersChanged / evidence.golden.compared)} of the golden inputs turned.`,
    whenFalse: () => '',
  },
  {
    id: 'golden-answers-scatter',
    source: 'golden inputs',
    value: (evidence) => known(evidence.golden.inputs > 0, has(evidence, 'unstable-answers')),
    whenTrue: (evidence) => sentenceOf(evidence, 'unstable-answers'),
    whenFalse: () => 'The same question gets the same answer each time.',
  },
  {
    id: 'answer-shape-changed',
    source: 'golden inputs',
    value: (evidence) =>
      known(comparedGolden(evidence), evidence.golden.shapeChanged || has(evidence, 'answer-schema')),
    whenTrue: (evidence) => sentenceOf(evidence, 'answer-schema') || 'The answers have other fields than before.',
    whenFalse: () => 'The answers have the fields they always had.',
  },
  {
    id: 'constant-answers',
    source: 'answers',
    value: (evidence) => (has(evidence, 'constant-predictions') ? 1 : graded(evidence.prediction.topShare, 0.8, 1)),
    whenTrue: (evidence) =>
      sentenceOf(evidence, 'constant-predictions') ||
      `${percent(evidence.prediction.topShare)} of the answers are one and the same.`,
    whenFalse: () => '',
  },
  {
    id: 'answer-mix-moved',
    source: 'answers',
    value: (evidence) =>
      evidence.prediction.mixDistance === null
        ? 0
        : Math.max(
            yes(saidOf(evidence, 'prediction-mix', 'prediction') !== undefined),
            graded(evidence.prediction.mixDistance, 0.04, 0.16),
          ),
    whenTrue: (evidence) =>
      sentenceOf(evidence, 'prediction-mix', 'prediction') ||
      `${percent(evidence.prediction.mixDistance ?? 0)} of the answers moved to another class.`,
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
        : `Only answers the model is unsure of turned (${percent(bands.unsure)} of them, against ${percent(bands.sure)} of the sure ones).`,
    whenFalse: () => 'It is not the unsure answers alone that turned.',
  },
  {
    id: 'sure-answers-turn',
    source: 'answers',
    value: ({ differential: { answerBands } }) => (answerBands === null ? 0 : graded(answerBands.sure, 0.05, 0.2)),
    whenTrue: ({ differential: { answerBands: bands } }) =>
      bands === null ? '' : `Even among answers the model is sure of, ${percent(bands.sure)} turned.`,
    whenFalse: () => '',
  },
  {
    id: 'confidence-moved',
    source: 'answers',
    value: (evidence) => known(evidence.confidence.before !== null, confidenceSaid(evidence)),
    whenTrue: (evidence) => sentenceOf(evidence, 'confidence-distribution', 'confidence'),
    whenFalse: (evidence) => `Confidence is as it was (${levels(evidence)}).`,
  },
  {
    id: 'confidence-fell',
    source: 'answers',
    value: (evidence) => (evidence.confidence.before === null ? 0 : graded(-confidenceMove(evidence), -0.01, 0.08)),
    whenTrue: (evidence) => `Mean confidence fell (${levels(evidence)}).`,
    whenFalse: () => 'Confidence did not fall.',
  },
  {
    id: 'confidence-rose',
    source: 'answers',
    value: (evidence) => (evidence.confidence.before === null ? 0 : graded(confidenceMove(evidence), 0, 0.06)),
    whenTrue: (evidence) => `Mean confidence rose (${levels(evidence)}).`,
    whenFalse: () => '',
  },
  {
    id: 'confidence-slides',
    source: 'answers',
    value: (evidence) => yes(has(evidence, 'confidence-trend')),
    whenTrue: (evidence) => sentenceOf(evidence, 'confidence-trend'),
    whenFalse: () => '',
  },
  {
    id: 'low-confidence',
    source: 'answers',
    value: (evidence) => yes(has(evidence, 'low-confidence')),
    whenTrue: (evidence) => sentenceOf(evidence, 'low-confidence'),
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
