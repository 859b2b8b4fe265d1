import type { BinnedSignal, SignalCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import { binCounts, onGridOf, quantileBins, validTotal } from './signal-counts.js';

/** Tenths of the baseline and one bin above them: the bins PSI is read off (see `compare.ts`). */
export const FROZEN_BINS = 10;

/** Bins of one baseline signal. Numeric ones are named `0`…`10`, categories `c0`…`c9` by rank and `other`: no value becomes a name. */
export interface FrozenBins {
  readonly kind: 'numeric' | 'categorical';
  readonly bins: readonly string[];
  readonly count: (counts: SignalCounts | undefined) => number[];
}

/** Freezes the bins of a baseline's signal; `count` gives how many values of other counts fall into each. */
export function frozenBins(baseline: SignalCounts): FrozenBins {
  if (baseline.kind === 'numeric') {
    const edges = quantileBins(baseline, FROZEN_BINS);
    return {
      kind: 'numeric',
      bins: [...edges, null].map((_, i) => String(i)),
      count: (counts) =>
        counts?.kind === 'numeric'
          ? binCounts({ ...counts, cells: onGridOf(baseline, counts) }, edges)
          : [...edges, null].map(() => 0),
    };
  }
  const names = [...baseline.categories]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, FROZEN_BINS)
    .map(([name]) => name);
  return {
    kind: 'categorical',
    bins: [...names.map((_, rank) => `c${rank}`), 'other'],
    count(counts) {
      if (counts?.kind !== 'categorical') return [...names.map(() => 0), 0];
      const kept = names.map((name) => counts.categories.get(name) ?? 0);
      return [...kept, validTotal(counts) - kept.reduce((sum, count) => sum + count, 0)];
    },
  };
}

/** The signals whose bins are exported: confidence, predictions, then the features with most values; fixed for a baseline. */
export function binnedSignals(profile: WindowProfile, limit: number): readonly SignalKey[] {
  const rank = (key: SignalKey): number => (key === 'confidence' ? 0 : key === 'prediction' ? 1 : 2);
  return [...profile.signals]
    .filter(([key]) => key !== 'latency_seconds')
    .sort(([a, x], [b, y]) => rank(a) - rank(b) || validTotal(y) - validTotal(x) || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([key]) => key);
}

/**
 * Distance of two counts over the same bins, 0–1: Kolmogorov–Smirnov (largest distance of the cumulative shares) for
 * numeric bins, total variation (½ Σ|p − q|) for categories. 0 when either is empty.
 */
export function binnedDistance({ kind, baseline, window }: Pick<BinnedSignal, 'kind' | 'baseline' | 'window'>): number {
  const n = baseline.reduce((sum, count) => sum + count, 0);
  const m = window.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return 0;
  let below = 0;
  let largest = 0;
  let moved = 0;
  baseline.forEach((count, i) => {
    const difference = count / n - (window[i] ?? 0) / m;
    below += difference;
    largest = Math.max(largest, Math.abs(below));
    moved += Math.abs(difference) / 2;
  });
  return kind === 'numeric' ? largest : moved;
}
