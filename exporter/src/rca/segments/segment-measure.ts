import type { SegmentEvidence } from '../../domain/symptoms.js';
import { normalSurvival } from '../../statistics/special-functions.js';

/** Rows of either side below which no segments are searched. */
export const MIN_ROWS = 60;
/** Rows of a segment below which it is not reported; half of them must be on each side of every test. */
export const MIN_SEGMENT_ROWS = 20;
/** Familywise p-value a segment must stay below. */
export const SIGNIFICANCE = 0.01;
/** Smallest extra change of a loss, against the rest of the rows, worth a person's attention. */
export const MIN_DIFFERENCE = 0.05;
/** Segments reported per measure. */
export const MAX_REPORTED = 5;
/** A wider group replaces a narrow one unless its other rows changed less than this share as much. */
export const WIDER_SHARE = 0.5;

export type SegmentMeasure = SegmentEvidence['measure'];
export const SEGMENT_MEASURES: readonly SegmentMeasure[] = ['errors', 'accuracy', 'confidence'];

/** The reported level of a measure from its mean loss: a loss is in [0, 1], and higher is worse. */
export const levelOfLoss = (measure: SegmentMeasure, loss: number): number => (measure === 'errors' ? loss : 1 - loss);

/** Share of the overall rise of the mean loss that lies inside a group, 0–1; 0 when nothing rose overall. */
export const contributionOf = (shareOfRows: number, rise: number, overallRise: number): number =>
  overallRise <= 0 ? 0 : Math.min(1, Math.max(0, (shareOfRows * rise) / overallRise));

/**
 * Mean of a group's losses with the variance of that mean. A loss varies in a group at least as much as in all rows: that is what
 * "nothing sets it apart" means, and ten calls of which none failed by chance are not certain never to.
 */
export interface GroupMean {
  readonly mean: number;
  readonly variance: number;
}

/** One-sided normal test of a difference in differences: that the group's mean grew more than that of the other rows. */
export function differenceInDifferences(
  group: { readonly before: GroupMean; readonly now: GroupMean },
  others: { readonly before: GroupMean; readonly now: GroupMean },
): { readonly pValue: number; readonly difference: number } {
  const difference = group.now.mean - group.before.mean - (others.now.mean - others.before.mean);
  const variance = group.now.variance + others.now.variance + group.before.variance + others.before.variance;
  return { pValue: normalSurvival(difference / Math.sqrt(variance)), difference };
}
