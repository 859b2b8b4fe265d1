import { counted } from '../domain/quantity-text.js';
import type { Observation } from '../domain/observation.js';
import type { RowAnomaly } from '../domain/row-anomaly.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import type { ForestBaseline } from '../domain/isolation-forest.js';
import { scoresOf } from './forest-baseline.js';
import { columnContributions } from './isolation-forest/forest.js';
import { clopperPearsonLower, proportion } from '../statistics/clopper-pearson.js';

/** By construction this share of quiet rows lies above the forest's line. */
export const QUIET_ROW_SHARE = 0.01;
/** Rows whose contributions are averaged; more do not change who is blamed. */
const ROWS_BLAMED = 50;

/**
 * Judges a window's rows by the baseline's isolation forest (Liu, Ting & Zhou 2008): unusual when materially more than
 * 1 % of them score above the baseline's 99th percentile, beyond chance.
 */
export function assessRows(
  forest: ForestBaseline | null,
  rows: readonly Observation[],
  thresholds: DetectionThresholds,
): RowAnomaly {
  if (forest === null)
    return {
      verdict: 'unknown',
      reason: 'no rows of the baseline are in memory (no features, or the service was restarted)',
    };
  const usable = rows.filter((row) => row.features !== null);
  if (usable.length < thresholds.minimumWindowSamples)
    return {
      verdict: 'unknown',
      reason: `${counted(usable.length, 'row')} with features; ${thresholds.minimumWindowSamples} are needed`,
    };
  const scores = scoresOf(forest, usable);
  const unusual = usable.filter((_, i) => (scores[i] ?? 0) > forest.line);
  const { share, interval } = proportion(unusual.length, usable.length);
  const isUnusual =
    share >= thresholds.anomalousRowShare &&
    clopperPearsonLower(unusual.length, usable.length, thresholds.significance) > 2 * QUIET_ROW_SHARE;
  return {
    verdict: isUnusual ? 'unusual' : 'usual',
    rows: usable.length,
    unusualRows: unusual.length,
    share,
    interval,
    contributions: contributionsOf(unusual.slice(0, ROWS_BLAMED).map(forest.encode), forest),
  };
}

function contributionsOf(
  rows: readonly (readonly number[])[],
  { forest, features }: ForestBaseline,
): { readonly feature: string; readonly share: number }[] {
  if (rows.length === 0) return [];
  const byRow = rows.map((row) => columnContributions(forest, row, features.length));
  return features
    .map((feature, i) => ({ feature, share: byRow.reduce((sum, row) => sum + (row[i] ?? 0), 0) / rows.length }))
    .sort((a, b) => b.share - a.share);
}
