import { brief } from '../../domain/quantity-text.js';
import type { NamedStatistic } from '../../domain/finding.js';
import { compareNumeric } from '../../statistics/compare.js';
import { quantileInterval } from '../../statistics/quantile-interval.js';
import { summariseNumeric } from '../../statistics/signal-counts.js';
import { numericSignal } from '../../statistics/window-profile.js';
import {
  found,
  nothing,
  pairOf,
  significancePerSignal,
  windowOf,
  type DetectionInput,
  type Detector,
  type DetectorResult,
} from '../detection-input.js';
import type { LevelSummary } from '../../domain/estimate.js';

/** Below this difference a slower answer is nothing a user would feel. */
const LEAST_DIFFERENCE_SECONDS = 0.05;
const FEWEST_SAMPLES = 5;

/** Answers come later than in the baseline (95th percentile), or simply late when there is none. */
export const latencyRegression: Detector = {
  id: 'latency-regression',
  detect(input) {
    const pair = pairOf(input, 'latency_seconds');
    return pair?.kind === 'numeric' ? againstBaseline(input, pair.before, pair.now) : alone(input);
  },
};

type Counts = Parameters<typeof compareNumeric>[0];

function againstBaseline(input: DetectionInput, beforeCounts: Counts, nowCounts: Counts): DetectorResult {
  const before = summariseNumeric(beforeCounts);
  const now = summariseNumeric(nowCounts);
  if (before === null || now === null) return nothing;
  const { ksPValue } = compareNumeric(beforeCounts, nowCounts);
  const ratio = now.p95 / Math.max(before.p95, 1e-6);
  if (ratio < input.thresholds.latencyRatio || now.p95 - before.p95 < LEAST_DIFFERENCE_SECONDS) return nothing;
  if (ksPValue >= significancePerSignal(input)) return nothing;
  const statistic = { name: 'p95_ratio', value: ratio };
  return late(input, nowCounts, now.p95, { statistic, threshold: input.thresholds.latencyRatio, before, ksPValue });
}

function alone(input: DetectionInput): DetectorResult {
  const counts = numericSignal(input.window, 'latency_seconds');
  const now = counts === null ? null : summariseNumeric(counts);
  const threshold = input.thresholds.slowLatencySeconds;
  if (counts === null || now === null || now.samples < FEWEST_SAMPLES || now.p95 <= threshold) return nothing;
  const statistic = { name: 'p95_seconds', value: now.p95 };
  return late(input, counts, now.p95, { statistic, threshold, before: null, ksPValue: null });
}

interface Against {
  readonly statistic: NamedStatistic;
  readonly threshold: number;
  readonly before: LevelSummary | null;
  readonly ksPValue: number | null;
}

function late(input: DetectionInput, counts: Counts, now: number, against: Against): DetectorResult {
  const before = against.before?.p95 ?? null;
  const interval = quantileInterval(counts, 0.95);
  const compared = before === null ? '' : `, before ${brief(before)} s (× ${brief(now / Math.max(before, 1e-6))})`;
  return found({
    detector: 'latency-regression',
    subject: 'latency_seconds',
    kind: 'service',
    direction: 'up',
    statistic: against.statistic,
    threshold: against.threshold,
    pValue: against.ksPValue,
    effect: {
      measure: 'seconds',
      value: now - (before ?? 0),
      interval:
        interval === null
          ? null
          : { ...interval, low: interval.low - (before ?? 0), high: interval.high - (before ?? 0) },
    },
    statistics: [],
    before,
    now,
    window: windowOf(input),
    baselineSamples: against.before?.samples ?? null,
    sentence: `The slowest 5 % of responses take ${brief(now)} s or more${compared}.`,
  });
}
