import { counted } from '../domain/quantity-text.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { NumericCounts, WindowProfile } from '../domain/profile.js';
import { proportion } from '../statistics/clopper-pearson.js';
import { cellMiddle } from '../statistics/grid.js';
import { numericTotal } from '../statistics/signal-counts.js';
import { numericSignal } from '../statistics/window-profile.js';
import { calibrate } from './confidence-calibration.js';

/** An estimate without what labels already show. */
export type Estimate = PerformanceEstimate extends infer Each
  ? Each extends PerformanceEstimate
    ? Omit<Each, 'realised'>
    : never
  : never;

/** Labelled baseline answers below which nothing can be learnt about being right. */
export const MIN_LABELS = 200;
export const MIN_SAMPLES = 30;
export const BLIND_TO =
  'concept drift: the same inputs now having other right answers, and inputs unlike any in the baseline';

export const unknown = (reason: string): Estimate => ({ kind: 'unknown', reason });

/**
 * Accuracy of the window without its labels: confidence-based performance estimation (CBPE, NannyML), the mean calibrated
 * probability of being right, with a Poisson-binomial band; difference of confidences (DoC, Guillory et al. 2021) as a
 * second opinion.
 */
export function estimateAccuracy(baseline: WindowProfile, window: WindowProfile): Estimate {
  const before = numericSignal(baseline, 'confidence');
  const now = numericSignal(window, 'confidence');
  if (before === null || now === null) return unknown('the model gives no confidence');
  const { labelled, correct } = baseline.labels;
  if (labelled < MIN_LABELS) {
    return unknown(`the baseline holds ${labelled} labelled answers; ${MIN_LABELS} tie confidence to being right`);
  }
  const samples = numericTotal(now);
  if (samples < MIN_SAMPLES)
    return unknown(`${counted(samples, 'response')} with confidence; ${MIN_SAMPLES} are needed`);
  const calibration = calibrate(baseline.labels, before);
  const { mean, variance } = expectation(now, (confidence) => calibration.probability(confidence));
  const standardError = Math.sqrt(variance / samples);
  const baselineAccuracy = proportion(correct, labelled);
  return {
    kind: 'estimated',
    measure: 'accuracy',
    accuracy: mean,
    band: {
      low: Math.max(0, mean - 1.96 * standardError),
      high: Math.min(1, mean + 1.96 * standardError),
      level: 0.95,
    },
    calibrated: calibration.corrects,
    crossCheck: baselineAccuracy.share - (meanOf(before) - meanOf(now)),
    baselineAccuracy,
    samples,
    blindTo: BLIND_TO,
  };
}

const identity = (x: number): number => x;
const meanOf = (counts: NumericCounts): number => expectation(counts, identity).mean;

/** Mean of p over the counts, and the mean of p(1 − p): the variance of one Poisson-binomial trial. */
function expectation(
  counts: NumericCounts,
  probability: (confidence: number) => number,
): { readonly mean: number; readonly variance: number } {
  let total = 0;
  let sum = 0;
  let spread = 0;
  for (const [cell, count] of counts.cells) {
    const p = probability(cellMiddle(counts.grid, cell));
    total += count;
    sum += p * count;
    spread += p * (1 - p) * count;
  }
  return { mean: sum / total, variance: spread / total };
}
