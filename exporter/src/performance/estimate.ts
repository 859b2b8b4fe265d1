import type { Finding } from '../domain/finding.js';
import type { PerformanceEstimate, RealisedPerformance } from '../domain/performance.js';
import type { WindowProfile } from '../domain/profile.js';
import { proportion } from '../statistics/clopper-pearson.js';
import { labelledShare } from '../statistics/label-counts.js';
import { meanAbsoluteError, meanErrorOf } from '../statistics/loss-counts.js';
import { estimateAccuracy } from './confidence-based.js';
import { estimateError } from './direct-loss.js';
import { extremeFeature } from './extremes.js';

/**
 * How good the answers of the window are, without their labels: confidence-based for classifiers, direct loss estimation
 * for quantities. Unknown where neither can be trusted: no labelled baseline, golden answers that moved, or inputs the
 * baseline never had.
 */
export function estimatePerformance(
  baseline: WindowProfile | null,
  window: WindowProfile,
  findings: readonly Finding[],
): PerformanceEstimate {
  const realised = neverMatch(baseline, window) ? { ...realisedIn(window), accuracy: null } : realisedIn(window);
  if (baseline === null) return { kind: 'unknown', reason: 'there is no baseline yet', realised };
  const reason = distrustOf(findings) ?? extremeFeature(baseline, window);
  const estimate =
    (meanAbsoluteError(baseline.labels.losses)?.count ?? 0) > baseline.labels.labelled
      ? estimateError(baseline, window)
      : estimateAccuracy(baseline, window);
  return estimate.kind === 'estimated' && reason !== null
    ? { kind: 'unknown', reason, realised }
    : { ...estimate, realised };
}

/** So many labels of which none equals its prediction, now or before, say that they are written otherwise. */
const NEVER_MATCHING = 50;

const neverMatch = (baseline: WindowProfile | null, { labels }: WindowProfile): boolean =>
  labels.labelled >= NEVER_MATCHING && labels.correct === 0 && (baseline?.labels.correct ?? 0) === 0;

/** What labels that have come show of a window. */
function realisedIn(window: WindowProfile): RealisedPerformance {
  const { labels } = window;
  return {
    labelledShare: labelledShare(window),
    accuracy: labels.labelled === 0 ? null : proportion(labels.correct, labels.labelled),
    error: meanErrorOf(labels.losses),
  };
}

/** Share of inputs that left what the baseline knew, above which nothing learnt there is a guide. */
const STRANGE_SHARE = 0.05;

function distrustOf(findings: readonly Finding[]): string | null {
  const moved = findings.find(({ detector }) => detector === 'golden-answers' || detector === 'answer-schema');
  if (moved !== undefined)
    return 'the model answers golden inputs differently, so what was learnt about its answers may not hold';
  const strange = findings.find(
    ({ detector, subject, statistic }) =>
      (detector === 'unseen-categories' || (detector === 'isolation-forest' && subject === 'rows')) &&
      statistic.value >= STRANGE_SHARE,
  );
  if (strange !== undefined) return 'inputs are unlike those of the baseline, where nothing learnt there is a guide';
  return null;
}
