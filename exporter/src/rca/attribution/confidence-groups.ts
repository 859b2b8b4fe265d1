import { quantileSorted } from 'simple-statistics';
import type { FeatureValue, Observation } from '../../domain/observation.js';

/** Which of a few groups a row belongs to, by one feature: its category, or the quarter of the baseline it falls in. */
export function grouping(baselineRows: readonly Observation[], feature: string): (row: Observation) => string {
  const values = baselineRows.map((row) => row.features?.[feature] ?? null);
  const numbers = values
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
    .sort((a, b) => a - b);
  if (numbers.length < values.length / 2 || numbers.length === 0) {
    const frequent = frequentCategories(values);
    return (row) => {
      const value = row.features?.[feature] ?? null;
      return value === null ? 'missing' : frequent.has(String(value)) ? String(value) : 'other';
    };
  }
  const quarters = [0.25, 0.5, 0.75].map((q) => quantileSorted(numbers, q));
  const low = numbers[0] ?? 0;
  const high = numbers[numbers.length - 1] ?? 0;
  return (row) => {
    const value = row.features?.[feature] ?? null;
    if (value === null) return 'missing';
    if (typeof value !== 'number') return 'unreadable';
    if (value < low) return 'below the baseline';
    if (value > high) return 'above the baseline';
    return `quarter ${quarters.filter((edge) => value > edge).length + 1}`;
  };
}

function frequentCategories(values: readonly FeatureValue[]): Set<string> {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count >= 10).map(([name]) => name));
}

export interface GroupMean {
  readonly rows: number;
  readonly share: number;
  readonly mean: number;
}

/** Rows and mean confidence per group. Rows without confidence do not count. */
export function confidenceByGroup(
  rows: readonly Observation[],
  groupOf: (row: Observation) => string,
): Map<string, GroupMean> {
  const sums = new Map<string, { rows: number; sum: number }>();
  let total = 0;
  for (const row of rows) {
    if (row.confidence === null || row.features === null) continue;
    const group = groupOf(row);
    const entry = sums.get(group) ?? { rows: 0, sum: 0 };
    entry.rows += 1;
    entry.sum += row.confidence;
    sums.set(group, entry);
    total += 1;
  }
  return new Map(
    [...sums].map(([group, { rows: count, sum }]) => [group, { rows: count, share: count / total, mean: sum / count }]),
  );
}
