import type { DetectorId, Finding, FindingKind } from '../../domain/finding.js';
import type { NumericCounts, SignalKey } from '../../domain/profile.js';
import { compareNumeric, type NumericComparison } from '../../statistics/compare.js';
import { brief, standardDeviationsText } from '../../domain/quantity-text.js';
import { significancePerSignal, windowOf, type DetectionInput } from '../detection-input.js';

/** How one numeric signal is called and judged by the detector that asks. */
export interface NumericQuestion {
  readonly detector: DetectorId;
  readonly key: SignalKey;
  /** As it reads in a sentence, e.g. "`age`" or "Confidence". */
  readonly name: string;
  readonly kindOf: (comparison: NumericComparison) => FindingKind;
}

/** Material in at least one respect: mean, spread, or shape of the distribution. */
function isMaterial(comparison: NumericComparison, input: DetectionInput): boolean {
  const { meanShift, varianceRatio, populationStability, distance } = input.thresholds;
  const spreadMoved =
    comparison.varianceRatioPValue < significancePerSignal(input) &&
    (comparison.varianceRatio >= varianceRatio || comparison.varianceRatio <= 1 / varianceRatio);
  return (
    (Math.abs(comparison.meanShift) >= meanShift && comparison.welchPValue < significancePerSignal(input)) ||
    spreadMoved ||
    (comparison.psi - comparison.psiNullExpectation >= populationStability &&
      comparison.ksPValue < significancePerSignal(input)) ||
    (comparison.ksStatistic >= distance && comparison.ksPValue < significancePerSignal(input))
  );
}

/**
 * Compares a numeric signal with its baseline; a finding needs a significant and a material difference.
 * @param exactPValue p of the exact test on raw values where those are still in memory
 */
export function numericShift(
  input: DetectionInput,
  question: NumericQuestion,
  before: NumericCounts,
  now: NumericCounts,
  exactPValue: number | null = null,
): Finding | null {
  const comparison = compareNumeric(before, now, input.baseline?.bins.get(question.key) ?? []);
  const pValue = exactPValue ?? comparison.ksPValue;
  const significant =
    Math.min(pValue, comparison.welchPValue, comparison.varianceRatioPValue) < significancePerSignal(input);
  if (!significant || !isMaterial(comparison, input)) return null;
  const { meanBefore, meanNow, meanShift } = comparison;
  const direction = Math.abs(meanShift) < input.thresholds.meanShift / 2 ? 'changed' : meanShift > 0 ? 'up' : 'down';
  return {
    detector: question.detector,
    subject: question.key,
    kind: question.kindOf(comparison),
    direction,
    statistic: { name: 'ks', value: comparison.ksStatistic },
    threshold: input.thresholds.distance,
    pValue,
    effect: { measure: 'standard-deviations', value: meanShift, interval: comparison.meanShiftInterval },
    statistics: [
      { name: 'psi', value: comparison.psi },
      { name: 'psi_null_expectation', value: comparison.psiNullExpectation },
      { name: 'jensen_shannon', value: comparison.jensenShannonDistance },
      { name: 'wasserstein', value: comparison.wasserstein },
      { name: 'variance_ratio', value: comparison.varianceRatio },
      { name: 'welch_p', value: comparison.welchPValue },
      { name: 'mean_shift', value: meanShift },
    ],
    before: meanBefore,
    now: meanNow,
    window: windowOf(input),
    baselineSamples: comparison.nBefore,
    sentence: sentenceOf(question.name, comparison),
  };
}

function sentenceOf(name: string, comparison: NumericComparison): string {
  const { meanBefore, meanNow, meanShift, varianceRatio, nNow, nBefore } = comparison;
  const counts = `(${nNow} values against ${nBefore})`;
  if (Math.abs(meanShift) >= 0.1) {
    const size = standardDeviationsText(meanShift);
    const sign = meanShift > 0 ? '+' : '−';
    const shift = size.startsWith('over') ? `by ${size}` : `${sign}${size}`;
    return `${name} moved from a mean of ${brief(meanBefore)} to ${brief(meanNow)} (${shift}) ${counts}.`;
  }
  if (varianceRatio >= 1.5 || varianceRatio <= 1 / 1.5) {
    return `${name} kept its mean (${brief(meanNow)}) but its spread is ${brief(Math.sqrt(varianceRatio))} times the baseline's ${counts}.`;
  }
  return `${name} is distributed differently at the same mean (${brief(meanNow)}), Kolmogorov–Smirnov distance ${brief(comparison.ksStatistic)} ${counts}.`;
}
