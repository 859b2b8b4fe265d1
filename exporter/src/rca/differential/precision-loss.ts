import { wholePercent } from '../../domain/quantity-text.js';
import { cellMiddle } from '../../statistics/grid.js';
import { numericTotal, quantileOf } from '../../statistics/signal-counts.js';
import type { Differential } from '../../domain/differential.js';
import type { NumericCounts, WindowProfile } from '../../domain/profile.js';

const MIN_VALUES = 60;
const MIN_CELLS = 6;
/** Fewer than this part of the distinct values that chance allows. */
const MAX_DISTINCT_SHARE = 0.6;
/** Rounding keeps most of the spread; a change of unit does not. */
const MIN_SPREAD = 0.4;
const MIN_PILED = 0.12;
/** Beyond this the values do not pile up at a cap: they are constant, or all fall into one cell of another scale. */
const MAX_PILED = 0.85;

type Loss = NonNullable<Differential['precisionLoss']>;

/** Distinct cells expected among `n` draws from the baseline: Σ (1 − (1 − p)ⁿ). */
function expectedDistinct(before: NumericCounts, n: number): number {
  const total = numericTotal(before);
  let sum = 0;
  for (const count of before.cells.values()) sum += 1 - (1 - count / total) ** n;
  return sum;
}

function rounded(feature: string, before: NumericCounts, now: NumericCounts): Loss | null {
  const m = numericTotal(now);
  const top = Math.max(0, ...now.cells.values());
  if (top / m > 0.9) return null;
  const expected = expectedDistinct(before, m - top);
  const share = now.cells.size / Math.max(1, expected);
  if (expected < MIN_CELLS || share > MAX_DISTINCT_SHARE) return null;
  const spread = (counts: NumericCounts): number => (quantileOf(counts, 0.9) ?? 0) - (quantileOf(counts, 0.1) ?? 0);
  const middle = quantileOf(now, 0.5) ?? 0;
  const isInRange =
    middle >= (quantileOf(before, 0.02) ?? 0) - spread(before) / 4 && middle <= (quantileOf(before, 0.98) ?? 0);
  if (!isInRange || spread(now) < MIN_SPREAD * spread(before)) return null;
  return {
    feature,
    kind: 'rounded',
    share,
    sentence: `“${feature}” takes ${now.cells.size} distinct values where about ${Math.round(expected)} are usual: it looks rounded or truncated.`,
  };
}

function capped(feature: string, before: NumericCounts, now: NumericCounts): Loss | null {
  const n = numericTotal(before);
  const m = numericTotal(now);
  const highest = Math.max(...now.cells.keys());
  const piled = (now.cells.get(highest) ?? 0) / m;
  let above = 0;
  for (const [cell, count] of before.cells) if (cell > highest) above += count / n;
  const usual = (before.cells.get(highest) ?? 0) / n;
  const chance = 3 * Math.sqrt((above * (1 - above)) / m);
  if (above < MIN_PILED || piled > MAX_PILED || Math.abs(piled - usual - above) > 0.05 + chance) return null;
  const value = Number(cellMiddle(now.grid, highest).toPrecision(3));
  return {
    feature,
    kind: 'capped',
    share: piled,
    sentence: `“${feature}” no longer exceeds about ${value}, where ${wholePercent(piled)} of its values pile up: it looks cut off.`,
  };
}

/** A numeric feature that arrives rounded, truncated or cut off at the top; read off counts. The clearest one. */
export function precisionLoss(
  changed: readonly string[],
  baseline: WindowProfile,
  window: WindowProfile,
): Differential['precisionLoss'] {
  for (const feature of changed) {
    const before = baseline.signals.get(`feature:${feature}`);
    const now = window.signals.get(`feature:${feature}`);
    if (before?.kind !== 'numeric' || now?.kind !== 'numeric') continue;
    if (numericTotal(before) < MIN_VALUES || numericTotal(now) < MIN_VALUES) continue;
    const loss = capped(feature, before, now) ?? rounded(feature, before, now);
    if (loss !== null) return loss;
  }
  return null;
}
