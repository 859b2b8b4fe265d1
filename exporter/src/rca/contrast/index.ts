import type { Contrast } from '../../domain/contrast.js';
import type { FeatureEvidence } from '../../domain/evidence.js';
import { spearman } from '../../detection/statistics/spearman.js';
import type { Observation, Prediction } from '../../domain/observation.js';
import type { BaselineProfile, WindowProfile } from '../../domain/profile.js';
import { answerBands } from './answer-bands.js';
import { labelAssociation } from './label-association.js';
import { lostSegment } from './lost-segment.js';
import { missingTogether } from './missing-together.js';
import { mixExplains } from './mix-explains.js';
import { precisionLoss } from './precision-loss.js';
import { sameHour } from './same-hour.js';
import { worstGroup } from './worst-group.js';

const FEWEST_FOR_TREND = 60;
const FEWEST_FAILURES = 8;

export interface ContrastInput {
  readonly baseline: BaselineProfile | null;
  readonly window: WindowProfile;
  /** The newest part of the window alone, so that a transformation is not judged on a mixture. */
  readonly newest: WindowProfile;
  readonly features: readonly FeatureEvidence[];
  readonly rows: readonly Observation[];
  readonly baselineRows: readonly Observation[];
}

const textOf = (answer: Prediction): string => String(answer).trim();

/** True when the answer is wrong; null when that cannot be told. */
const wrong = ({ prediction, label }: Observation): boolean | null =>
  prediction === null || label === null ? null : textOf(prediction) !== textOf(label);

const labelledShare = (profile: WindowProfile): number | null => {
  const answered = profile.calls - Object.values(profile.failures).reduce((sum, count) => sum + count, 0);
  return answered <= 0 ? null : Math.min(1, profile.labels.labelled / answered);
};

/** Two features whose values each look like the other's. */
function pairIn(features: readonly FeatureEvidence[]): Contrast['swappedPair'] {
  for (const { feature, hint } of features) {
    const other = hint?.transformation === 'swap' ? hint.parameters['with'] : undefined;
    if (hint !== null && typeof other === 'string') return { features: [feature, other], fit: hint.fit };
  }
  return null;
}

/** Compares the window with the baseline in the ways that tell causes apart which look alike in each signal by itself. */
export function contrastEvidence(input: ContrastInput): Contrast {
  const { baseline, window, newest, features, rows, baselineRows } = input;
  const moved = features.filter(({ moved: has }) => has).map(({ feature }) => feature);
  const categorical = features
    .filter((entry) => entry.moved && entry.kind === 'categorical')
    .map(({ feature }) => feature);
  const failed = rows.filter(({ failure }) => failure !== null).length;
  const errors = rows.flatMap((row) => {
    const isWrong = wrong(row);
    return isWrong === null ? [] : [isWrong ? 1 : 0];
  });
  return {
    missingTogether: missingTogether(features, rows),
    mixExplains: categorical.length === 0 ? null : mixExplains(features, categorical, rows, baselineRows),
    answerBands: answerBands(rows, baselineRows),
    failuresBySegment:
      failed < FEWEST_FAILURES || failed === rows.length
        ? null
        : worstGroup(rows, baselineRows, ({ failure }) => failure !== null),
    lostSegment: baseline === null ? null : lostSegment(baseline.profile, newest),
    errorsBySegment: worstGroup(rows, baselineRows, wrong),
    labelAssociation: labelAssociation(rows, baselineRows),
    sameHour: baseline === null ? null : sameHour(moved, window, baseline.profile, rows, baselineRows),
    errorTrend:
      errors.length < FEWEST_FOR_TREND
        ? null
        : spearman(
            errors.map((_, i) => i),
            errors,
          ).correlation,
    precisionLoss: baseline === null ? null : precisionLoss(moved, baseline.profile, newest),
    swappedPair: pairIn(features),
    labelledBefore: baseline === null ? null : labelledShare(baseline.profile),
    labelledNow: labelledShare(window),
  };
}
