import type { SegmentEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { normalSurvival } from '../../statistics/special-functions.js';
import { codeCohorts, pickRows, predicateText, type CodedCohorts, type FeatureCoding } from './coding.js';
import { expectedLoss } from './expected-loss.js';
import { isWrong } from '../wrong-answer.js';
import { sliceLine, type CodedRows, type Slice } from './slice-line.js';

const ALPHA = 0.95;
const CANDIDATES = 20;
const REPORTED = 5;
const FEWEST_ROWS = 60;
const FEWEST_IN_SEGMENT = 20;
const SIGNIFICANCE = 0.01;
/** Smallest extra change, against the rest of the rows, worth a person's attention. */
const LEAST_DIFFERENCE = 0.05;
/** Above this many features only pairs are searched. */
const FEATURES_FOR_TRIPLES = 40;
/** Rows searched at most; the search is exact on these, and all of the other half confirms. */
const SEARCHED_ROWS = 20_000;
/** A wider group is told instead unless its additional rows changed less than this share as much, beyond doubt. */
const AS_MUCH = 0.5;
/** Standard errors of the additional rows' mean that count as doubt. */
const DOUBT = 1.64;

interface Measure {
  readonly name: SegmentEvidence['measure'];
  /** Higher is worse, in [0, 1]; null when the row says nothing. */
  readonly loss: (row: Observation) => number | null;
  /** From mean loss to what is told. */
  readonly told: (loss: number) => number;
}

const MEASURES: readonly Measure[] = [
  { name: 'errors', loss: ({ failure }) => (failure === null ? 0 : 1), told: (loss) => loss },
  {
    name: 'accuracy',
    loss: (row) => {
      const wrong = isWrong(row);
      return wrong === null ? null : Number(wrong);
    },
    told: (loss) => 1 - loss,
  },
  {
    name: 'confidence',
    loss: ({ confidence }) => (confidence === null ? null : 1 - confidence),
    told: (loss) => 1 - loss,
  },
];

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
  return MEASURES.flatMap((measure) => segmentsOf(measure, rows, baselineRows, coded).slice(0, REPORTED)).sort(
    (a, b) => b.contribution - a.contribution,
  );
}

interface Side {
  readonly table: CodedRows;
  readonly losses: Float64Array;
  readonly excess: Float64Array;
}

function segmentsOf(
  measure: Measure,
  rows: readonly Observation[],
  baselineRows: readonly Observation[],
  { codings, ...coded }: CodedCohorts,
): SegmentEvidence[] {
  const usable = (all: readonly Observation[]): number[] =>
    all.flatMap((row, i) => (row.features !== null && measure.loss(row) !== null ? [i] : []));
  const lossesOf = (all: readonly Observation[], chosen: readonly number[]): Float64Array =>
    Float64Array.from(chosen, (i) => {
      const row = all[i];
      return row === undefined ? 0 : (measure.loss(row) ?? 0);
    });
  const now = usable(rows);
  const before = usable(baselineRows);
  if (now.length < FEWEST_ROWS || before.length < FEWEST_ROWS) return [];
  if (lossesOf(rows, now).every((loss) => loss === 0)) return [];
  const beforeTable = pickRows(coded.before, before);
  const beforeLosses = lossesOf(baselineRows, before);
  const expect = expectedLoss(beforeTable, beforeLosses);
  const sideOf = (table: CodedRows, losses: Float64Array): Side => {
    const expected = expect(table);
    return { table, losses, excess: losses.map((loss, i) => loss - (expected[i] ?? 0)) };
  };
  const past = sideOf(beforeTable, beforeLosses);
  const halves = now.length >= 4 * FEWEST_ROWS;
  const part = (which: 0 | 1, most: number): Side => {
    const half = halves ? now.filter((_, i) => halfOf(i) === which) : now;
    const every = Math.max(1, Math.ceil(half.length / most));
    const chosen = half.filter((_, i) => i % every === 0);
    return sideOf(pickRows(coded.now, chosen), lossesOf(rows, chosen));
  };
  const whole = sideOf(pickRows(coded.now, now), lossesOf(rows, now));
  const searched = part(0, SEARCHED_ROWS);
  const result = sliceLine(
    searched.table,
    searched.excess.map((excess) => Math.max(0, excess)),
    {
      alpha: ALPHA,
      minimumRows: Math.max(FEWEST_IN_SEGMENT, Math.ceil(searched.table.rows / 100)),
      top: CANDIDATES,
      maximumLevel: codings.length > FEATURES_FOR_TRIPLES ? 2 : 3,
    },
  );
  // Correlated groups all stand out; the one told is the one that does most in all rows. Each is confirmed by itself.
  const widened = unique(result.slices.map((slice) => widen(slice, searched))).sort(
    (a, b) => standingOut(b, whole) - standingOut(a, whole),
  );
  const confirming = halves ? part(1, Infinity) : searched;
  const looks = halves ? widened.length : result.evaluated.reduce((sum, count) => sum + count, 0);
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
    const pValue = p === null ? 1 : Math.min(1, p.pValue * Math.max(1, looks));
    if (p === null || pValue >= SIGNIFICANCE || p.difference < LEAST_DIFFERENCE) continue;
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
        measure: measure.name,
        before: lossBefore === null ? null : measure.told(lossBefore),
        now: measure.told(lossNow ?? 0),
        restChange: changeOutside(whole.losses, members, past.losses, insidePast, measure),
        contribution:
          overall <= 0 || lossNow === null || lossBefore === null
            ? 0
            : Math.min(1, Math.max(0, (share * (lossNow - lossBefore)) / overall)),
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
  { told }: Measure,
): number | null {
  const isNow = moments(now, (row) => members[row] !== true);
  const was = moments(past, (row) => insidePast[row] !== true);
  return isNow.rows === 0 || was.rows === 0 ? null : told(isNow.mean) - told(was.mean);
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

/** Drops predicates that only cut rows off a group that changed as a whole, as far as anybody can say. */
function widen(slice: Slice, { table, excess }: Side): Slice {
  let current = slice;
  for (let again = true; again && current.predicates.length > 1;) {
    again = false;
    const inside = meanWhere(excess, membership(current, table)) ?? 0;
    for (const dropped of current.predicates) {
      const wider = { ...current, predicates: current.predicates.filter((predicate) => predicate !== dropped) };
      const added = membership(wider, table).map((member, row) => member && !isIn(current, table, row));
      const outside = moments(excess, (row) => added[row] === true);
      if (outside.rows === 0 || outside.mean + DOUBT * Math.sqrt(outside.error) >= AS_MUCH * inside) {
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
  return inside.rows === 0 || rest.rows === 0 ? 0 : (inside.mean - rest.mean) / Math.sqrt(inside.error + rest.error);
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

function moments(
  values: Float64Array,
  chosen: (row: number) => boolean,
): { rows: number; mean: number; error: number } {
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
  return { rows, mean: rows === 0 ? 0 : sum / rows, error: rows === 0 ? 0 : variance / rows };
}

/** One-sided normal test that the segment's mean excess grew more than that of the rows in no segment. */
function pValueOf(
  now: Float64Array,
  inside: readonly boolean[],
  fresh: readonly boolean[],
  past: Float64Array,
  insidePast: readonly boolean[],
): { readonly pValue: number; readonly difference: number } | null {
  const segment = moments(now, (row) => inside[row] === true && fresh[row] === true);
  const rest = moments(now, (row) => inside[row] !== true && fresh[row] === true);
  if (segment.rows < FEWEST_IN_SEGMENT / 2 || rest.rows < FEWEST_IN_SEGMENT / 2) return null;
  const segmentPast = moments(past, (row) => insidePast[row] === true);
  const restPast = moments(past, (row) => insidePast[row] !== true);
  const difference = segment.mean - segmentPast.mean - (rest.mean - restPast.mean);
  const error = segment.error + rest.error + segmentPast.error + restPast.error;
  return { pValue: normalSurvival(difference / Math.sqrt(error)), difference };
}
