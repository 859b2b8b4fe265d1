import type { LabelCounts } from '../domain/profile.js';

/**
 * Expected calibration error over tenths of confidence: Σ nₖ/n · |accuracyₖ − middle of the tenth|. The middle stands for
 * the mean confidence of the tenth, so up to 0.05 of it is rounding. Null without labelled answers that had a confidence.
 */
export function expectedCalibrationError(labels: LabelCounts): number | null {
  const n = labels.labelledByConfidence.reduce((sum, count) => sum + count, 0);
  if (n === 0) return null;
  return labels.labelledByConfidence.reduce((sum, count, tenth) => {
    if (count === 0) return sum;
    return sum + (count / n) * Math.abs((labels.correctByConfidence[tenth] ?? 0) / count - (tenth + 0.5) / 10);
  }, 0);
}

/** Standard error of `expectedCalibrationError`, the tenths' shares held fixed: √Σ (nₖ/n)²·aₖ(1 − aₖ)/nₖ for accuracies aₖ. */
export function calibrationStandardError(labels: LabelCounts): number {
  const n = labels.labelledByConfidence.reduce((sum, count) => sum + count, 0);
  const variance = labels.labelledByConfidence.reduce((sum, count, tenth) => {
    if (count === 0) return sum;
    const accuracy = (labels.correctByConfidence[tenth] ?? 0) / count;
    return sum + ((count / n) ** 2 * accuracy * (1 - accuracy)) / count;
  }, 0);
  return Math.sqrt(variance);
}
