import type { CategoricalCounts, GroupCounts, SignalCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import { foldRareGroups } from './group-counts.js';
import { categoricalTotal } from './signal-counts.js';

/**
 * The window as it may be stored: categories seen fewer than `minimum` times are folded into `other`, unless `keep`
 * names them (they were seen often enough before); so are groups of them, unless `keepGroups` holds them. Of a signal
 * whose values are nearly all different (addresses, free text) nothing is stored, however often one of them repeats.
 */
export function foldRareCategories(
  window: WindowProfile,
  keep: ReadonlyMap<SignalKey, ReadonlySet<string>>,
  keepGroups: GroupCounts = new Map(),
  minimum = 10,
): WindowProfile {
  const signals = new Map<SignalKey, SignalCounts>();
  const hidden = new Set<string>();
  for (const [key, counts] of window.signals) {
    if (counts.kind === 'categorical' && !keep.get(key)?.size && isNearlyAllDifferent(counts, minimum)) {
      signals.set(key, { ...counts, categories: new Map(), other: categoricalTotal(counts) });
      if (key.startsWith('feature:')) hidden.add(key.slice('feature:'.length));
    } else signals.set(key, counts.kind === 'numeric' ? counts : folded(counts, keep.get(key), minimum));
  }
  return { ...window, signals, groups: foldRareGroups(window.groups, keepGroups, minimum, hidden) };
}

/** Fewer different values than this may be few because the window is short. */
const FEWEST_DIFFERENT = 20;
const SINGLE_SHARE = 0.8;

/** Most values came once, and those that came `minimum` times are not even half of all. */
function isNearlyAllDifferent(counts: CategoricalCounts, minimum: number): boolean {
  let [singles, frequent] = [0, 0];
  for (const count of counts.categories.values()) {
    if (count === 1) singles += 1;
    if (count >= minimum) frequent += count;
  }
  const different = counts.categories.size;
  if (different < FEWEST_DIFFERENT || singles < SINGLE_SHARE * different) return false;
  return frequent < categoricalTotal(counts) / 2;
}

function folded(counts: CategoricalCounts, keep: ReadonlySet<string> | undefined, minimum: number): CategoricalCounts {
  const categories = new Map<string, number>();
  let other = counts.other;
  for (const [category, count] of counts.categories) {
    if (count >= minimum || keep?.has(category) === true) categories.set(category, count);
    else other += count;
  }
  return { ...counts, categories, other };
}
