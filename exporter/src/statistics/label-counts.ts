import { failureCount, type LabelCounts, type WindowProfile } from '../domain/profile.js';

const TENTHS = 10;
const none = (): number[] => new Array<number>(TENTHS).fill(0);

/** The sum of counts of labels; of none it is nothing. */
export function addLabels(...all: readonly LabelCounts[]): LabelCounts {
  const sum = { labelled: 0, correct: 0, labelledByConfidence: none(), correctByConfidence: none() };
  const losses: Record<string, number> = {};
  for (const labels of all) {
    sum.labelled += labels.labelled;
    sum.correct += labels.correct;
    for (let i = 0; i < TENTHS; i += 1) {
      sum.labelledByConfidence[i] = (sum.labelledByConfidence[i] ?? 0) + (labels.labelledByConfidence[i] ?? 0);
      sum.correctByConfidence[i] = (sum.correctByConfidence[i] ?? 0) + (labels.correctByConfidence[i] ?? 0);
    }
    for (const [key, count] of Object.entries(labels.losses)) losses[key] = (losses[key] ?? 0) + count;
  }
  return { ...sum, losses };
}

/** Labels of classes and of quantities. */
export const labelCount = ({ labelled, losses }: LabelCounts): number =>
  Object.values(losses).reduce((sum, count) => sum + count, labelled);

/** Answers that a window's labels are about: its own, unless they are of older ones. */
export const answersLabelled = (profile: WindowProfile): number =>
  profile.labels.ofAnswers ?? profile.calls - failureCount(profile);

/** Share of the answers that have their label, 0–1; null without answers. */
export function labelledShare(profile: WindowProfile): number | null {
  const answers = answersLabelled(profile);
  return answers <= 0 ? null : Math.min(1, labelCount(profile.labels) / answers);
}
