import { mean } from 'simple-statistics';
import { expectedCalibrationError } from '../../statistics/calibration.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { compareCategorical, compareNumeric } from '../../statistics/compare.js';
import { meanErrorOf } from '../../statistics/loss-counts.js';
import { categoricalTotal, numericTotal } from '../../statistics/signal-counts.js';
import { spearman } from '../../statistics/spearman.js';
import type { Observation } from '../../domain/observation.js';
import type { MeanError } from '../../domain/performance.js';
import type { BaselineProfile, LabelCounts, SignalCounts, WindowProfile } from '../../domain/profile.js';
import type { ConfidenceEvidence, LabelEvidence, PredictionEvidence } from '../../domain/symptoms.js';
import { levelOf } from './service-symptoms.js';

/** Answers with a confidence from which a trend and quarters are computed. */
const MIN_TREND_ROWS = 10;

/** Classes may be numbers, but not so many. */
const MOST_NUMBERED_CLASSES = 30;

function topShare(
  counts: SignalCounts | undefined,
): { readonly share: number; readonly distinct: number; readonly samples: number } | null {
  if (counts === undefined) return null;
  const values = counts.kind === 'numeric' ? [...counts.cells.values()] : [...counts.categories.values()];
  const samples = counts.kind === 'numeric' ? numericTotal(counts) : categoricalTotal(counts);
  return samples === 0 ? null : { share: Math.max(0, ...values) / samples, distinct: values.length, samples };
}

/** How the answers are distributed, and how far their mix moved. */
export function predictionEvidence(baseline: BaselineProfile | null, window: WindowProfile): PredictionEvidence {
  const countsNow = window.signals.get('prediction');
  const countsBefore = baseline?.profile.signals.get('prediction');
  const now = topShare(countsNow);
  let mixDistance: number | null = null;
  if (countsNow?.kind === 'categorical' && countsBefore?.kind === 'categorical')
    mixDistance = compareCategorical(countsBefore, countsNow).totalVariation;
  if (countsNow?.kind === 'numeric' && countsBefore?.kind === 'numeric')
    mixDistance = compareNumeric(countsBefore, countsNow).ksStatistic;
  return {
    samples: now?.samples ?? 0,
    distinct: now?.distinct ?? 0,
    topShare: now?.share ?? 0,
    topShareBefore: topShare(countsBefore)?.share ?? null,
    mixDistance,
    isQuantity: [countsBefore, countsNow].some(
      (counts) => counts?.kind === 'numeric' && counts.cells.size > MOST_NUMBERED_CLASSES,
    ),
  };
}

/** Level of confidence before and now, and its trend inside the window. */
export function confidenceEvidence(
  baseline: BaselineProfile | null,
  window: WindowProfile,
  rows: readonly Observation[],
): ConfidenceEvidence {
  const now = levelOf(window, 'confidence');
  const confidences = rows.flatMap((row) => (row.confidence === null ? [] : [row.confidence]));
  const enough = confidences.length >= MIN_TREND_ROWS;
  const quarter = Math.max(1, Math.floor(confidences.length / 4));
  return {
    present: now !== null,
    before: levelOf(baseline?.profile, 'confidence'),
    now,
    trend: enough
      ? spearman(
          confidences.map((_, i) => i),
          confidences,
        ).correlation
      : null,
    firstQuarterMean: enough ? mean(confidences.slice(0, quarter)) : null,
    lastQuarterMean: enough ? mean(confidences.slice(-quarter)) : null,
  };
}

/** Accuracy and calibration error before and now, as far as labels came. */
export function labelEvidence(baseline: BaselineProfile | null, window: WindowProfile): LabelEvidence {
  const accuracy = (labels: LabelCounts | undefined): LabelEvidence['accuracyNow'] =>
    labels === undefined || labels.labelled === 0 ? null : proportion(labels.correct, labels.labelled);
  const meanError = (labels: LabelCounts | undefined): MeanError | null => meanErrorOf(labels?.losses ?? {});
  return {
    accuracyBefore: accuracy(baseline?.profile.labels),
    accuracyNow: accuracy(window.labels),
    errorBefore: meanError(baseline?.profile.labels),
    errorNow: meanError(window.labels),
    calibrationErrorBefore: baseline === null ? null : expectedCalibrationError(baseline.profile.labels),
    calibrationErrorNow: expectedCalibrationError(window.labels),
  };
}
