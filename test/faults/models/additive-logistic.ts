import { quantileSorted } from 'simple-statistics';
import type { FeatureValue } from '../../../exporter/src/domain/observation.js';
import type { Scorer, ZooRow } from './zoo-model.js';

const BINS = 10;
const EPOCHS = 8;
const LEARNING_RATE = 0.1;
const SHRINKAGE = 1e-3;

const isNumber = (value: FeatureValue | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** Column of a value: a tenth of the training values, a known category, or 0 for missing and unknown. */
function binning(rows: readonly ZooRow[], feature: string): { readonly size: number; of(value: FeatureValue): number } {
  const values = rows.map(({ features }) => features[feature] ?? null);
  const numbers = values.filter(isNumber).sort((a, b) => a - b);
  if (numbers.length > rows.length / 2) {
    const edges = Array.from({ length: BINS - 1 }, (_, i) => quantileSorted(numbers, (i + 1) / BINS));
    return {
      size: BINS + 1,
      of: (value) => (isNumber(value) ? 1 + edges.filter((edge) => value > edge).length : 0),
    };
  }
  const known = [...new Set(values.map(String))].sort();
  return { size: known.length + 1, of: (value) => (value === null ? 0 : 1 + known.indexOf(String(value))) };
}

/**
 * Additive logistic regression by stochastic gradient descent: one weight per tenth of a number, per category, and per
 * hidden column (a word). Same rows, same model.
 * @param positive label of the second class
 */
export function trainAdditiveLogistic(
  rows: readonly ZooRow[],
  features: readonly string[],
  hiddenColumns: number,
  positive: string,
): Scorer {
  const bins = features.map((feature) => binning(rows, feature));
  const weights = bins.map(({ size }) => new Float64Array(size));
  const hidden = new Float64Array(hiddenColumns);
  let bias = 0;
  const score: Scorer = (row) => {
    let sum = bias;
    features.forEach((feature, j) => {
      sum += weights[j]?.[bins[j]?.of(row.features[feature] ?? null) ?? 0] ?? 0;
    });
    for (const column of row.hidden) sum += hidden[column] ?? 0;
    return 1 / (1 + Math.exp(-sum));
  };
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const step = LEARNING_RATE / (1 + epoch);
    for (const row of rows) {
      const error = (row.label === positive ? 1 : 0) - score(row);
      bias += step * error;
      features.forEach((feature, j) => {
        const column = bins[j]?.of(row.features[feature] ?? null) ?? 0;
        const vector = weights[j];
        if (vector !== undefined) vector[column] = (vector[column] ?? 0) * (1 - SHRINKAGE) + step * error;
      });
      for (const column of row.hidden) hidden[column] = (hidden[column] ?? 0) * (1 - SHRINKAGE) + step * error;
    }
  }
  return score;
}
