import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brownForsythe } from '../../../exporter/src/statistics/brown-forsythe.js';
import { chiSquaredTest } from '../../../exporter/src/statistics/chi-squared.js';
import { clopperPearsonUpper } from '../../../exporter/src/statistics/clopper-pearson.js';
import { jensenShannonDistance } from '../../../exporter/src/statistics/jensen-shannon.js';
import { kolmogorovSmirnov } from '../../../exporter/src/statistics/kolmogorov-smirnov.js';
import { populationStabilityIndex } from '../../../exporter/src/statistics/population-stability-index.js';
import { kolmogorovSurvival } from '../../../exporter/src/statistics/special-functions.js';
import { wasserstein } from '../../../exporter/src/statistics/wasserstein.js';
import { welchTest } from '../../../exporter/src/statistics/welch.js';
import { mean, sampleVariance } from 'simple-statistics';

interface Reference {
  readonly ks_2samp: readonly {
    readonly x: number[];
    readonly y: number[];
    readonly D: number;
    readonly p_exact: number;
    readonly p_kolmogorov_limit: number;
  }[];
  readonly chi2: readonly {
    readonly table: [number[], number[]];
    readonly chi2: number;
    readonly p: number;
    readonly dof: number;
    readonly cramers_v: number;
  }[];
  readonly wasserstein: readonly { readonly x: number[]; readonly y: number[]; readonly w1: number }[];
  readonly clopper_pearson_upper: readonly {
    readonly k: number;
    readonly n: number;
    readonly delta: number;
    readonly u: number;
  }[];
  readonly divergences: {
    readonly p: number[];
    readonly q: number[];
    readonly pz: number[];
    readonly js_distance_base2: number;
    readonly js_distance_base2_pz_q: number;
    readonly psi: number;
  };
  readonly mean_var: {
    readonly a: number[];
    readonly b: number[];
    readonly welch_t: number;
    readonly welch_p: number;
    readonly brown_forsythe: number;
    readonly brown_forsythe_p: number;
  };
}
const reference = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../data/reference/scipy_reference.json'), 'utf8'),
) as Reference;

/** Two groups are what is compared here; SciPy's 2 × 2 default applies Yates's correction, which we leave out. */
const twoRows = reference.chi2
  .filter(({ table }) => table.length === 2 && table[0].length > 2)
  .filter((entry) => 'chi2' in entry);

const relative = (value: number, expected: number): number =>
  Math.abs(value - expected) / Math.max(Math.abs(expected), 1e-300);

describe('agreement with SciPy 1.10.1', () => {
  it.each(reference.ks_2samp.map((entry, i) => ({ i, ...entry })))(
    'Kolmogorov–Smirnov, case $i: exact p to 1e-10',
    ({ x, y, D, p_exact, p_kolmogorov_limit }) => {
      const exact = kolmogorovSmirnov(x, y, Infinity);
      expect(exact.statistic).toBeCloseTo(D, 12);
      expect(relative(exact.pValue, p_exact)).toBeLessThan(1e-10);
      const limit = kolmogorovSmirnov(x, y, 0);
      expect(limit.method).toBe('asymptotic');
      expect(relative(limit.pValue, p_kolmogorov_limit)).toBeLessThan(1e-9);
    },
  );

  it.each(twoRows.map((entry, i) => ({ i, ...entry })))('χ², case $i', ({ table, chi2, p, dof, cramers_v }) => {
    const test = chiSquaredTest(table[0], table[1]);
    expect(relative(test.statistic, chi2)).toBeLessThan(1e-9);
    expect(relative(test.pValue, p)).toBeLessThan(1e-9);
    expect(test.degreesOfFreedom).toBe(dof);
    expect(relative(test.cramersV, cramers_v)).toBeLessThan(1e-9);
  });

  it.each(reference.wasserstein.map((entry, i) => ({ i, ...entry })))('Wasserstein, case $i', ({ x, y, w1 }) => {
    expect(relative(wasserstein(x, y), w1)).toBeLessThan(1e-9);
  });

  it.each(reference.clopper_pearson_upper)('Clopper–Pearson upper bound of $k in $n', ({ k, n, delta, u }) => {
    expect(relative(clopperPearsonUpper(k, n, delta), u)).toBeLessThan(1e-9);
  });

  it('Jensen–Shannon distance and population stability index', () => {
    const { p, q, pz, js_distance_base2, js_distance_base2_pz_q, psi } = reference.divergences;
    expect(relative(jensenShannonDistance(p, q), js_distance_base2)).toBeLessThan(1e-9);
    expect(relative(jensenShannonDistance(pz, q), js_distance_base2_pz_q)).toBeLessThan(1e-9);
    expect(relative(populationStabilityIndex(p, q).value, psi)).toBeLessThan(1e-9);
  });

  it('Welch and Brown–Forsythe', () => {
    const { a, b, welch_t, welch_p, brown_forsythe, brown_forsythe_p } = reference.mean_var;
    const moments = (values: number[]) => ({
      samples: values.length,
      mean: mean(values),
      variance: sampleVariance(values),
    });
    const welch = welchTest(moments(a), moments(b));
    expect(relative(welch.statistic, welch_t)).toBeLessThan(1e-9);
    expect(relative(welch.pValue, welch_p)).toBeLessThan(1e-9);
    const weighted = (values: number[]) => values.map((at) => ({ at, weight: 1 }));
    const forsythe = brownForsythe(weighted(a), weighted(b));
    expect(relative(forsythe.statistic, brown_forsythe)).toBeLessThan(1e-9);
    expect(relative(forsythe.pValue, brown_forsythe_p)).toBeLessThan(1e-9);
  });

  it('keeps digits in the far tail, where 1 − cdf has none', () => {
    expect(relative(kolmogorovSurvival(5), 2 * Math.exp(-50))).toBeLessThan(1e-12);
  });
});
