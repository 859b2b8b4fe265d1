import { isWrong } from '../../domain/observation.js';
import type { CountDifferential, RowDifferential, SegmentDifference } from '../../domain/differential.js';
import type { FeatureEvidence, SegmentEvidence } from '../../domain/symptoms.js';
import { labelledShare } from '../../statistics/label-counts.js';
import { spearman } from '../../statistics/spearman.js';
import type { Observation } from '../../domain/observation.js';
import type { BaselineProfile, WindowProfile } from '../../domain/profile.js';
import { answerBands } from './answer-bands.js';
import { exchangedLabels } from './exchanged-labels.js';
import { labelAssociation } from './label-association.js';
import { lostSegment } from './lost-segment.js';
import { missingTogether } from './missing-together.js';
import { mixExplains } from './mix-explains.js';
import { precisionLoss } from './precision-loss.js';
import { sameHour } from './same-hour.js';

/** Labelled rows from which a trend of errors is computed. */
const MIN_TREND_ROWS = 60;

/** Two features whose values each look like the other's. */
function pairIn(features: readonly FeatureEvidence[]): CountDifferential['swappedPair'] {
  for (const { feature, hint } of features) {
    const other = hint?.transformation === 'swap' ? hint.parameters['with'] : undefined;
    if (hint !== null && typeof other === 'string') return { features: [feature, other], fit: hint.fit };
  }
  return null;
}

const changedIn = (features: readonly FeatureEvidence[]): string[] =>
  features.filter(({ changed }) => changed).map(({ feature }) => feature);

/**
 * What sets causes apart that look alike in each signal by itself, as far as counts show it.
 * @param newest the newest part of the window alone: on a mixture of old and new rows no transformation fits
 */
export function differentialOfCounts(
  baseline: BaselineProfile | null,
  window: WindowProfile,
  newest: WindowProfile,
  features: readonly FeatureEvidence[],
): CountDifferential {
  return {
    lostSegment: baseline === null ? null : lostSegment(baseline.profile, newest),
    precisionLoss: baseline === null ? null : precisionLoss(changedIn(features), baseline.profile, newest),
    swappedPair: pairIn(features),
    labelledBefore: baseline === null ? null : labelledShare(baseline.profile),
    labelledNow: labelledShare(window),
  };
}

/** The same as far as it needs rows. */
export function differentialOfRows(
  features: readonly FeatureEvidence[],
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
  segments: readonly SegmentEvidence[],
): RowDifferential {
  const categorical = features
    .filter((entry) => entry.changed)
    .filter(({ kind }) => kind === 'categorical')
    .map(({ feature }) => feature);
  const errors = rows.flatMap((row) => {
    const wrong = isWrong(row);
    return wrong === null ? [] : [wrong ? 1 : 0];
  });
  return {
    missingTogether: missingTogether(features, rows),
    mixExplains: categorical.length === 0 ? null : mixExplains(features, categorical, rows, baselineRows),
    answerBands: answerBands(rows, baselineRows),
    ...differentialOfSegments(segments),
    labelAssociation: labelAssociation(rows, baselineRows),
    exchangedLabels: exchangedLabels(rows, baselineRows),
    sameHour: sameHour(changedIn(features), rows, baselineRows),
    errorTrend:
      errors.length < MIN_TREND_ROWS
        ? null
        : spearman(
            errors.map((_, i) => i),
            errors,
          ).correlation,
  };
}

/** Where failures and wrong answers concentrate, by the segments found. */
export const differentialOfSegments = (
  segments: readonly SegmentEvidence[],
): Pick<RowDifferential, 'failuresBySegment' | 'errorsBySegment'> => ({
  failuresBySegment: hardestHit(segments, 'errors'),
  errorsBySegment: hardestHit(segments, 'accuracy'),
});

/** The segment that holds most of the change of a measure, as rises of the share that failed or was wrong. */
function hardestHit(
  segments: readonly SegmentEvidence[],
  measure: SegmentEvidence['measure'],
): SegmentDifference | null {
  const [first] = segments
    .filter((segment) => segment.measure === measure && segment.before !== null)
    .sort((a, b) => b.contribution - a.contribution);
  if (first === undefined) return null;
  const { predicate, predicates, rows, before, now, restChange, contribution } = first;
  const sign = measure === 'accuracy' ? -1 : 1;
  return {
    features: predicates.map(({ feature }) => feature),
    predicate,
    rows,
    inside: sign * (now - (before ?? 0)),
    outside: sign * (restChange ?? 0),
    contribution,
  };
}
