import type { SegmentEvidence } from '../../domain/evidence.js';
import type { Observation } from '../../domain/observation.js';
import { normalSurvival } from '../../detection/statistics/special-functions.js';
import { grouping, groupPredicate } from '../attribution/confidence-groups.js';

const FEWEST_ROWS = 30;
const SIGNIFICANCE = 0.01;
const REPORTED = 5;
const LEAST_DIFFERENCE = 0.05;

interface Tally {
  rows: number;
  sum: number;
  squares: number;
}

function tally(rows: readonly Observation[], groupOf: (row: Observation) => string): Map<string, Tally> {
  const groups = new Map<string, Tally>();
  for (const row of rows) {
    if (row.confidence === null || row.features === null) continue;
    const group = groupOf(row);
    const entry = groups.get(group) ?? { rows: 0, sum: 0, squares: 0 };
    entry.rows += 1;
    entry.sum += row.confidence;
    entry.squares += row.confidence ** 2;
    groups.set(group, entry);
  }
  return groups;
}

const meanOf = ({ sum, rows }: Tally): number => sum / rows;
const varianceOf = (t: Tally): number => Math.max(1e-12, (t.squares - t.sum ** 2 / t.rows) / Math.max(1, t.rows - 1));

/**
 * Groups of rows (one feature's category or quarter) whose mean confidence fell more than the model's as a whole, by a
 * normal test of the difference, Bonferroni over the groups looked at. At most five, the one that explains most first.
 */
export function findSegments(rows: readonly Observation[], baselineRows: readonly Observation[]): SegmentEvidence[] {
  const features = [...new Set(rows.flatMap((row) => Object.keys(row.features ?? {})))];
  const all = tally(rows, () => 'all').get('all');
  const allBefore = tally(baselineRows, () => 'all').get('all');
  if (all === undefined || allBefore === undefined || all.rows < FEWEST_ROWS || allBefore.rows < FEWEST_ROWS) return [];
  const overall = meanOf(all) - meanOf(allBefore);
  const candidates: { readonly segment: SegmentEvidence; readonly p: number }[] = [];
  let looked = 0;
  for (const feature of features) {
    const groupOf = grouping(baselineRows, feature);
    const before = tally(baselineRows, groupOf);
    for (const [group, now] of tally(rows, groupOf)) {
      const past = before.get(group);
      if (past === undefined || now.rows < FEWEST_ROWS || past.rows < FEWEST_ROWS || now.rows > 0.9 * all.rows)
        continue;
      looked += 1;
      const change = meanOf(now) - meanOf(past);
      const z = (change - overall) / Math.sqrt(varianceOf(now) / now.rows + varianceOf(past) / past.rows);
      if (change - overall > -LEAST_DIFFERENCE) continue;
      const segment: SegmentEvidence = {
        predicate: groupPredicate(feature, group),
        predicates: [],
        rows: now.rows,
        share: now.rows / all.rows,
        measure: 'confidence',
        before: meanOf(past),
        now: meanOf(now),
        contribution: overall === 0 ? 0 : Math.min(1, Math.max(0, (change * (now.rows / all.rows)) / overall)),
        method: 'slice-line',
        score: -z,
        pValue: normalSurvival(-z),
        confirmed: null,
      };
      candidates.push({ segment, p: normalSurvival(-z) });
    }
  }
  return candidates
    .filter(({ p }) => p < SIGNIFICANCE / Math.max(1, looked))
    .sort((a, b) => b.segment.contribution - a.segment.contribution)
    .slice(0, REPORTED)
    .map(({ segment }) => segment);
}
