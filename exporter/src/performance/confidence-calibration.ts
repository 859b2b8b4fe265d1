import type { LabelCounts, NumericCounts } from '../domain/profile.js';
import { cellMiddle } from '../statistics/grid.js';
import { isotonic, type WeightedPoint } from './isotonic.js';

/** Maps the confidence a model states to how often it is right. */
export interface ConfidenceCalibration {
  /** False when the stated confidence was kept, because correcting it would not have lowered its calibration error. */
  readonly corrects: boolean;
  probability(confidence: number): number;
}

const AS_STATED: ConfidenceCalibration = { corrects: false, probability: (confidence) => confidence };
const TENTHS = 10;

/** Mean stated confidence, accuracy and number of labelled answers per tenth of confidence that has any. */
function reliability(labels: LabelCounts, confidence: NumericCounts): WeightedPoint[] {
  const sums = new Array<number>(TENTHS).fill(0);
  const counts = new Array<number>(TENTHS).fill(0);
  for (const [cell, count] of confidence.cells) {
    const middle = cellMiddle(confidence.grid, cell);
    const tenth = Math.min(TENTHS - 1, Math.max(0, Math.floor(middle * TENTHS)));
    sums[tenth] = (sums[tenth] ?? 0) + middle * count;
    counts[tenth] = (counts[tenth] ?? 0) + count;
  }
  return labels.labelledByConfidence.flatMap((labelled, tenth) => {
    const count = counts[tenth] ?? 0;
    if (labelled === 0 || count === 0) return [];
    const correct = labels.correctByConfidence[tenth] ?? 0;
    return [{ x: (sums[tenth] ?? 0) / count, y: correct / labelled, weight: labelled }];
  });
}

/** Expected calibration error: |stated − right|, weighted. */
const error = (points: readonly WeightedPoint[], of: (x: number) => number): number =>
  points.reduce((sum, { x, y, weight }) => sum + weight * Math.abs(of(x) - y), 0) /
  Math.max(
    1,
    points.reduce((sum, { weight }) => sum + weight, 0),
  );

/** Line through the isotonic values at the tenths' mean confidences; offset of the nearest one outside them. */
function interpolation(points: readonly WeightedPoint[]): (x: number) => number {
  const values = isotonic(points);
  return (x) => {
    const above = points.findIndex((point) => point.x >= x);
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined) return x;
    const clip = (p: number): number => Math.min(1, Math.max(0, p));
    if (above === 0) return clip((values[0] ?? 0) + x - first.x);
    if (above < 0) return clip((values.at(-1) ?? 0) + x - last.x);
    const low = points[above - 1] ?? first;
    const high = points[above] ?? last;
    const part = high.x === low.x ? 0 : (x - low.x) / (high.x - low.x);
    return clip((values[above - 1] ?? 0) * (1 - part) + (values[above] ?? 0) * part);
  };
}

/**
 * Learns a calibration from the labelled baseline: isotonic over tenths of confidence. Kept only if the stated
 * confidence errs more than a perfectly calibrated one would by chance (√(p(1 − p)/n) per tenth): else correcting it
 * would fit noise. NannyML's gate asks the same of held-out folds; counts have no folds.
 */
export function calibrate(labels: LabelCounts, confidence: NumericCounts): ConfidenceCalibration {
  const points = reliability(labels, confidence);
  const stated = error(points, (x) => x);
  const noise =
    points.reduce((sum, { y, weight }) => sum + weight * Math.sqrt((y * (1 - y)) / weight), 0) /
    Math.max(
      1,
      points.reduce((sum, { weight }) => sum + weight, 0),
    );
  if (stated <= noise) return AS_STATED;
  return { corrects: true, probability: interpolation(points) };
}
