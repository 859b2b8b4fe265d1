import { kolmogorovSurvival } from './special-functions.js';

export interface KolmogorovSmirnov {
  /** Largest distance between the two empirical distribution functions, 0–1. */
  readonly statistic: number;
  readonly pValue: number;
  /** `asymptotic` is the Kolmogorov limit, not SciPy's finite-sample kstwo. */
  readonly method: 'exact' | 'asymptotic';
}

/** Above this many steps of the exact recursion the limit distribution is used; 2·10⁶ steps take about 10 ms. */
const MAX_EXACT_PRODUCT = 2_000_000;

/**
 * Two-sample Kolmogorov–Smirnov test, two-sided, as `scipy.stats.ks_2samp(method='exact')`. With ties p is conservative.
 * @param x finite numbers, any order; @param y likewise
 * @throws RangeError when a sample is empty
 */
export function kolmogorovSmirnov(
  x: readonly number[],
  y: readonly number[],
  largestExactProduct = MAX_EXACT_PRODUCT,
): KolmogorovSmirnov {
  const n = x.length;
  const m = y.length;
  if (n === 0 || m === 0) throw new RangeError('both samples of a Kolmogorov–Smirnov test need at least one value');
  const a = Float64Array.from(x).sort();
  const b = Float64Array.from(y).sort();
  let i = 0;
  let j = 0;
  /** Largest |i·m − j·n|: the statistic in whole steps of 1/(n·m). */
  let steps = 0;
  while (i < n && j < m) {
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (i < n && a[i] === value) i += 1;
    while (j < m && b[j] === value) j += 1;
    steps = Math.max(steps, Math.abs(i * m - j * n));
  }
  const statistic = steps / (n * m);
  if (n * m <= largestExactProduct) return { statistic, pValue: exactTwoSided(n, m, steps), method: 'exact' };
  return { statistic, pValue: kolmogorovSurvival(statistic * Math.sqrt((n * m) / (n + m))), method: 'asymptotic' };
}

/**
 * P(D ≥ d) by the recursion on lattice paths that leave the band: Q(0,0) = 0; Q(i,j) = 1 outside it, else
 * (i·Q(i−1,j) + j·Q(i,j−1))/(i+j). Sums of positive numbers only, so tiny p keep their digits.
 */
function exactTwoSided(n: number, m: number, steps: number): number {
  if (steps === 0) return 1;
  const row = new Float64Array(m + 1);
  for (let i = 0; i <= n; i += 1) {
    for (let j = 0; j <= m; j += 1) {
      if (Math.abs(i * m - j * n) >= steps) row[j] = 1;
      else if (i === 0 && j === 0) row[j] = 0;
      else row[j] = (i * (i === 0 ? 0 : (row[j] ?? 0)) + j * (j === 0 ? 0 : (row[j - 1] ?? 0))) / (i + j);
    }
  }
  return row[m] ?? 1;
}
