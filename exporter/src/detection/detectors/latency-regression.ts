import { compareNumeric } from '../statistics/compare.js';
import { summariseNumeric } from '../statistics/signal-counts.js';
import { numericSignal } from '../statistics/window-profile.js';
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
  const comparison = compareNumeric(beforeCounts, nowCounts);
  const ratio = now.p95 / Math.max(before.p95, 1e-6);
  if (ratio < input.thresholds.latencyRatio || now.p95 - before.p95 < LEAST_DIFFERENCE_SECONDS) return nothing;
  if (comparison.ksPValue >= significancePerSignal(input)) return nothing;
  return late(
    input,
    ratio,
    input.thresholds.latencyRatio,
    'p95_ratio',
    before.p95,
    now.p95,
    before.samples,
    comparison.ksPValue,
  );
}

function alone(input: DetectionInput): DetectorResult {
  const counts = numericSignal(input.window, 'latency_seconds');
  const now = counts === null ? null : summariseNumeric(counts);
  const line = input.thresholds.slowLatencySeconds;
  if (now === null || now.samples < FEWEST_SAMPLES || now.p95 <= line) return nothing;
  return late(input, now.p95, line, 'p95_seconds', null, now.p95, null, null);
}

function late(
  input: DetectionInput,
  value: number,
  threshold: number,
  name: string,
  before: number | null,
  now: number,
  baselineSamples: number | null,
  pValue: number | null,
): DetectorResult {
  const compared =
    before === null ? '' : `, before ${before.toFixed(3)} s (× ${(now / Math.max(before, 1e-6)).toFixed(1)})`;
  return found({
    detector: 'latency-regression',
    subject: 'latency_seconds',
    kind: 'service',
    direction: 'up',
    statistic: { name, value },
    threshold,
    pValue,
    effect: { measure: 'seconds', value: now - (before ?? 0), interval: null },
    statistics: [],
    before,
    now,
    window: windowOf(input),
    baselineSamples,
    sentence: `The slowest twentieth of answers takes ${now.toFixed(3)} s or more${compared}.`,
  });
}
