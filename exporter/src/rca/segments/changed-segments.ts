import { isWrong } from '../../domain/observation.js';
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
import type { SegmentEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { codeCohorts, pickRows, predicateText, type CodedCohorts, type FeatureCoding } from './coding.js';
import { expectedLoss } from './expected-loss.js';
import { sliceLine, type CodedRows, type Slice } from './slice-line.js';

/** SliceLine's weight of a slice's mean excess against its size. */
const ALPHA = 0.95;
/** Slices taken from the search to be confirmed. */
const MAX_CANDIDATES = 20;
/** Above this many features only pairs are searched. */
const MAX_FEATURES_FOR_TRIPLES = 40;
/** Single conditions that are combined, and groups counted at most: thousands of conditions have millions of pairs. */
const SINGLES_COMBINED = 400;
const MOST_GROUPS_COUNTED = 300_000;
/** Rows searched at most; the search is exact on these, and all of the other half confirms. */
const MAX_SEARCHED_ROWS = 20_000;
/** Standard errors of the additional rows' mean within which they may have changed as much as the narrow group (one-sided 5 %). */
const WIDER_Z = 1.64;

/** The loss of one row; null when the row says nothing. */
const LOSSES: Readonly<Record<SegmentMeasure, (row: Observation) => number | null>> = {
  errors: ({ failure }) => (failure === null ? 0 : 1),
  accuracy(row) {
    const wrong = isWrong(row);
    return wrong === null ? null : Number(wrong);
  },
  confidence: ({ confidence }) => (confidence === null ? null : 1 - confidence),
};

/**
 * Segments whose failures, wrong answers or lost confidence grew more than the rest's. SliceLine searches one half of the
 * window for excess loss (loss − what the baseline lets expect of such a row); the other half, which the search never saw,
 * confirms: one-sided test of the segment's mean excess against the rest's, Bonferroni over the candidates. A window too
 * small to halve is searched and tested whole, Bonferroni over every slice counted.
 */
export function changedSegments(
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
  coded: CodedCohorts = codeCohorts(baselineRows, rows),
): SegmentEvidence[] {
  return SEGMENT_MEASURES.flatMap((measure) =>
    segmentsOf(measure, rows, baselineRows, coded).slice(0, MAX_REPORTED),
  ).sort((a, b) => b.contribution - a.contribution);
}

interface Side {
  readonly table: CodedRows;
  readonly losses: Float64Array;
  readonly excess: Float64Array;
}

function segmentsOf(
  measure: SegmentMeasure,
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
  { codings, ...coded }: CodedCohorts,
): SegmentEvidence[] {
  const lossOf = LOSSES[measure];
  const usable = (all: readonly Observation[]): number[] =>
    all.flatMap((row, i) => (row.features !== null && lossOf(row) !== null ? [i] : []));
  const lossesOf = (all: readonly Observation[], chosen: readonly number[]): Float64Array =>
    Float64Array.from(chosen, (i) => {
      const row = all[i];
      return row === undefined ? 0 : (lossOf(row) ?? 0);
    });
  const now = usable(rows);
  const before = usable(baselineRows);
  if (now.length < MIN_ROWS || before.length < MIN_ROWS) return [];
  if (lossesOf(rows, now).every((loss) => loss === 0)) return [];
  const beforeTable = pickRows(coded.before, before);
  const beforeLosses = lossesOf(baselineRows, before);
  const expect = expectedLoss(beforeTable, beforeLosses);
  const sideOf = (table: CodedRows, losses: Float64Array): Side => {
    const expected = expect(table);
    return { table, losses, excess: losses.map((loss, i) => loss - (expected[i] ?? 0)) };
  };
  const past = sideOf(beforeTable, beforeLosses);
  const halves = now.length >= 4 * MIN_ROWS;
  const part = (which: 0 | 1, most: number): Side => {
    const half = halves ? now.filter((_, i) => halfOf(i) === which) : now;
    const every = Math.max(1, Math.ceil(half.length / most));
    const chosen = half.filter((_, i) => i % every === 0);
    return sideOf(pickRows(coded.now, chosen), lossesOf(rows, chosen));
  };
  const whole = sideOf(pickRows(coded.now, now), lossesOf(rows, now));
  const searched = part(0, MAX_SEARCHED_ROWS);
  const result = sliceLine(
    searched.table,
    searched.excess.map((excess) => Math.max(0, excess)),
    {
      alpha: ALPHA,
      minimumRows: Math.max(MIN_SEGMENT_ROWS, Math.ceil(searched.table.rows / 100)),
      top: MAX_CANDIDATES,
      maximumLevel: codings.length > MAX_FEATURES_FOR_TRIPLES ? 2 : 3,
      singlesCombined: SINGLES_COMBINED,
      mostCounted: MOST_GROUPS_COUNTED,
    },
  );
  // Correlated groups all stand out; the one that does most in all rows comes first. Each is confirmed by itself.
  const widened = unique(result.slices.map((slice) => widen(slice, searched))).sort(
    (a, b) => standingOut(b, whole) - standingOut(a, whole),
  );
  const confirming = halves ? part(1, Infinity) : searched;
  const tests = halves ? widened.length : result.evaluated.reduce((sum, count) => sum + count, 0);
  const overall = meanOf(whole.losses) - meanOf(past.losses);
  const found: { readonly segment: SegmentEvidence; readonly slice: Slice }[] = [];
  for (const slice of widened) {
    const inside = membership(slice, confirming.table);
    const insidePast = membership(slice, past.table);
    // What an earlier segment already accounts for is no evidence for another one.
    const fresh = outsideOf(
      found.map((earlier) => earlier.slice),
      confirming.table,
    );
    const p = pValueOf(confirming.excess, inside, fresh, past.excess, insidePast);
    const pValue = p === null ? 1 : Math.min(1, p.pValue * Math.max(1, tests));
    if (p === null || pValue >= SIGNIFICANCE || p.difference < MIN_DIFFERENCE) continue;
    const members = membership(slice, whole.table);
    const lossNow = meanWhere(whole.losses, members);
    const lossBefore = meanWhere(past.losses, insidePast);
    const share = members.filter(Boolean).length / now.length;
    const predicates = predicatesOf(slice, codings);
    found.push({
      slice,
      segment: {
        predicate: predicateText(predicates),
        predicates,
        rows: members.filter(Boolean).length,
        share,
        measure,
        before: lossBefore === null ? null : levelOfLoss(measure, lossBefore),
        now: levelOfLoss(measure, lossNow ?? 0),
        restChange: changeOutside(whole.losses, members, past.losses, insidePast, measure),
        contribution:
          lossNow === null || lossBefore === null ? 0 : contributionOf(share, lossNow - lossBefore, overall),
        method: 'slice-line',
        score: slice.score,
        pValue,
        confirmed: halves ? true : null,
      },
    });
  }
  return found.map(({ segment }) => segment);
}

function changeOutside(
  now: Float64Array,
  members: readonly boolean[],
  past: Float64Array,
  insidePast: readonly boolean[],
  measure: SegmentMeasure,
): number | null {
  const isNow = moments(now, (row) => members[row] !== true);
  const was = moments(past, (row) => insidePast[row] !== true);
  return isNow.rows === 0 || was.rows === 0 ? null : levelOfLoss(measure, isNow.mean) - levelOfLoss(measure, was.mean);
}

/** Scatters rows over two halves with a multiplicative hash: taking turns would split periodic traffic by its period. */
function halfOf(row: number): number {
  const mixed = Math.imul(row ^ (row >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 12) ^ (mixed >>> 27)) & 1;
}

const predicatesOf = (slice: Slice, codings: readonly FeatureCoding[]): SegmentEvidence['predicates'] =>
  slice.predicates.flatMap(({ column, code }) => {
    const coding = codings[column];
    return coding === undefined ? [] : [coding.predicateOf(code)];
  });

const isIn = (slice: Slice, table: CodedRows, row: number): boolean =>
  slice.predicates.every(({ column, code }) => table.columns[column]?.[row] === code);

const membership = (slice: Slice, table: CodedRows): boolean[] =>
  Array.from({ length: table.rows }, (_, row) => isIn(slice, table, row));

/** Rows that no segment found so far holds. */
const outsideOf = (earlier: readonly Slice[], table: CodedRows): boolean[] =>
  Array.from({ length: table.rows }, (_, row) => !earlier.some((slice) => isIn(slice, table, row)));

/** Drops predicates that only cut rows off a group that changed as a whole, as far as the rows show. */
function widen(slice: Slice, { table, excess }: Side): Slice {
  let current = slice;
  for (let again = true; again && current.predicates.length > 1;) {
    again = false;
    const inside = meanWhere(excess, membership(current, table)) ?? 0;
    for (const dropped of current.predicates) {
      const wider = { ...current, predicates: current.predicates.filter((predicate) => predicate !== dropped) };
      const added = membership(wider, table).map((member, row) => member && !isIn(current, table, row));
      const outside = moments(excess, (row) => added[row] === true);
      if (outside.rows === 0 || outside.mean + WIDER_Z * Math.sqrt(outside.variance) >= WIDER_SHARE * inside) {
        current = wider;
        again = true;
        break;
      }
    }
  }
  return current;
}

/** How clearly a group's excess stands out from the rest's, in standard errors: the whole group more than a corner of it. */
function standingOut(slice: Slice, { table, excess }: Side): number {
  const inside = moments(excess, (row) => isIn(slice, table, row));
  const rest = moments(excess, (row) => !isIn(slice, table, row));
  return inside.rows === 0 || rest.rows === 0
    ? 0
    : (inside.mean - rest.mean) / Math.sqrt(inside.variance + rest.variance);
}

function unique(slices: readonly Slice[]): Slice[] {
  const seen = new Map<string, Slice>();
  for (const slice of slices) {
    const key = slice.predicates.map(({ column, code }) => `${column}=${code}`).join(',');
    if (!seen.has(key)) seen.set(key, slice);
  }
  return [...seen.values()];
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function meanWhere(values: Float64Array, chosen: readonly boolean[]): number | null {
  const { rows, mean } = moments(values, (row) => chosen[row] === true);
  return rows === 0 ? null : mean;
}

function moments(values: Float64Array, chosen: (row: number) => boolean): GroupMean & { readonly rows: number } {
  let rows = 0;
  let sum = 0;
  let squares = 0;
  for (const [row, value] of values.entries()) {
    if (!chosen(row)) continue;
    rows += 1;
    sum += value;
    squares += value * value;
  }
  // Half a row of each extreme keeps a group without spread from seeming certain.
  const variance = rows < 2 ? 1 : (squares - sum ** 2 / rows) / (rows - 1) + 1 / (4 * rows);
  return { rows, mean: rows === 0 ? 0 : sum / rows, variance: rows === 0 ? 0 : variance / rows };
}

/** Of some of the rows, which vary as much as all do at least. */
function partOf(
  all: ReturnType<typeof moments>,
  values: Float64Array,
  chosen: (row: number) => boolean,
): ReturnType<typeof moments> {
  const part = moments(values, chosen);
  if (part.rows === 0) return part;
  return { ...part, variance: Math.max(part.variance, (all.variance * all.rows) / part.rows) };
}

/** One-sided normal test that the segment's mean excess grew more than that of the rows in no segment. */
function pValueOf(
  now: Float64Array,
  inside: readonly boolean[],
  fresh: readonly boolean[],
  past: Float64Array,
  insidePast: readonly boolean[],
): { readonly pValue: number; readonly difference: number } | null {
  const [all, allPast] = [moments(now, (row) => fresh[row] === true), moments(past, () => true)];
  const segment = partOf(all, now, (row) => inside[row] === true && fresh[row] === true);
  const rest = partOf(all, now, (row) => inside[row] !== true && fresh[row] === true);
  if (segment.rows < MIN_SEGMENT_ROWS / 2 || rest.rows < MIN_SEGMENT_ROWS / 2) return null;
  const segmentPast = partOf(allPast, past, (row) => insidePast[row] === true);
  const restPast = partOf(allPast, past, (row) => insidePast[row] !== true);
  return differenceInDifferences({ before: segmentPast, now: segment }, { before: restPast, now: rest });
}
