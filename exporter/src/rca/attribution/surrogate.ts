import type { Attribution, SurrogateEvidence } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import type { Random } from '../../domain/ports.js';
import { shuffledRange } from '../../statistics/shuffle.js';
import type { CodedCohorts } from '../segments/coding.js';
import type { CodedRows } from '../segments/slice-line.js';
import { boostedTrees, type Regressor } from './boosted-trees.js';
import { meanWithError, strataOf } from './cohorts.js';
import type { Coalition } from './masker.js';
import { shapleyValues } from './shapley.js';

/** Below this a copy is too unlike the model to speak for it. */
const MIN_R_SQUARED = 0.7;
export const MIN_ROWS = 200;
/** Rows of each side the copy learns from. */
const MAX_ROWS = 2_000;
/** Rows × features of each side: of a wide model it learns from fewer rows. */
const MAX_CELLS = 120_000;
const FOLDS = 3;
const BATCHES = 8;
const PAIRS_IN_A_BATCH = 16;
const MAX_PLAYERS = 9;
/** Coalitions per batch: all of them for nine suspects and the rest. */
const COALITIONS = 1_024;

export interface Surrogate {
  readonly evidence: SurrogateEvidence;
  /** Empty when the copy is not good enough. */
  readonly attributions: readonly Attribution[];
}

/**
 * Attributes the change of the mean output without asking the model: a copy of it (boosted trees on the coded rows of both
 * sides) is asked instead, if it predicts held-out rows with R² ≥ 0.7 over three folds. Cohort Shapley values as for the live
 * model: pairs of a baseline row and a window row from equal strata of the output, v(S) the copy's mean answer with the
 * features of S taken from the window's row. Standard errors over eight batches of pairs.
 * @param suspects features attributed one by one; the others move together
 * @returns null when there is too little to learn from
 */
export function attributeBySurrogate(
  baselineRows: readonly Observation[],
  rows: readonly Observation[],
  { codings, before, now }: CodedCohorts,
  suspects: readonly string[],
  random: Random,
): Surrogate | null {
  const output = rows.some(({ confidence }) => confidence !== null) ? 'confidence' : 'prediction';
  const was = sideOf(baselineRows, before, output);
  const is = sideOf(rows, now, output);
  const players = suspects.slice(0, MAX_PLAYERS).flatMap((feature) => {
    const column = codings.findIndex((coding) => coding.feature === feature);
    return column < 0 ? [] : [{ feature, column }];
  });
  if (was.length < MIN_ROWS || is.length < MIN_ROWS || players.length === 0) return null;
  const all = [...was, ...is];
  const table: CodedRows = {
    rows: all.length,
    columns: codings.map((_, column) => new Uint16Array(all.map(({ codes }) => codes[column] ?? 0))),
  };
  const targets = Float64Array.from(all, (row) => row.output);
  const rSquared = crossValidated(table, targets, random);
  const evidence = { output, rows: all.length, rSquared, isUsed: rSquared >= MIN_R_SQUARED } as const;
  if (!evidence.isUsed) return { evidence, attributions: [] };
  const copy = boostedTrees(
    table,
    targets,
    all.map((_, row) => row),
  );
  const others = codings.map((_, column) => column).filter((c) => players.every(({ column }) => column !== c));
  const groups = [...players.map(({ column }) => [column]), ...(others.length === 0 ? [] : [others])];
  const batches = Array.from({ length: BATCHES }, () => {
    const pairs = pairUp(was, is, random);
    return shapleyValues(groups.length, (coalition) => meanAnswer(copy, pairs, groups, coalition), COALITIONS, random)
      .values;
  });
  const attributions = players.map(({ feature }, i): Attribution => {
    const { mean, standardError } = meanWithError(batches.map((values) => values[i] ?? 0));
    return { feature, value: mean, standardError, method: 'surrogate-shapley' };
  });
  return { evidence, attributions: attributions.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)) };
}

interface Row {
  readonly output: number;
  readonly codes: Uint16Array;
}

/** Evenly spaced rows that have an output, with their codes. */
function sideOf(rows: readonly Observation[], table: CodedRows, output: 'confidence' | 'prediction'): Row[] {
  const usable = rows.flatMap((row, place) => {
    const said = output === 'confidence' ? row.confidence : row.prediction;
    return row.features === null || typeof said !== 'number' || !Number.isFinite(said) ? [] : [{ place, said }];
  });
  const most = Math.max(MIN_ROWS, Math.min(MAX_ROWS, Math.floor(MAX_CELLS / Math.max(1, table.columns.length))));
  const every = Math.max(1, Math.ceil(usable.length / most));
  return usable
    .filter((_, i) => i % every === 0)
    .map(({ place, said }) => ({
      output: said,
      codes: Uint16Array.from(table.columns, (column) => column[place] ?? 0),
    }));
}

/** R² of predictions of rows that the copy did not learn from. */
function crossValidated(table: CodedRows, targets: Float64Array, random: Random): number {
  const order = shuffledRange(table.rows, random);
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  let total = 0;
  let rest = 0;
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const copy = boostedTrees(
      table,
      targets,
      order.filter((_, i) => i % FOLDS !== fold),
    );
    for (const row of order.filter((_, i) => i % FOLDS === fold)) {
      const target = targets[row] ?? 0;
      total += (target - mean) ** 2;
      rest += (target - copy((column) => table.columns[column]?.[row] ?? 0)) ** 2;
    }
  }
  return total === 0 ? 0 : 1 - rest / total;
}

type Pair = readonly [before: Row, now: Row];

function pairUp(was: readonly Row[], is: readonly Row[], random: Random): Pair[] {
  const now = strataOf(is, PAIRS_IN_A_BATCH, random);
  const order = shuffledRange(now.length, random);
  return strataOf(was, PAIRS_IN_A_BATCH, random).flatMap((row, i): Pair[] => {
    const partner = now[order[i] ?? 0];
    return partner === undefined ? [] : [[row, partner]];
  });
}

function meanAnswer(
  copy: Regressor,
  pairs: readonly Pair[],
  groups: readonly (readonly number[])[],
  coalition: Coalition,
): number {
  const fromNow = new Set(groups.flatMap((columns, player) => (coalition[player] === true ? columns : [])));
  const sum = pairs.reduce(
    (all, [before, now]) => all + copy((column) => (fromNow.has(column) ? now : before).codes[column] ?? 0),
    0,
  );
  return sum / Math.max(1, pairs.length);
}
