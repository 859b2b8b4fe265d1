import { isAboutAnswers } from '../../domain/generation.js';
import { percent } from '../../domain/quantity-text.js';
import type { DetectorId, Finding } from '../../domain/finding.js';
import type { CategoricalCounts, SignalKey } from '../../domain/profile.js';
import { compareCategorical } from '../../statistics/compare.js';
import { isNameable } from '../../statistics/rare-categories.js';
import { categoricalTotal } from '../../statistics/signal-counts.js';
import { significancePerSignal, windowOf, type DetectionInput } from '../detection-input.js';

/** Compares a categorical signal with its baseline; a finding needs a significant χ² and a material distance. */
export function categoricalShift(
  input: DetectionInput,
  detector: DetectorId,
  key: SignalKey,
  name: string,
  before: CategoricalCounts,
  now: CategoricalCounts,
): Finding | null {
  const comparison = compareCategorical(before, now);
  const { chiSquared, totalVariation } = comparison;
  if (chiSquared.pValue >= significancePerSignal(input) || totalVariation < input.thresholds.distance) return null;
  return {
    detector,
    subject: key,
    kind: isAboutAnswers(key) ? 'model' : 'data',
    direction: 'changed',
    statistic: { name: 'total_variation', value: totalVariation },
    threshold: input.thresholds.distance,
    pValue: chiSquared.pValue,
    effect: { measure: 'distance', value: totalVariation, interval: comparison.totalVariationInterval },
    statistics: [
      { name: 'chi_squared', value: chiSquared.statistic },
      { name: 'cramers_v', value: comparison.cramersV },
      { name: 'jensen_shannon', value: comparison.jensenShannonDistance },
      { name: 'psi', value: comparison.psi },
      { name: 'psi_null_expectation', value: comparison.psiNullExpectation },
      { name: 'unseen_share', value: comparison.unseenShare },
    ],
    before: null,
    now: null,
    window: windowOf(input),
    baselineSamples: comparison.nBefore,
    sentence: `The mix of ${name} changed: ${percent(totalVariation)} of the values moved to other categories${largestMove(before, now)}.`,
  };
}

/** Names the category that moved most; only categories seen often enough to be no single person's value. */
function largestMove(before: CategoricalCounts, now: CategoricalCounts): string {
  const n = categoricalTotal(before);
  const m = categoricalTotal(now);
  let largest = { name: '', from: 0, to: 0 };
  for (const name of new Set([...before.categories.keys(), ...now.categories.keys()])) {
    const from = (before.categories.get(name) ?? 0) / n;
    const to = (now.categories.get(name) ?? 0) / m;
    if (Math.abs(to - from) > Math.abs(largest.to - largest.from) && isNameable(name, before, now))
      largest = { name, from, to };
  }
  return largest.name === ''
    ? ''
    : `; most of all “${largest.name.slice(0, 40)}”, from ${percent(largest.from)} to ${percent(largest.to)}`;
}
