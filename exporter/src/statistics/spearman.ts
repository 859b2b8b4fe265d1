import { sampleCorrelation } from 'simple-statistics';
import { studentTwoSided } from './special-functions.js';

/** Ranks from 1, ties share their mean rank. */
function meanRanks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const ranks = new Array<number>(values.length).fill(0);
  for (let i = 0; i < order.length;) {
    let end = i;
    while (end + 1 < order.length && order[end + 1]?.value === order[i]?.value) end += 1;
    for (let k = i; k <= end; k += 1) ranks[order[k]?.index ?? 0] = (i + end) / 2 + 1;
    i = end + 1;
  }
  return ranks;
}

/** Spearman's rank correlation with its two-sided p by Student's t; 0 and p = 1 below 3 pairs or for a constant. */
export function spearman(
  x: readonly number[],
  y: readonly number[],
): { readonly correlation: number; readonly pValue: number } {
  const n = Math.min(x.length, y.length);
  if (n < 3) return { correlation: 0, pValue: 1 };
  const correlation = sampleCorrelation(meanRanks(x.slice(0, n)), meanRanks(y.slice(0, n)));
  if (!Number.isFinite(correlation)) return { correlation: 0, pValue: 1 };
  const rest = 1 - correlation * correlation;
  if (rest <= 1e-15) return { correlation, pValue: 0 };
  return { correlation, pValue: studentTwoSided(correlation * Math.sqrt((n - 2) / rest), n - 2) };
}
