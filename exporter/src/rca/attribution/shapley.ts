import { sampleStandardDeviation } from 'simple-statistics';
import { shuffledRange } from '../../statistics/shuffle.js';
import type { Random } from '../../domain/ports.js';
import { solveSymmetric } from './linear-system.js';
import type { Coalition } from './masker.js';

/** Value of a coalition of players: the output with exactly these players' features in place. */
export type CoalitionValue = (coalition: Coalition) => number;

export interface ShapleyValues {
  /** One per player. */
  readonly values: readonly number[];
  /** One per player; null where the method has no sampling error (exact) or too few samples to tell it. */
  readonly standardErrors: readonly (number | null)[];
  readonly method: 'exact' | 'leverage';
  /** Value of nobody, and of everybody. */
  readonly empty: number;
  readonly full: number;
  /** |Σ values − (full − empty)|: numerical, near 0 by construction. */
  readonly additivityGap: number;
  readonly evaluations: number;
}

const BOOTSTRAPS = 60;

/** Shapley values within a budget of coalition evaluations: exact when 2^players fits, Leverage SHAP beyond. */
export function shapleyValues(players: number, value: CoalitionValue, budget: number, random: Random): ShapleyValues {
  return players <= Math.floor(Math.log2(Math.max(1, budget)))
    ? exactShapley(players, value)
    : leverageShap(players, value, budget, random);
}

/** φ_i = Σ_S |S|! (d − |S| − 1)!/d! (v(S ∪ i) − v(S)) over all coalitions (Shapley 1953). 2^d evaluations. */
function exactShapley(players: number, value: CoalitionValue): ShapleyValues {
  const size = 2 ** players;
  const worth = new Float64Array(size);
  for (let mask = 0; mask < size; mask += 1) worth[mask] = value(coalitionOf(mask, players));
  const weights = Array.from({ length: players }, (_, s) => 1 / (players * binomial(players - 1, s)));
  const values = new Array<number>(players).fill(0);
  for (let mask = 0; mask < size; mask += 1) {
    const weight = weights[onesIn(mask)] ?? 0;
    for (let i = 0; i < players; i += 1) {
      if ((mask >>> i) & 1) continue;
      values[i] = (values[i] ?? 0) + weight * ((worth[mask | (1 << i)] ?? 0) - (worth[mask] ?? 0));
    }
  }
  return result(
    'exact',
    values,
    values.map(() => null),
    worth[0] ?? 0,
    worth[size - 1] ?? 0,
    size,
  );
}

interface Row {
  readonly coalition: Coalition;
  readonly weight: number;
  readonly y: number;
}

/**
 * Leverage SHAP (Musco & Witter 2025): coalitions are drawn without replacement with probability min(1, c/C(d, s)), each
 * with its complement, and a weighted regression constrained to be additive gives the values. Exact for functions with
 * interactions of at most two players. Standard errors by resampling the pairs.
 * @throws RangeError when the budget is too small to determine the values
 */
function leverageShap(players: number, value: CoalitionValue, budget: number, random: Random): ShapleyValues {
  const nobody = new Array<boolean>(players).fill(false);
  const empty = value(nobody);
  const full = value(nobody.map(() => true));
  if (players === 1) return result('leverage', [full - empty], [null], empty, full, 2);
  const probability = inclusion(players, Math.max(2, budget - 2));
  const pairs: (readonly [Row, Row])[] = [];
  let left = budget - 2;
  for (const coalition of drawPairs(players, probability, Math.floor(left / 2), random)) {
    if (left < 2) break;
    left -= 2;
    const size = coalition.filter(Boolean).length;
    const complement = coalition.map((member) => !member);
    const rowOf = (members: Coalition, s: number, worth: number): Row => ({
      coalition: members,
      weight: 1 / (binomial(players, s) * s * (players - s) * probability(s)),
      y: worth - empty - (s / players) * (full - empty),
    });
    pairs.push([rowOf(coalition, size, value(coalition)), rowOf(complement, players - size, value(complement))]);
  }
  const values = regress(pairs, players, full - empty);
  if (values === null) throw new RangeError(`a budget of ${budget} evaluations is too small for ${players} players`);
  return result('leverage', values, bootstrapErrors(pairs, players, full - empty, random), empty, full, budget - left);
}

/** Probability of drawing a coalition of size s, min(1, c/C(d,s)), with c so that about `wanted` are drawn in all. */
function inclusion(players: number, wanted: number): (size: number) => number {
  const counts = Array.from({ length: players - 1 }, (_, i) => binomial(players, i + 1));
  const expectedAt = (c: number): number => counts.reduce((sum, count) => sum + Math.min(count, c), 0);
  let low = 0;
  let high = counts.reduce((most, count) => Math.max(most, count), 1);
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (expectedAt(middle) < wanted) low = middle;
    else high = middle;
  }
  return (size) => Math.min(1, high / binomial(players, size));
}

/** Coalitions one of each complementary pair; sizes in proportion to their expected number, none twice. */
function* drawPairs(
  players: number,
  probability: (size: number) => number,
  pairs: number,
  random: Random,
): Generator<Coalition> {
  const seen = new Set<string>();
  const sizes = Array.from({ length: Math.floor(players / 2) }, (_, i) => i + 1);
  const total = (size: number): number => {
    const half = 2 * size === players ? binomial(players, size) / 2 : binomial(players, size);
    return half * probability(size);
  };
  const expected = sizes.reduce((sum, size) => sum + total(size), 0);
  let owed = 0;
  for (const [rank, size] of sizes.entries()) {
    // Sizes taken whole come first; rounding is carried on so that the pairs add up to the budget.
    const last = rank === sizes.length - 1;
    const all = 2 * size === players ? binomial(players, size) / 2 : binomial(players, size);
    owed += (total(size) * pairs) / Math.max(expected, pairs);
    const draws = Math.min(all, last ? Math.max(0, pairs - seen.size) : Math.round(owed));
    owed -= draws;
    if (draws >= all && all <= pairs) {
      for (const coalition of allOfSize(players, size)) {
        if (2 * size === players && coalition[0] !== true) continue;
        seen.add(nameOf(coalition));
        yield coalition;
      }
      continue;
    }
    let drawn = 0;
    for (let tries = 0; drawn < draws && tries < 100 * draws + 100; tries += 1) {
      const coalition = randomOfSize(players, size, random);
      const canonical = 2 * size === players && coalition[0] !== true ? coalition.map((member) => !member) : coalition;
      const name = nameOf(canonical);
      if (seen.has(name)) continue;
      seen.add(name);
      drawn += 1;
      yield canonical;
    }
  }
}

const nameOf = (coalition: Coalition): string => coalition.map(Number).join('');

/** φ = P (P ZᵀKZ P)⁺ P ZᵀK y + total/d with P = I − 11ᵀ/d; the pseudo-inverse by adding 11ᵀ/d, which P removes again. */
function regress(pairs: readonly (readonly [Row, Row])[], d: number, total: number): number[] | null {
  const a = new Float64Array(d * d);
  const b = new Float64Array(d);
  for (const row of pairs.flat()) {
    const size = row.coalition.filter(Boolean).length;
    const z = row.coalition.map((member) => Number(member) - size / d);
    for (let i = 0; i < d; i += 1) {
      const zi = (z[i] ?? 0) * row.weight;
      b[i] = (b[i] ?? 0) + zi * row.y;
      for (let j = 0; j <= i; j += 1) a[i * d + j] = (a[i * d + j] ?? 0) + zi * (z[j] ?? 0);
    }
  }
  let trace = 0;
  for (let i = 0; i < d; i += 1) trace += a[i * d + i] ?? 0;
  const scale = trace > 0 ? trace / d : 1;
  for (let i = 0; i < d; i += 1)
    for (let j = 0; j <= i; j += 1) {
      const entry = (a[i * d + j] ?? 0) / scale + 1 / d;
      a[i * d + j] = entry;
      a[j * d + i] = entry;
    }
  for (let i = 0; i < d; i += 1) b[i] = (b[i] ?? 0) / scale;
  const x = solveSymmetric(a, b);
  if (x === null) return null;
  const mean = x.reduce((sum, entry) => sum + entry, 0) / d;
  return Array.from(x, (entry) => entry - mean + total / d);
}

function bootstrapErrors(
  pairs: readonly (readonly [Row, Row])[],
  players: number,
  total: number,
  random: Random,
): (number | null)[] {
  const draws: number[][] = [];
  for (let round = 0; round < BOOTSTRAPS; round += 1) {
    const again = pairs.map(() => pairs[Math.floor(random.next() * pairs.length)]).filter((pair) => pair !== undefined);
    const values = regress(again, players, total);
    if (values !== null) draws.push(values);
  }
  return Array.from({ length: players }, (_, i) => {
    if (draws.length < BOOTSTRAPS / 2) return null;
    return sampleStandardDeviation(draws.map((draw) => draw[i] ?? 0));
  });
}

function result(
  method: ShapleyValues['method'],
  values: readonly number[],
  standardErrors: readonly (number | null)[],
  empty: number,
  full: number,
  evaluations: number,
): ShapleyValues {
  const additivityGap = Math.abs(values.reduce((sum, value) => sum + value, 0) - (full - empty));
  return { values, standardErrors, method, empty, full, additivityGap, evaluations };
}

const coalitionOf = (mask: number, players: number): Coalition =>
  Array.from({ length: players }, (_, i) => ((mask >>> i) & 1) === 1);

const onesIn = (mask: number): number => mask.toString(2).replaceAll('0', '').length;

function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= Math.min(k, n - k); i += 1) value = (value * (n - Math.min(k, n - k) + i)) / i;
  return value;
}

function* allOfSize(players: number, size: number, from = 0, chosen: readonly number[] = []): Generator<Coalition> {
  if (chosen.length === size) {
    yield Array.from({ length: players }, (_, i) => chosen.includes(i));
    return;
  }
  for (let i = from; i <= players - (size - chosen.length); i += 1)
    yield* allOfSize(players, size, i + 1, [...chosen, i]);
}

function randomOfSize(players: number, size: number, random: Random): Coalition {
  const chosen = new Set(shuffledRange(players, random).slice(0, size));
  return Array.from({ length: players }, (_, i) => chosen.has(i));
}
