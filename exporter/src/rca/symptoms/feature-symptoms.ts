import { isAboutAnswers } from '../../domain/generation.js';
import { compareCategorical, compareNumeric, isUnseenBeyondChance } from '../../statistics/compare.js';
import {
  invalidShare,
  isIdentifierLike,
  numericTotal,
  quantileOf,
  validTotal,
} from '../../statistics/signal-counts.js';
import type { DetectorId, Finding } from '../../domain/finding.js';
import type { MonitoredModelState } from '../../domain/monitored-model-state.js';
import type { Observation } from '../../domain/observation.js';
import { absentIn, type NumericCounts, type SignalCounts, type WindowProfile } from '../../domain/profile.js';
import type { FeatureEvidence } from '../../domain/symptoms.js';
import { repairHints } from '../repair/index.js';
import { MAX_REPAIR_ROWS } from './newest-rows.js';

/** −log₁₀ p from which a comparison counts as a change even where no detector reports it (p < 10⁻⁵), and its cap. */
const MIN_MINUS_LOG10_P = 5;
const MAX_MINUS_LOG10_P = 300;
/** One-sided error of the lower bound of a share of unseen categories that no detector reports. */
const UNSEEN_ERROR = 0.01;
const INPUT_DETECTORS: ReadonlySet<DetectorId> = new Set([
  'numeric-drift',
  'categorical-drift',
  'missing-values',
  'invalid-values',
  'unseen-categories',
  'sequential-evidence',
]);

/**
 * How far each feature moved, whether a detector reported it, and the transformation behind it; changed ones first, farthest first.
 * Empty without a baseline: then nothing is known to have moved, nor to have stayed.
 */
export function featureEvidence(
  state: MonitoredModelState,
  findings: readonly Finding[],
  newest: WindowProfile,
  recent: readonly Observation[] | null,
): FeatureEvidence[] {
  const { baseline, window } = state;
  if (baseline === null) return [];
  const reported = new Set(
    findings.filter(({ detector }) => INPUT_DETECTORS.has(detector)).map(({ subject }) => subject as string),
  );
  const entries: Omit<FeatureEvidence, 'hint'>[] = [];
  for (const [key, now] of window.signals) {
    if (!key.startsWith('feature:') || isAboutAnswers(key)) continue;
    const before = baseline.profile.signals.get(key);
    entries.push({
      ...featureOf(key.slice('feature:'.length), before, now, reported.has(key)),
      ...lostShares(baseline.profile, before, window, now),
      spreadRatio: spreadRatio(before, newest.signals.get(key)),
    });
  }
  const changed = entries.filter((entry) => entry.changed).map(({ feature }) => feature);
  const hints = repairHints(
    changed,
    { counts: baseline.profile, rows: state.baselineRows.slice(-MAX_REPAIR_ROWS) },
    { counts: newest, rows: recent ?? [] },
    (feature) => startOf(state, feature),
  );
  const evidence = entries.map((entry): FeatureEvidence => ({ ...entry, hint: hints.get(entry.feature) ?? null }));
  return evidence.sort((a, b) => Number(b.changed) - Number(a.changed) || b.distance - a.distance);
}

/** When the feature's own evidence says that its change began, or else the model's. */
function startOf({ evidence }: MonitoredModelState, feature: string): number | null {
  const own = evidence?.signals.find(({ subject }) => subject === `feature:${feature}`);
  return own?.watch === 'changed' ? own.changeAtMs : (evidence?.changeAtMs ?? null);
}

type LostShares = Pick<FeatureEvidence, 'missingBefore' | 'missingNow' | 'absentNow'>;

/** Shares of rows that hold no value of a feature, and of those that did not send it at all. */
function lostShares(
  profileBefore: WindowProfile,
  before: SignalCounts | undefined,
  window: WindowProfile,
  now: SignalCounts,
): LostShares {
  const lost = (
    profile: WindowProfile,
    counts: SignalCounts,
  ): { readonly absent: number; readonly missing: number } => {
    const absent = absentIn(profile, counts);
    const all = Math.max(1, validTotal(counts) + counts.missing + counts.invalid + absent);
    return { absent: absent / all, missing: (absent + counts.missing) / all };
  };
  const lostNow = lost(window, now);
  return {
    // What the baseline never had was missing in all of it.
    missingBefore: before === undefined ? 1 : lost(profileBefore, before).missing,
    missingNow: lostNow.missing,
    absentNow: lostNow.absent,
  };
}

function featureOf(
  feature: string,
  before: SignalCounts | undefined,
  now: SignalCounts,
  reported: boolean,
): Omit<FeatureEvidence, 'hint' | 'spreadRatio' | keyof LostShares> {
  const common = {
    feature,
    samples: validTotal(now),
    invalidBefore: before === undefined ? 0 : invalidShare(before),
    invalidNow: invalidShare(now),
    reported,
  };
  const unlikeliness = (pValue: number | undefined): Pick<FeatureEvidence, 'minusLog10P' | 'changed'> => {
    const minusLog10P = pValue === undefined ? 0 : Math.min(MAX_MINUS_LOG10_P, -Math.log10(Math.max(pValue, 1e-300)));
    return { minusLog10P, changed: reported || minusLog10P >= MIN_MINUS_LOG10_P };
  };
  if (now.kind === 'numeric') {
    const comparison = before?.kind === 'numeric' ? compareNumeric(before, now) : null;
    return {
      ...common,
      ...unlikeliness(comparison?.ksPValue),
      kind: 'numeric',
      distance: comparison?.ksStatistic ?? 0,
      meanShift: comparison?.meanShift ?? null,
      unseenShare: 0,
    };
  }
  const isCompared = before?.kind === 'categorical' && !isIdentifierLike(before);
  const comparison = isCompared ? compareCategorical(before, now) : null;
  return {
    ...common,
    ...unlikeliness(comparison?.chiSquared.pValue),
    kind: 'categorical',
    distance: comparison?.totalVariation ?? 0,
    meanShift: null,
    unseenShare: comparison !== null && isUnseenBeyondChance(comparison, UNSEEN_ERROR) ? comparison.unseenShare : 0,
  };
}

/** Distance from the 5th to the 95th percentile, now ÷ before; null for categories and constants. */
function spreadRatio(before: SignalCounts | undefined, now: SignalCounts | undefined): number | null {
  if (before?.kind !== 'numeric' || now?.kind !== 'numeric') return null;
  const spread = (counts: NumericCounts): number => (quantileOf(counts, 0.95) ?? 0) - (quantileOf(counts, 0.05) ?? 0);
  const was = spread(before);
  return was <= 0 || numericTotal(now) === 0 ? null : spread(now) / was;
}
