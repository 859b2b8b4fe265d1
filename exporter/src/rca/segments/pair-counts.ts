import {
  contributionOf,
  differenceInDifferences,
  levelOfLoss,
  MAX_REPORTED,
  MIN_DIFFERENCE,
  MIN_ROWS,
  MIN_SEGMENT_ROWS,
  SEGMENT_MEASURES,
  SIGNIFICANCE,
  WIDER_SHARE,
  type GroupMean,
  type SegmentMeasure,
} from './segment-measure.js';
import { groupLoss, groupTerms, type GroupTerm } from '../../statistics/group-counts.js';
import type { SegmentEvidence, SegmentPredicate } from '../../domain/symptoms.js';
import type { GroupCounts } from '../../domain/profile.js';
import { predicateText } from './coding.js';
import { expectedFailures, poissonScan } from './poisson-scan.js';

/** A narrower group must stand out by itself; nothing is added for depth. */
const SCAN = { maximumLevel: 2, depthBonus: 0, top: 10 };

/**
 * Segments that changed more than the rest, from the counts kept per pair of categories after the rows were gone: Neill's Poisson
 * scan over each pair's table, against each cell's own past. What it finds is tested as segments from rows are (one-sided, its
 * mean change against the rest's, Bonferroni over all cells), with the largest variance a loss in [0, 1] can have; there is no
 * half of the window left to confirm it on.
 */
export function segmentsFromCounts(baseline: GroupCounts, window: GroupCounts): SegmentEvidence[] {
  return SEGMENT_MEASURES.flatMap((measure) => segmentsOf(baseline, window, measure)).sort(
    (a, b) => b.contribution - a.contribution,
  );
}

interface Sums {
  readonly rows: number;
  readonly loss: number;
}
interface Cell {
  readonly terms: readonly GroupTerm[];
  readonly before: Sums;
  readonly now: Sums;
}

function segmentsOf(baseline: GroupCounts, window: GroupCounts, measure: SegmentMeasure): SegmentEvidence[] {
  const level = (sums: Sums): number => levelOfLoss(measure, meanOf(sums));
  const none: Sums = { rows: 0, loss: 0 };
  const cells = new Map<string, Cell>();
  for (const [key, counts] of window) {
    const past = baseline.get(key);
    cells.set(key, {
      terms: groupTerms(key),
      before: past === undefined ? none : groupLoss(past, measure),
      now: groupLoss(counts, measure),
    });
  }
  const tables = tablesOf([...cells.values()]);
  const whole = totalOf(tables);
  if (whole === null || whole.now.rows < MIN_ROWS || whole.before.rows < MIN_ROWS) return [];
  const candidates = new Map<string, { readonly cell: Cell; readonly score: number }>();
  for (const table of tables.values()) {
    const expected = expectedFailures(
      table.map(({ before, now }) => ({ callsBefore: before.rows, failuresBefore: before.loss, calls: now.rows })),
    );
    const leaves = table.map(({ terms, now }, i) => ({
      values: terms.map((term) => JSON.stringify(term)),
      failures: now.loss,
      expected: expected[i] ?? 0,
    }));
    for (const { predicates, score } of poissonScan(leaves, SCAN)) {
      const key = `[${predicates.map(({ value }) => value).join(',')}]`;
      const cell = cells.get(key);
      if (cell !== undefined && (candidates.get(key)?.score ?? -Infinity) < score) candidates.set(key, { cell, score });
    }
  }
  const overall = meanOf(whole.now) - meanOf(whole.before);
  const found = [...candidates.values()].flatMap(({ cell, score }): SegmentEvidence[] => {
    const test = compared(cell, whole);
    const pValue = Math.min(1, test.pValue * cells.size);
    if (cell.now.rows < MIN_SEGMENT_ROWS || pValue >= SIGNIFICANCE || test.difference < MIN_DIFFERENCE) return [];
    if (isCorner(cell, cells)) return [];
    const predicates = cell.terms.map(predicateOf);
    const share = cell.now.rows / whole.now.rows;
    const rise = meanOf(cell.now) - meanOf(cell.before);
    return [
      {
        predicate: predicateText(predicates),
        predicates,
        rows: cell.now.rows,
        share,
        measure,
        before: level(cell.before),
        now: level(cell.now),
        restChange: level(rest(whole.now, cell.now)) - level(rest(whole.before, cell.before)),
        contribution: contributionOf(share, rise, overall),
        method: 'pair-counts',
        score,
        pValue,
        confirmed: null,
      },
    ];
  });
  return apart(found.sort((a, b) => a.pValue - b.pValue || b.score - a.score)).slice(0, MAX_REPORTED);
}

/** Cells by the features they are about. Pairs where there are any, else the values of the single feature. */
function tablesOf(cells: readonly Cell[]): Map<string, Cell[]> {
  const tables = new Map<string, Cell[]>();
  for (const cell of cells) {
    const name = JSON.stringify(cell.terms.map(([feature]) => feature));
    tables.set(name, [...(tables.get(name) ?? []), cell]);
  }
  const hasPairs = cells.some(({ terms }) => terms.length > 1);
  for (const [name, table] of tables) if (hasPairs && table[0]?.terms.length === 1) tables.delete(name);
  return tables;
}

/** Every table holds every row once. */
function totalOf(tables: ReadonlyMap<string, readonly Cell[]>): Pick<Cell, 'before' | 'now'> | null {
  const [table] = tables.values();
  if (table === undefined) return null;
  const sum = (side: 'before' | 'now'): Sums =>
    table.reduce<Sums>((all, cell) => ({ rows: all.rows + cell[side].rows, loss: all.loss + cell[side].loss }), {
      rows: 0,
      loss: 0,
    });
  return { before: sum('before'), now: sum('now') };
}

const meanOf = ({ rows, loss }: Sums): number => (rows === 0 ? 0 : loss / rows);
const rest = (whole: Sums, part: Sums): Sums => ({ rows: whole.rows - part.rows, loss: whole.loss - part.loss });

function compared(cell: Cell, whole: Pick<Cell, 'before' | 'now'>): { pValue: number; difference: number } {
  const sides = [cell.now, cell.before, rest(whole.now, cell.now), rest(whole.before, cell.before)] as const;
  if (sides.some(({ rows }) => rows < MIN_SEGMENT_ROWS / 2)) return { pValue: 1, difference: 0 };
  const [now, before, restNow, restBefore] = sides;
  return differenceInDifferences(
    { before: groupMean(before, whole.before), now: groupMean(now, whole.now) },
    { before: groupMean(restBefore, whole.before), now: groupMean(restNow, whole.now) },
  );
}

/** The variance is the largest that a loss in [0, 1] with this mean can have, and that of all rows at least. */
function groupMean(sums: Sums, whole: Sums): GroupMean {
  const mean = meanOf(sums);
  const variance = Math.max(largestVariance(mean), largestVariance(meanOf(whole)));
  return { mean, variance: (variance + 1 / (4 * sums.rows)) / sums.rows };
}

function largestVariance(mean: number): number {
  const bounded = Math.min(1, Math.max(0, mean));
  return bounded * (1 - bounded);
}

/** True for a pair of which one condition alone changed about as much: then the wider group is the one to report. */
function isCorner(cell: Cell, cells: ReadonlyMap<string, Cell>): boolean {
  if (cell.terms.length === 1) return false;
  const rise = meanOf(cell.now) - meanOf(cell.before);
  return cell.terms.some((term) => {
    const wider = cells.get(JSON.stringify([term]));
    if (wider === undefined) return false;
    const [now, before] = [rest(wider.now, cell.now), rest(wider.before, cell.before)];
    return now.rows < MIN_SEGMENT_ROWS / 2 || meanOf(now) - meanOf(before) >= WIDER_SHARE * rise;
  });
}

/** Leaves out groups that narrow or widen one that is reported already, for what changed is the one that stands out most. */
function apart(sorted: readonly SegmentEvidence[]): SegmentEvidence[] {
  const kept: SegmentEvidence[] = [];
  const isWithin = (inner: SegmentEvidence, outer: SegmentEvidence): boolean =>
    outer.predicates.every((one) => inner.predicates.some((other) => JSON.stringify(other) === JSON.stringify(one)));
  for (const segment of sorted)
    if (!kept.some((other) => isWithin(segment, other) || isWithin(other, segment))) kept.push(segment);
  return kept;
}

function predicateOf([feature, value]: GroupTerm): SegmentPredicate {
  if (value === 'missing' || value === 'other') return { feature, kind: value };
  return { feature, kind: 'equals', value: value.slice(1, 61) };
}
