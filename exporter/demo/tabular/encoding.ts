import { FEATURES, isNumericFeature, type AdultRow, type Feature, type TabularFeatures } from './adult.js';

/** Turns features into the numbers a tree can split. */
export type Encoding = (features: TabularFeatures) => number[];

/** Rows a category is shrunk by towards the overall share, so that a rare one does not look extreme. */
const SHRINKAGE_ROWS = 10;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The share of the higher income per category, shrunk towards the share over all rows and rounded to whole percents. */
function shareByCategory(rows: readonly AdultRow[], feature: Feature, overall: number): ReadonlyMap<string, number> {
  const counts = new Map<string, { rows: number; high: number }>();
  for (const { features, label } of rows) {
    const category = String(features[feature]);
    const count = counts.get(category) ?? { rows: 0, high: 0 };
    counts.set(category, { rows: count.rows + 1, high: count.high + (label === '>50K' ? 1 : 0) });
  }
  return new Map(
    [...counts].map(([category, count]) => {
      const share = (count.high + SHRINKAGE_ROWS * overall) / (count.rows + SHRINKAGE_ROWS);
      return [category, Math.round(share * 100) / 100];
    }),
  );
}

/**
 * Learns from training rows how to write features as numbers: numbers as they are (missing = training median), a
 * category as its share of the higher income — for two classes, splitting categories in that order loses nothing
 * (Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984, §4.2.2). Unseen = overall share.
 */
export function learnEncoding(rows: readonly AdultRow[]): Encoding {
  const overall = rows.filter(({ label }) => label === '>50K').length / rows.length;
  const encoders = FEATURES.map((feature): ((value: number | string | null) => number) => {
    if (isNumericFeature(feature)) {
      const middle = median(
        rows.flatMap(({ features }) => (typeof features[feature] === 'number' ? [features[feature]] : [])),
      );
      return (value) => (typeof value === 'number' ? value : middle);
    }
    const shares = shareByCategory(rows, feature, overall);
    return (value) => shares.get(String(value)) ?? Math.round(overall * 100) / 100;
  });
  return (features) => FEATURES.map((feature, index) => encoders[index]?.(features[feature]) ?? 0);
}
