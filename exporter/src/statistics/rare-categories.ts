import type { CategoricalCounts, GroupCounts, SignalCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import { foldRareGroups } from './group-counts.js';

/**
 * The window as it may be stored: categories seen fewer than `minimum` times are folded into `other`, unless `keep`
 * names them (they were seen often enough before); so are groups of them, unless `keepGroups` holds them. Where the values that
 * `keep` does not name are nearly all different (addresses, free text) none of them is stored, however often one repeats.
 */
export function foldRareCategories(
  window: WindowProfile,
  keep: ReadonlyMap<SignalKey, ReadonlySet<string>>,
  keepGroups: GroupCounts = new Map(),
  minimum = 10,
): WindowProfile {
  const signals = new Map<SignalKey, SignalCounts>();
  const hidden = new Map<string, ReadonlySet<string>>();
  for (const [key, counts] of window.signals) {
    if (counts.kind === 'numeric') {
      signals.set(key, counts);
      continue;
    }
    const known = keep.get(key) ?? NONE;
    const areDifferent = areNearlyAllDifferent(counts, known, minimum);
    if (areDifferent && key.startsWith('feature:')) hidden.set(key.slice('feature:'.length), known);
    signals.set(key, folded(counts, known, areDifferent ? Infinity : minimum));
  }
  return { ...window, signals, groups: foldRareGroups(window.groups, keepGroups, minimum, hidden) };
}

const NONE: ReadonlySet<string> = new Set();

/** One signal's counts as they may be shown: of the same. @param before how often its categories were seen before */
export function foldedCounts(
  counts: CategoricalCounts,
  before: ReadonlyMap<string, number>,
  minimum = 10,
): CategoricalCounts {
  const known = new Set([...before].flatMap(([name, count]) => (count >= minimum ? [name] : [])));
  return folded(counts, known, areNearlyAllDifferent(counts, known, minimum) ? Infinity : minimum);
}

/** Whether a category may be named: it was seen often enough, now or before, and those that are new are not nearly all different. */
export function isNameable(
  name: string,
  before: CategoricalCounts | null,
  now: CategoricalCounts,
  minimum = 10,
): boolean {
  const known = before?.categories.get(name) ?? 0;
  if (known + (now.categories.get(name) ?? 0) < minimum) return false;
  return known >= minimum || !areNearlyAllDifferent(now, new Set(before?.categories.keys()), minimum);
}

/** Fewer different values than this may be few because the window is short. */
const FEWEST_DIFFERENT = 20;
const SINGLE_SHARE = 0.8;

/** Of the values that are not known most came once, and those that came `minimum` times are not even half. */
function areNearlyAllDifferent(counts: CategoricalCounts, known: ReadonlySet<string>, minimum: number): boolean {
  let [different, singles, frequent, total] = [0, 0, 0, counts.other];
  for (const [category, count] of counts.categories) {
    if (known.has(category)) continue;
    different += 1;
    total += count;
    if (count === 1) singles += 1;
    if (count >= minimum) frequent += count;
  }
  return different >= FEWEST_DIFFERENT && singles >= SINGLE_SHARE * different && frequent < total / 2;
}

function folded(counts: CategoricalCounts, keep: ReadonlySet<string>, minimum: number): CategoricalCounts {
  const categories = new Map<string, number>();
  let other = counts.other;
  for (const [category, count] of counts.categories) {
    if (count >= minimum || keep.has(category)) categories.set(category, count);
    else other += count;
  }
  return { ...counts, categories, other };
}
