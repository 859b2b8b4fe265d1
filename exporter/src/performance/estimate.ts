import type { Finding } from '../domain/finding.js';
import type { PerformanceEstimate } from '../domain/performance.js';
import type { NumericCounts, WindowProfile } from '../domain/profile.js';
import { proportion } from '../detection/statistics/clopper-pearson.js';
import { cellMiddle } from '../detection/statistics/grid.js';
import { numericTotal } from '../detection/statistics/signal-counts.js';
import { numericSignal } from '../detection/statistics/window-profile.js';
import { calibrate } from './confidence-calibration.js';

/** Labelled baseline answers below which confidence cannot be tied to being right. */
export const LEAST_LABELS = 200;
const LEAST_SAMPLES = 30;
const BLIND_TO = 'concept drift: the same inputs now having other right answers, and inputs unlike any in the baseline';
/** Share of inputs or answers that left what the baseline knew, above which confidence is no guide. */
const STRANGE_SHARE = 0.05;

/**
 * Accuracy of the window without its labels: confidence-based performance estimation (CBPE, NannyML), the mean calibrated
 * probability of being right, with a Poisson-binomial band; difference of confidences (DoC, Guillory et al. 2021) as a
 * second opinion. Unknown where confidence cannot be trusted: no labelled baseline, golden answers that moved, or inputs
 * the baseline never had.
 */
export function estimatePerformance(
  baseline: WindowProfile | null,
  window: WindowProfile,
  findings: readonly Finding[],
): PerformanceEstimate {
  const realised = window.labels.labelled === 0 ? null : proportion(window.labels.correct, window.labels.labelled);
  const unknown = (reason: string): PerformanceEstimate => ({ kind: 'unknown', reason, realised });
  if (baseline === null) return unknown('there is no baseline yet');
  const before = numericSignal(baseline, 'confidence');
  const now = numericSignal(window, 'confidence');
  if (before === null || now === null) return unknown('the model gives no confidence');
  const { labelled, correct } = baseline.labels;
  if (labelled < LEAST_LABELS) {
    return unknown(`the baseline holds ${labelled} labelled answers; ${LEAST_LABELS} tie confidence to being right`);
  }
  const samples = numericTotal(now);
  if (samples < LEAST_SAMPLES) return unknown(`${samples} answers with confidence; ${LEAST_SAMPLES} are needed`);
  const distrust = distrustOf(findings);
  if (distrust !== null) return unknown(distrust);

  const calibration = calibrate(baseline.labels, before);
  const { mean, variance } = expectation(now, (confidence) => calibration.probability(confidence));
  const standardError = Math.sqrt(variance / samples);
  const baselineAccuracy = proportion(correct, labelled);
  return {
    kind: 'estimated',
    accuracy: mean,
    band: {
      low: Math.max(0, mean - 1.96 * standardError),
      high: Math.min(1, mean + 1.96 * standardError),
      level: 0.95,
    },
    calibrated: calibration.corrects,
    crossCheck: baselineAccuracy.share - (meanOf(before) - meanOf(now)),
    baselineAccuracy,
    realised,
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

function distrustOf(findings: readonly Finding[]): string | null {
  const moved = findings.find(({ detector }) => detector === 'golden-answers' || detector === 'answer-schema');
  if (moved !== undefined)
    return 'the model answers golden inputs differently, so its confidence may mean something else';
  const strange = findings.find(
    ({ detector, statistic }) =>
      (detector === 'unseen-categories' || detector === 'isolation-forest') && statistic.value >= STRANGE_SHARE,
  );
  if (strange !== undefined) return 'inputs are unlike those of the baseline, where confidence is no guide';
  return null;
}
