import { counted } from '../domain/quantity-text.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
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
  state: Pick<MonitoredModelState, 'forest' | 'rows' | 'baseline' | 'baselineRows'>,
  thresholds: DetectionThresholds,
): RowAnomaly {
  const { forest, rows } = state;
  if (forest === null) return { verdict: 'unknown', reason: whyNoForest(state) };
  const usable = rows.filter((row) => row.features !== null);
  if (usable.length > 0 && usable.every(({ source }) => source !== 'ingest'))
    return { verdict: 'unknown', reason: 'all rows are mlfi’s own probes: it sends what it always sent' };
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

function whyNoForest({ baseline, baselineRows }: Pick<MonitoredModelState, 'baseline' | 'baselineRows'>): string {
  if (baseline === null) return 'there is no baseline yet';
  if (![...baseline.profile.signals.keys()].some((key) => key.startsWith('feature:')))
    return 'no call of the baseline came with features';
  return baselineRows.length === 0
    ? 'the rows of the baseline were kept in memory only, and are gone since the model was last read from the store, as at a start'
    : 'the rows of the baseline are too few, or too much alike';
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
