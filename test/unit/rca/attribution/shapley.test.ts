import { expect, test } from 'vitest';
import type { Coalition } from '../../../../exporter/src/rca/attribution/masker.js';
import { shapleyValues, type CoalitionValue } from '../../../../exporter/src/rca/attribution/shapley.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const of =
  (f: (x: readonly number[]) => number): CoalitionValue =>
  (coalition: Coalition) =>
    f(coalition.map(Number));

/** Σ w_i x_i + Σ u_ij x_i x_j: the Shapley value of i is w_i + ½ Σ_j u_ij. */
function interactions(players: number, seed: number): { f: CoalitionValue; truth: number[] } {
  const random = seededRandom(seed);
  const w = Array.from({ length: players }, () => 4 * random.next() - 2);
  const u = w.map((_, i) => w.map((_w, j) => (i < j ? 2 * random.next() - 1 : 0)));
  const truth = w.map((own, i) => own + w.reduce((sum, _, j) => sum + ((u[i]?.[j] ?? 0) + (u[j]?.[i] ?? 0)) / 2, 0));
  const f = of((x) =>
    x.reduce(
      (sum, xi, i) => sum + xi * (w[i] ?? 0) + x.reduce((part, xj, j) => part + xi * xj * (u[i]?.[j] ?? 0), 0),
      3,
    ),
  );
  return { f, truth };
}

test.each([2, 3, 7, 10])('exact enumeration equals the closed form with %i players', (players) => {
  const { f, truth } = interactions(players, players);
  const { method, values, additivityGap, evaluations } = shapleyValues(players, f, 2 ** players, seededRandom(1));
  expect(method).toBe('exact');
  values.forEach((value, i) => expect(value).toBeCloseTo(truth[i] ?? NaN, 9));
  expect(additivityGap).toBeLessThan(1e-9);
  expect(evaluations).toBe(2 ** players);
});

test.each([
  [5, 24],
  [12, 96],
  [40, 320],
  [60, 480],
])('Leverage SHAP is exact for linear models and two-way interactions: %i players, %i calls', (players, budget) => {
  const { f, truth } = interactions(players, 100 + players);
  let calls = 0;
  const counted: CoalitionValue = (coalition) => {
    calls += 1;
    return f(coalition);
  };
  const { method, values, additivityGap, evaluations } = shapleyValues(players, counted, budget, seededRandom(1));
  expect(method).toBe('leverage');
  values.forEach((value, i) => expect(Math.abs(value - (truth[i] ?? NaN))).toBeLessThan(1e-9));
  expect(additivityGap).toBeLessThan(1e-9);
  expect(calls).toBe(evaluations);
  expect(calls).toBeLessThanOrEqual(budget);
  expect(calls).toBeGreaterThan(0.9 * budget);
});

test('beyond two-way interactions the error stays within its own standard error, as enumeration confirms', () => {
  const f = of(
    (x) => Math.tanh(x.reduce((sum, xi, i) => sum + xi * Math.sin(i + 1), 0)) + (x[0] ?? 0) * (x[1] ?? 0) * (x[2] ?? 0),
  );
  const truth = shapleyValues(12, f, 2 ** 12, seededRandom(1));
  let inside = 0;
  let evaluated = 0;
  for (let seed = 0; seed < 20; seed += 1) {
    const sampled = shapleyValues(12, f, 192, seededRandom(seed));
    sampled.values.forEach((value, i) => {
      evaluated += 1;
      inside += Number(Math.abs(value - (truth.values[i] ?? NaN)) <= 2.5 * (sampled.standardErrors[i] ?? 0) + 1e-9);
    });
  }
  expect(inside / evaluated).toBeGreaterThan(0.85);
});

test('spends the budget on enumeration when it suffices', () => {
  const { f } = interactions(8, 5);
  expect(shapleyValues(8, f, 256, seededRandom(1)).method).toBe('exact');
  expect(shapleyValues(9, f, 256, seededRandom(1)).method).toBe('leverage');
});

test('refuses a budget that cannot determine the values', () => {
  const { f } = interactions(20, 6);
  expect(() => shapleyValues(20, f, 8, seededRandom(1))).toThrow('too small for 20 players');
});
