import type { SignalCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import { subtractGroups } from './group-counts.js';

/** What is left of `whole` without `part`; entries of which nothing is left are gone. */
function subtractRecords(
  whole: Readonly<Record<string, number>>,
  part: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(whole)
      .map(([key, count]) => [key, count - (part[key] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}

/**
 * The part of `whole` that is not in `part`, for windows of which `part` was once the beginning. Exact, because counts are.
 */
export function subtractWindows(whole: WindowProfile, part: WindowProfile): WindowProfile {
  const signals = new Map<SignalKey, SignalCounts>();
  for (const [key, counts] of whole.signals) {
    const other = part.signals.get(key);
    signals.set(key, other === undefined ? counts : subtractCounts(counts, other));
  }
  const minus = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value - (y[i] ?? 0));
  return {
    fromMs: part.calls === 0 ? whole.fromMs : part.toMs,
    toMs: whole.toMs,
    calls: whole.calls - part.calls,
    rowsWithFeatures: whole.rowsWithFeatures - part.rowsWithFeatures,
    failures: subtractRecords(whole.failures, part.failures),
    signals,
    labels: {
      labelled: whole.labels.labelled - part.labels.labelled,
      correct: whole.labels.correct - part.labels.correct,
      labelledByConfidence: minus(whole.labels.labelledByConfidence, part.labels.labelledByConfidence),
      correctByConfidence: minus(whole.labels.correctByConfidence, part.labels.correctByConfidence),
      losses: subtractRecords(whole.labels.losses, part.labels.losses),
    },
    groups: subtractGroups(whole.groups, part.groups),
  };
}

function subtractCounts(whole: SignalCounts, part: SignalCounts): SignalCounts {
  const missing = whole.missing - part.missing;
  const invalid = whole.invalid - part.invalid;
  if (whole.kind === 'numeric' && part.kind === 'numeric') {
    return { kind: 'numeric', grid: whole.grid, cells: subtractMaps(whole.cells, part.cells), missing, invalid };
  }
  if (whole.kind === 'categorical' && part.kind === 'categorical') {
    const categories = subtractMaps(whole.categories, part.categories);
    return { kind: 'categorical', categories, other: whole.other - part.other, missing, invalid };
  }
  return { ...whole, missing, invalid };
}

function subtractMaps<K>(whole: ReadonlyMap<K, number>, part: ReadonlyMap<K, number>): Map<K, number> {
  const rest = new Map<K, number>();
  for (const [key, count] of whole) {
    const left = count - (part.get(key) ?? 0);
    if (left > 0) rest.set(key, left);
  }
  return rest;
}
