import { mean, sampleVariance } from 'simple-statistics';
import { spearman } from '../../statistics/spearman.js';
import { differenceOfMeans, type Moments } from '../../statistics/welch.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_SAMPLES = 20;
const LEAST_DROP = 0.1;

const momentsOf = (values: number[]): Moments => ({
  samples: values.length,
  mean: mean(values),
  variance: sampleVariance(values),
});

/** Confidence falls steadily inside the window itself: needs no baseline, so it also shows while one is being learnt. */
export const confidenceTrend: Detector = {
  id: 'confidence-trend',
  detect(input) {
    const confidences = input.rows.flatMap((row) => (row.confidence === null ? [] : [row.confidence]));
    if (confidences.length < FEWEST_SAMPLES) return nothing;
    const { correlation, pValue } = spearman(
      confidences.map((_, i) => i),
      confidences,
    );
    const quarter = Math.floor(confidences.length / 4);
    const firstQuarter = momentsOf(confidences.slice(0, quarter));
    const lastQuarter = momentsOf(confidences.slice(-quarter));
    const first = firstQuarter.mean;
    const last = lastQuarter.mean;
    const { thresholds } = input;
    if (correlation > -thresholds.trend || pValue >= thresholds.significance || first - last < LEAST_DROP)
      return nothing;
    return found({
      detector: 'confidence-trend',
      subject: 'confidence',
      kind: 'quality',
      direction: 'down',
      statistic: { name: 'spearman_with_time', value: correlation },
      threshold: -thresholds.trend,
      pValue,
      effect: {
        measure: 'confidence',
        value: last - first,
        interval: differenceOfMeans(firstQuarter, lastQuarter),
      },
      statistics: [],
      before: first,
      now: last,
      window: windowOf(input),
      baselineSamples: null,
      sentence: `Confidence falls answer by answer: ${first.toFixed(2)} in the first quarter of ${confidences.length} answers, ${last.toFixed(2)} in the last.`,
    });
  },
};
