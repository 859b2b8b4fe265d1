import { wholePercent } from '../domain/quantity-text.js';
import type { NumericCounts, WindowProfile } from '../domain/profile.js';
import { clopperPearsonLower } from '../statistics/clopper-pearson.js';
import { numericTotal, onGridOf, sortedCells } from '../statistics/signal-counts.js';

/** The ends of a baseline: this share of its values lies beyond them, half on each side. */
const ENDS = 0.01;
/** Share of values beyond the ends above which the baseline says little about them. */
const EXTREME_SHARE = 0.05;
const MIN_VALUES = 100;
const DELTA = 1e-3;

/**
 * The feature whose values have most clearly moved beyond the ends of what the baseline held, as a sentence; null when
 * none has. More than 5 % of the window must lie where 1 % of the baseline did, beyond chance.
 */
export function extremeFeature(baseline: WindowProfile, window: WindowProfile): string | null {
  let worst: { readonly feature: string; readonly share: number } | null = null;
  for (const [key, before] of baseline.signals) {
    const now = window.signals.get(key);
    if (!key.startsWith('feature:') || before.kind !== 'numeric' || now?.kind !== 'numeric') continue;
    if (Math.min(numericTotal(before), numericTotal(now)) < MIN_VALUES) continue;
    const { beyond, of } = beyondEnds(before, now);
    if (clopperPearsonLower(beyond, of, DELTA) <= EXTREME_SHARE) continue;
    if (worst === null || beyond / of > worst.share)
      worst = { feature: key.slice('feature:'.length), share: beyond / of };
  }
  if (worst === null) return null;
  return `${wholePercent(worst.share)} of “${worst.feature}” lie beyond what all but 1 % of the baseline held, where nothing learnt there is a guide`;
}

function beyondEnds(before: NumericCounts, now: NumericCounts): { readonly beyond: number; readonly of: number } {
  const cells = sortedCells(before);
  const tail = (ENDS / 2) * numericTotal(before);
  const low = endOf(cells, tail);
  const high = endOf(cells.reverse(), tail);
  let beyond = 0;
  let of = 0;
  for (const [cell, count] of onGridOf(before, now)) {
    of += count;
    if (cell < low || cell > high) beyond += count;
  }
  return { beyond, of };
}

/** First cell, coming from outside, at which more than `tail` values have been passed. */
function endOf(cells: readonly (readonly [number, number])[], tail: number): number {
  let passed = 0;
  for (const [cell, count] of cells) {
    passed += count;
    if (passed > tail) return cell;
  }
  return cells.at(-1)?.[0] ?? 0;
}
