import type { Differential } from '../../domain/differential.js';
import type { FeatureEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { grouping } from '../attribution/confidence-groups.js';

const MIN_ROWS = 100;
const MAX_WEIGHT = 20;
const FEATURES_COMPARED = 12;

type GroupOf = (row: Observation) => string;

function shares(
  rows: readonly Observation[],
  groupOf: GroupOf,
  weightOf: (row: Observation) => number,
): Map<string, number> {
  const sums = new Map<string, number>();
  let total = 0;
  for (const row of rows) {
    const weight = weightOf(row);
    const group = groupOf(row);
    sums.set(group, (sums.get(group) ?? 0) + weight);
    total += weight;
  }
  return new Map([...sums].map(([group, sum]) => [group, sum / Math.max(1e-12, total)]));
}

function distance(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const group of new Set([...a.keys(), ...b.keys()])) sum += Math.abs((a.get(group) ?? 0) - (b.get(group) ?? 0));
  return sum / 2;
}

const one = (): number => 1;

/**
 * Whether a new mix of one categorical feature alone explains what else changed: baseline rows are re-weighted by share
 * now ÷ share before of their category (cut at 20), and the distances of all other features are taken again. Total variation over
 * categories and quarters; chance distance √(groups ÷ rows) is taken off.
 * @param changed the categorical features to try
 */
export function mixExplains(
  features: readonly FeatureEvidence[],
  changed: readonly string[],
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
): Differential['mixExplains'] {
  const now = rows.filter((row) => row.features !== null);
  const before = baselineRows.filter((row) => row.features !== null);
  if (now.length < MIN_ROWS || before.length < MIN_ROWS) return null;
  const compared = features
    .slice(0, FEATURES_COMPARED)
    .map(({ feature }) => ({ feature, groupOf: grouping(before, feature) }));
  const plain = new Map(
    compared.map(({ feature, groupOf }) => [
      feature,
      { was: shares(before, groupOf, one), is: shares(now, groupOf, one) },
    ]),
  );
  const excess = (was: ReadonlyMap<string, number>, is: ReadonlyMap<string, number>): number =>
    Math.max(0, distance(was, is) - Math.sqrt(Math.max(1, is.size) / now.length) / 2);
  let best: NonNullable<Differential['mixExplains']> | null = null;
  for (const { feature, groupOf } of compared) {
    if (!changed.includes(feature)) continue;
    const pair = plain.get(feature);
    if (pair === undefined) continue;
    const ratio = (row: Observation): number => {
      const group = groupOf(row);
      return Math.min(MAX_WEIGHT, (pair.is.get(group) ?? 0) / Math.max(1e-6, pair.was.get(group) ?? 0));
    };
    const weights = new Map(before.map((row) => [row, ratio(row)]));
    let left = 0;
    let total = 0;
    for (const other of compared) {
      const its = plain.get(other.feature);
      if (its === undefined) continue;
      total += excess(its.was, its.is);
      left += excess(
        shares(before, other.groupOf, (row) => weights.get(row) ?? 0),
        its.is,
      );
    }
    const residual = total === 0 ? 1 : left / total;
    if (best === null || residual < best.residual) best = { feature, residual };
  }
  return best;
}
