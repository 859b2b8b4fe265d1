import type { FeatureEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';

/** Share of baseline rows below which a missing or rare value counts as something the baseline never had. */
const MAX_BASELINE_SHARE = 0.01;

/**
 * Whether a row has, in a drifted feature, what the baseline practically never had: a missing value, a category, or a number
 * outside its range. How the model would have answered such a row before cannot be read off anything.
 */
export function createOutsideTest(
  baselineRows: readonly Observation[],
  features: readonly FeatureEvidence[],
): (row: Observation) => boolean {
  const tests = features
    .filter(({ reported }) => reported)
    .map(({ feature }) => {
      const values = baselineRows.map((row) => row.features?.[feature] ?? null);
      const missing = values.filter((value) => value === null).length;
      const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
      const low = numbers.reduce((least, x) => Math.min(least, x), Infinity);
      const high = numbers.reduce((most, x) => Math.max(most, x), -Infinity);
      const counts = new Map<string, number>();
      for (const value of values) if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
      const isNumeric = numbers.length > (values.length - missing) / 2;
      return (row: Observation): boolean => {
        const value = row.features?.[feature] ?? null;
        if (value === null) return missing < MAX_BASELINE_SHARE * values.length;
        if (!isNumeric) return (counts.get(String(value)) ?? 0) < MAX_BASELINE_SHARE * values.length;
        return typeof value !== 'number' || value < low || value > high;
      };
    });
  return (row) => tests.some((test) => test(row));
}
