import type { Evidence } from '../../domain/evidence.js';
import { graded, has, percent, saidOf, sentenceOf, told, yes, type Sign } from './sign.js';

const comparedGolden = ({ golden }: Evidence): boolean => golden.compared > 0;
const golden = (evidence: Evidence, count: number): string => `${count} of ${evidence.golden.compared} golden inputs`;
const confidenceMove = ({ confidence }: Evidence): number =>
  confidence.before === null || confidence.now === null ? 0 : confidence.now.mean - confidence.before.mean;
const levels = ({ confidence }: Evidence): string =>
  `${confidence.before?.mean.toFixed(2) ?? '–'} to ${confidence.now?.mean.toFixed(2) ?? '–'}`;
const confidenceSaid = (evidence: Evidence): boolean =>
  saidOf(evidence, 'confidence-distribution', 'confidence') !== undefined;

/** What the model says: to the same questions, and to everybody's. */
export const ANSWER_SIGNS: readonly Sign[] = [
  {
    id: 'golden-answers-changed',
    source: 'golden inputs',
    value: (evidence) => told(comparedGolden(evidence), evidence.golden.answersChanged > 0),
    holds: (evidence) => `${golden(evidence, evidence.golden.answersChanged)} get another prediction than before.`,
    fails: (evidence) => `All ${evidence.golden.compared} golden inputs get the prediction they always got.`,
  },
  {
    id: 'golden-confidence-moved',
    source: 'golden inputs',
    value: (evidence) =>
      comparedGolden(evidence) && evidence.golden.confidenceShift !== null
        ? graded(evidence.golden.confidencesMoved / evidence.golden.compared, 0, 0.4)
        : 0,
    holds: (evidence) =>
      `${golden(evidence, evidence.golden.confidencesMoved)} are answered with another confidence (${(evidence.golden.confidenceShift ?? 0).toFixed(2)} on average).`,
    fails: () => 'Golden inputs are answered with the confidence they always had.',
  },
  {
    id: 'golden-mostly-turned',
    source: 'golden inputs',
    value: (evidence) =>
      comparedGolden(evidence) ? graded(evidence.golden.answersChanged / evidence.golden.compared, 0, 0.5) : 0,
    holds: (evidence) =>
      `${percent(evidence.golden.answersChanged / evidence.golden.compared)} of the golden inputs turned.`,
    fails: () => '',
  },
  {
    id: 'golden-answers-scatter',
    source: 'golden inputs',
    value: (evidence) => told(evidence.golden.inputs > 0, has(evidence, 'unstable-answers')),
    holds: (evidence) => sentenceOf(evidence, 'unstable-answers'),
    fails: () => 'The same question gets the same answer each time.',
  },
  {
    id: 'answer-shape-changed',
    source: 'golden inputs',
    value: (evidence) => told(comparedGolden(evidence), evidence.golden.shapeChanged || has(evidence, 'answer-schema')),
    holds: (evidence) => sentenceOf(evidence, 'answer-schema') || 'The answers have other fields than before.',
    fails: () => 'The answers have the fields they always had.',
  },
  {
    id: 'constant-answers',
    source: 'answers',
    value: (evidence) => (has(evidence, 'constant-predictions') ? 1 : graded(evidence.prediction.topShare, 0.8, 1)),
    holds: (evidence) =>
      sentenceOf(evidence, 'constant-predictions') ||
      `${percent(evidence.prediction.topShare)} of the answers are one and the same.`,
    fails: () => '',
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
    holds: (evidence) =>
      sentenceOf(evidence, 'prediction-mix', 'prediction') ||
      `${percent(evidence.prediction.mixDistance ?? 0)} of the answers moved to another class.`,
    fails: () => 'The answers keep their proportions.',
  },
  {
    id: 'only-unsure-answers-turn',
    source: 'answers',
    value: ({ contrast: { answerBands } }) =>
      answerBands === null ? 0 : graded(answerBands.unsure - 1.5 * answerBands.sure, 0.03, 0.2),
    holds: ({ contrast: { answerBands: bands } }) =>
      bands === null
        ? ''
        : `Only answers the model is unsure of turned (${percent(bands.unsure)} of them, against ${percent(bands.sure)} of the sure ones).`,
    fails: () => 'It is not the unsure answers alone that turned.',
  },
  {
    id: 'sure-answers-turn',
    source: 'answers',
    value: ({ contrast: { answerBands } }) => (answerBands === null ? 0 : graded(answerBands.sure, 0.05, 0.2)),
    holds: ({ contrast: { answerBands: bands } }) =>
      bands === null ? '' : `Even among answers the model is sure of, ${percent(bands.sure)} turned.`,
    fails: () => '',
  },
  {
    id: 'confidence-moved',
    source: 'answers',
    value: (evidence) => told(evidence.confidence.before !== null, confidenceSaid(evidence)),
    holds: (evidence) => sentenceOf(evidence, 'confidence-distribution', 'confidence'),
    fails: (evidence) => `Confidence is as it was (${levels(evidence)}).`,
  },
  {
    id: 'confidence-fell',
    source: 'answers',
    value: (evidence) => (evidence.confidence.before === null ? 0 : graded(-confidenceMove(evidence), -0.01, 0.08)),
    holds: (evidence) => `Mean confidence fell (${levels(evidence)}).`,
    fails: () => 'Confidence did not fall.',
  },
  {
    id: 'confidence-rose',
    source: 'answers',
    value: (evidence) => (evidence.confidence.before === null ? 0 : graded(confidenceMove(evidence), 0, 0.06)),
    holds: (evidence) => `Mean confidence rose (${levels(evidence)}).`,
    fails: () => '',
  },
  {
    id: 'confidence-slides',
    source: 'answers',
    value: (evidence) => yes(has(evidence, 'confidence-trend')),
    holds: (evidence) => sentenceOf(evidence, 'confidence-trend'),
    fails: () => '',
  },
  {
    id: 'low-confidence',
    source: 'answers',
    value: (evidence) => yes(has(evidence, 'low-confidence')),
    holds: (evidence) => sentenceOf(evidence, 'low-confidence'),
    fails: () => '',
  },
  {
    id: 'has-baseline',
    source: 'baseline',
    value: ({ hasBaseline }) => yes(hasBaseline),
    holds: () => '',
    fails: () => 'There is no baseline to compare with: as far as can be seen it was always like this.',
  },
];
