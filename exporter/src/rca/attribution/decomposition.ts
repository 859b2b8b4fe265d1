import type { Decomposition } from '../../domain/evidence.js';
import type { Observation } from '../../domain/observation.js';
import { confidenceByGroup, grouping } from './confidence-groups.js';

const FEWEST_ROWS = 50;

/**
 * Splits the change of mean confidence into a mix effect (other inputs, answered as before) and a rate effect (the same
 * groups of inputs, answered differently) by the most shifted feature: Kitagawa's (1955) decomposition with averaged
 * weights, which leaves no interaction. Inputs the baseline never had (out of its range, missing, unknown) cannot be answered
 * "as before": what they cost is told as data quality. Correlational: read off rows, nobody was asked.
 * @returns null without enough rows with a confidence on both sides
 */
export function decomposeConfidence(
  baselineRows: readonly Observation[],
  rows: readonly Observation[],
  drifted: readonly string[],
): Decomposition | null {
  const feature = drifted[0];
  const groupOf = feature === undefined ? () => 'all' : grouping(baselineRows, feature);
  const before = confidenceByGroup(baselineRows, groupOf);
  const now = confidenceByGroup(rows, groupOf);
  const meanOf = (groups: ReadonlyMap<string, { share: number; mean: number }>): number =>
    [...groups.values()].reduce((sum, { share, mean }) => sum + share * mean, 0);
  const countOf = (groups: ReadonlyMap<string, { rows: number }>): number =>
    [...groups.values()].reduce((sum, group) => sum + group.rows, 0);
  if (countOf(before) < FEWEST_ROWS || countOf(now) < FEWEST_ROWS) return null;
  const from = meanOf(before);
  const to = meanOf(now);
  let mix = 0;
  let rate = 0;
  let outside = 0;
  for (const group of new Set([...before.keys(), ...now.keys()])) {
    const b = before.get(group);
    const n = now.get(group);
    if (n === undefined) mix -= (b?.share ?? 0) * ((b?.mean ?? from) - from);
    else if (b === undefined) outside += n.share * (n.mean - from);
    else {
      mix += (n.share - b.share) * ((n.mean + b.mean) / 2 - from);
      rate += (n.mean - b.mean) * ((n.share + b.share) / 2);
    }
  }
  const total = to - from;
  return {
    measure: 'confidence',
    before: from,
    now: to,
    total,
    totalInterval: null,
    parts: [
      { name: 'input mix', value: mix, interval: null },
      { name: 'model', value: rate, interval: null },
      { name: 'data quality', value: outside, interval: null },
    ],
    remainder: total - mix - rate - outside,
    method: 'counts',
    interventional: false,
    effectiveRows: null,
  };
}
