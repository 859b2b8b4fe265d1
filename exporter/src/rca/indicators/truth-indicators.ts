import { wholePercent } from '../../domain/quantity-text.js';
import type { Symptoms } from '../../domain/symptoms.js';
import { errorGrowth, estimateImpact } from '../impact.js';
import { graded, has, saidOf, sentenceOf, known, yes, type Indicator } from './indicator.js';

const accuracyLost = ({ labels }: Symptoms): number | null =>
  labels.accuracyBefore === null || labels.accuracyNow === null
    ? null
    : labels.accuracyBefore.share - labels.accuracyNow.share;
const wasReleased = (symptoms: Symptoms): boolean =>
  (symptoms.changePoint?.declared ?? symptoms.changes).some(
    ({ kind }) => kind === 'model-version' || kind === 'deployment' || kind === 'answer-schema',
  );
const otherwiseDeclared = (symptoms: Symptoms): string =>
  (symptoms.changePoint?.declared ?? symptoms.changes).find(({ kind }) => kind === 'other' || kind === 'configuration')
    ?.text ?? '';

/** Loss of accuracy that is none. */
const TRIFLE = 0.01;

/** What is true: labels, their coming, and what was declared about the time it began. */
export const TRUTH_INDICATORS: readonly Indicator[] = [
  {
    id: 'accuracy-fell',
    source: 'labels',
    value: (symptoms) => {
      const lost = accuracyLost(symptoms);
      if (lost === null) return graded(errorGrowth(symptoms.labels)?.growth ?? 0, 0, 0.5);
      return saidOf(symptoms, 'accuracy-drop', 'accuracy')?.direction === 'down' ? 1 : graded(lost, -0.01, 0.09);
    },
    whenTrue: (symptoms) =>
      sentenceOf(symptoms, 'accuracy-drop', 'accuracy') ||
      (accuracyLost(symptoms) === null ? errorGrowth(symptoms.labels)?.sentence : undefined) ||
      `Accuracy fell by ${(100 * (accuracyLost(symptoms) ?? 0)).toFixed(1)} points.`,
    whenFalse: (symptoms) => {
      const lost = accuracyLost(symptoms);
      if (lost === null) return errorGrowth(symptoms.labels)?.sentence ?? '';
      // Beside a harm that is counted or estimated it would contradict it.
      if (estimateImpact(symptoms)?.harm === 'wrong-answer') return '';
      return lost < TRIFLE
        ? 'Labelled predictions are right as often as before.'
        : `Accuracy fell by only ${(100 * lost).toFixed(1)} points.`;
    },
  },
  {
    id: 'errors-in-one-group',
    source: 'labels',
    // Labels that were counted in a window whose rows are gone do not tell groups apart.
    value: ({ differential: { errorTrend, errorsBySegment } }) =>
      known(errorTrend !== null || errorsBySegment !== null, errorsBySegment !== null),
    whenTrue: ({ differential: { errorsBySegment: group } }) =>
      group === null
        ? ''
        : `In ${group.predicate} the error rate rose by ${(100 * group.inside).toFixed(0)} points, elsewhere by ${(100 * group.outside).toFixed(0)}; ${wholePercent(group.contribution)} of the new errors lie there.`,
    whenFalse: () => 'The errors are in no particular group.',
  },
  {
    id: 'most-errors-in-one-group',
    source: 'labels',
    value: ({ differential: { errorsBySegment: group } }) =>
      group === null ? 0 : graded(group.contribution, 0.4, 0.9),
    whenTrue: () => '',
    whenFalse: () => 'Most new errors lie outside the hardest hit group.',
  },
  {
    id: 'errors-grow',
    source: 'labels',
    value: ({ differential: { errorTrend } }) => (errorTrend === null ? 0 : graded(errorTrend, 0, 0.2)),
    whenTrue: () => 'Errors become more frequent inside the window.',
    whenFalse: () => '',
  },
  {
    id: 'calibration-worse',
    source: 'labels',
    value: (symptoms) => known(accuracyLost(symptoms) !== null, has(symptoms, 'calibration')),
    whenTrue: (symptoms) => sentenceOf(symptoms, 'calibration'),
    whenFalse: () => '',
  },
  {
    id: 'label-tells-from-input',
    source: 'labels',
    value: ({ differential: { labelAssociation: found } }) =>
      found === null ? 0 : graded(found.now - found.before, 0.1, 0.4),
    whenTrue: ({ differential: { labelAssociation: found } }) =>
      found === null
        ? ''
        : `“${found.feature}” now nearly gives away the label (association ${found.before.toFixed(2)} → ${found.now.toFixed(2)}).`,
    whenFalse: () => '',
  },
  {
    id: 'labels-stopped',
    source: 'labels',
    value: ({ differential: { labelledBefore, labelledNow } }) =>
      labelledBefore === null || labelledNow === null || labelledBefore < 0.2
        ? 0
        : graded(labelledBefore - labelledNow, 0.2, 0.6),
    whenTrue: ({ differential: { labelledBefore, labelledNow } }) =>
      `Labels arrive for ${wholePercent(labelledNow ?? 0)} of the predictions; before, for ${wholePercent(labelledBefore ?? 0)}.`,
    whenFalse: () => 'Labels arrive as usual.',
  },
  {
    id: 'release-declared',
    source: 'declared changes',
    value: (symptoms) => yes(wasReleased(symptoms)),
    whenTrue: (symptoms) =>
      (symptoms.changePoint?.declared ?? symptoms.changes).find(
        ({ kind }) => kind === 'model-version' || kind === 'deployment' || kind === 'answer-schema',
      )?.text ?? '',
    whenFalse: () => '',
  },
  {
    id: 'event-declared',
    source: 'declared changes',
    value: (symptoms) => yes(otherwiseDeclared(symptoms) !== ''),
    whenTrue: otherwiseDeclared,
    whenFalse: () => '',
  },
  {
    id: 'anything-found',
    source: 'findings',
    value: (symptoms) => yes(symptoms.findings.some(({ kind }) => kind !== 'note')),
    whenTrue: (symptoms) => `Checks with a finding: ${symptoms.findings.length}.`,
    whenFalse: () => 'No check found anything.',
  },
  {
    id: 'change-established',
    source: 'evidence over time',
    value: (symptoms) => known(symptoms.watched, symptoms.changePoint !== null),
    whenTrue: () => '',
    whenFalse: () => 'The evidence gathered so far is below the alert threshold.',
  },
];
