import type { Evidence } from '../../domain/evidence.js';
import { graded, has, percent, saidOf, sentenceOf, told, yes, type Sign } from './sign.js';

const accuracyLost = ({ labels }: Evidence): number | null =>
  labels.accuracyBefore === null || labels.accuracyNow === null
    ? null
    : labels.accuracyBefore.share - labels.accuracyNow.share;
const released = (evidence: Evidence): boolean =>
  (evidence.changePoint?.declared ?? evidence.changes).some(
    ({ kind }) => kind === 'model-version' || kind === 'deployment' || kind === 'answer-schema',
  );
const otherwiseDeclared = (evidence: Evidence): string =>
  (evidence.changePoint?.declared ?? evidence.changes).find(({ kind }) => kind === 'other' || kind === 'configuration')
    ?.text ?? '';

/** What is true: labels, their coming, and what somebody did about the time it began. */
export const TRUTH_SIGNS: readonly Sign[] = [
  {
    id: 'accuracy-fell',
    source: 'labels',
    value: (evidence) => {
      const lost = accuracyLost(evidence);
      if (lost === null) return 0;
      return saidOf(evidence, 'accuracy-drop', 'accuracy')?.direction === 'down' ? 1 : graded(lost, -0.01, 0.09);
    },
    holds: (evidence) =>
      sentenceOf(evidence, 'accuracy-drop', 'accuracy') ||
      `Accuracy fell by ${(100 * (accuracyLost(evidence) ?? 0)).toFixed(1)} points.`,
    fails: () => 'Labelled answers are as often right as before.',
  },
  {
    id: 'errors-in-one-group',
    source: 'labels',
    // Labels that were counted in a window whose rows are gone do not tell groups apart.
    value: ({ contrast: { errorTrend, errorsBySegment } }) =>
      told(errorTrend !== null || errorsBySegment !== null, errorsBySegment !== null),
    holds: ({ contrast: { errorsBySegment: group } }) =>
      group === null
        ? ''
        : `In ${group.predicate} the error rate rose by ${(100 * group.inside).toFixed(0)} points, elsewhere by ${(100 * group.outside).toFixed(0)}; ${percent(group.contribution)} of the new errors lie there.`,
    fails: () => 'The errors are in no particular group.',
  },
  {
    id: 'most-errors-in-one-group',
    source: 'labels',
    value: ({ contrast: { errorsBySegment: group } }) => (group === null ? 0 : graded(group.contribution, 0.4, 0.9)),
    holds: () => '',
    fails: () => 'Most new errors lie outside the hardest hit group.',
  },
  {
    id: 'errors-grow',
    source: 'labels',
    value: ({ contrast: { errorTrend } }) => (errorTrend === null ? 0 : graded(errorTrend, 0, 0.2)),
    holds: () => 'Errors become more frequent inside the window.',
    fails: () => '',
  },
  {
    id: 'calibration-worse',
    source: 'labels',
    value: (evidence) => told(accuracyLost(evidence) !== null, has(evidence, 'calibration')),
    holds: (evidence) => sentenceOf(evidence, 'calibration'),
    fails: () => '',
  },
  {
    id: 'label-tells-from-input',
    source: 'labels',
    value: ({ contrast: { labelAssociation: found } }) =>
      found === null ? 0 : graded(found.now - found.before, 0.1, 0.4),
    holds: ({ contrast: { labelAssociation: found } }) =>
      found === null
        ? ''
        : `\`${found.feature}\` now nearly gives the label away (association ${found.before.toFixed(2)} → ${found.now.toFixed(2)}).`,
    fails: () => '',
  },
  {
    id: 'labels-stopped',
    source: 'labels',
    value: ({ contrast: { labelledBefore, labelledNow } }) =>
      labelledBefore === null || labelledNow === null || labelledBefore < 0.2
        ? 0
        : graded(labelledBefore - labelledNow, 0.2, 0.6),
    holds: ({ contrast: { labelledBefore, labelledNow } }) =>
      `Labels come for ${percent(labelledNow ?? 0)} of the answers, before for ${percent(labelledBefore ?? 0)}.`,
    fails: () => 'Labels come as usual.',
  },
  {
    id: 'release-declared',
    source: 'declared changes',
    value: (evidence) => yes(released(evidence)),
    holds: (evidence) =>
      (evidence.changePoint?.declared ?? evidence.changes).find(
        ({ kind }) => kind === 'model-version' || kind === 'deployment' || kind === 'answer-schema',
      )?.text ?? '',
    fails: () => '',
  },
  {
    id: 'event-declared',
    source: 'declared changes',
    value: (evidence) => yes(otherwiseDeclared(evidence) !== ''),
    holds: otherwiseDeclared,
    fails: () => '',
  },
  {
    id: 'anything-found',
    source: 'findings',
    value: (evidence) => yes(evidence.findings.some(({ kind }) => kind !== 'note')),
    holds: (evidence) => `${evidence.findings.length} findings.`,
    fails: () => 'No check found anything.',
  },
  {
    id: 'change-established',
    source: 'evidence over time',
    value: (evidence) => told(evidence.watched, evidence.changePoint !== null),
    holds: () => '',
    fails: () => 'The evidence over time is below its line.',
  },
];
