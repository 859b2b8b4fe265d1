import { kolmogorovSmirnov } from '../../statistics/kolmogorov-smirnov.js';
import { blind, found, nothing, pairOf, type DetectionInput, type Detector } from '../detection-input.js';
import { numericShift } from './numeric-shift.js';

/** Confidence is distributed differently than in the baseline: two-sample Kolmogorov–Smirnov with its companions. */
export const confidenceDistribution: Detector = {
  id: 'confidence-distribution',
  detect(input) {
    if (input.baseline === null) return blind('confidence against the past', 'no baseline is admitted yet');
    const pair = pairOf(input, 'confidence');
    if (pair?.kind !== 'numeric') return nothing;
    const finding = numericShift(
      input,
      {
        detector: 'confidence-distribution',
        key: 'confidence',
        name: 'Confidence',
        kindOf: ({ meanNow, meanBefore }) => (meanNow < meanBefore ? 'quality' : 'data'),
      },
      pair.before,
      pair.now,
      exactPValue(input),
    );
    return finding === null ? nothing : found(finding);
  },
};

function exactPValue(input: DetectionInput): number | null {
  const confidences = (rows: DetectionInput['rows']): number[] =>
    rows.flatMap((row) => (row.confidence === null ? [] : [row.confidence]));
  const now = confidences(input.rows);
  const before = confidences(input.baselineRows);
  if (before.length < input.thresholds.minimumWindowSamples || now.length < input.thresholds.minimumWindowSamples)
    return null;
  return kolmogorovSmirnov(before, now).pValue;
}
