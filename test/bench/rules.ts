import { kolmogorovSmirnov } from '../../exporter/src/statistics/kolmogorov-smirnov.js';

/** A change rule as others ship it: values in, "changed" out. `strictness` is its own parameter; larger alarms less. */
export interface Rule {
  readonly name: string;
  /** The published default, in units of `strictness`. */
  readonly shipped: number;
  readonly strictest: number;
  readonly make: (strictness: number, baseline: readonly number[]) => (value: number) => boolean;
}

const WINDOW = 50;

/** KS of the last 50 values against the baseline, looked at every 10: strictness is −log10 of the p-value line. */
const kolmogorov: Rule = {
  name: 'KS on the last 50 values',
  shipped: -Math.log10(0.05),
  strictest: 12,
  make: (strictness, baseline) => {
    const window: number[] = [];
    let seen = 0;
    return (value) => {
      window.push(value);
      if (window.length > WINDOW) window.shift();
      seen += 1;
      if (window.length < WINDOW || seen % 10 !== 0) return false;
      return kolmogorovSmirnov(baseline, window).pValue < 10 ** -strictness;
    };
  },
};

/** PSI of the last 50 values over baseline deciles, looked at every 10: strictness is the PSI line. */
const stabilityIndex: Rule = {
  name: 'PSI on the last 50 values',
  shipped: 0.2,
  strictest: 5,
  make: (strictness, baseline) => {
    const sorted = [...baseline].sort((a, b) => a - b);
    const edges = Array.from({ length: 9 }, (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / 10)] ?? 0);
    const binOf = (x: number): number => edges.filter((edge) => x > edge).length;
    const window: number[] = [];
    const counts = new Array<number>(10).fill(0);
    let seen = 0;
    return (value) => {
      const bin = binOf(value);
      window.push(bin);
      counts[bin] = (counts[bin] ?? 0) + 1;
      if (window.length > WINDOW) {
        const gone = window.shift() ?? 0;
        counts[gone] = (counts[gone] ?? 0) - 1;
      }
      seen += 1;
      if (window.length < WINDOW || seen % 10 !== 0) return false;
      const psi = counts.reduce((sum, count) => {
        const q = Math.max(1e-4, count / WINDOW);
        return sum + (q - 0.1) * Math.log(q / 0.1);
      }, 0);
      return psi > strictness;
    };
  },
};

/** Page–Hinkley, both directions, δ = 0.005 (river's default): strictness is λ. */
const pageHinkley: Rule = {
  name: 'Page–Hinkley',
  shipped: 50,
  strictest: 2_000,
  make: (strictness) => {
    let n = 0;
    let mean = 0;
    let up = 0;
    let lowest = 0;
    let down = 0;
    let highest = 0;
    return (value) => {
      n += 1;
      mean += (value - mean) / n;
      up += value - mean - 0.005;
      lowest = Math.min(lowest, up);
      down += value - mean + 0.005;
      highest = Math.max(highest, down);
      return n > 30 && Math.max(up - lowest, highest - down) > strictness;
    };
  },
};

/** KSWIN: the last 30 values against 30 of the 70 before: strictness is −log10 of α. */
const kswin: Rule = {
  name: 'KSWIN',
  shipped: -Math.log10(0.005),
  strictest: 14,
  make: (strictness) => {
    const window: number[] = [];
    let seen = 0;
    return (value) => {
      window.push(value);
      if (window.length > 100) window.shift();
      seen += 1;
      if (window.length < 100) return false;
      const older = Array.from({ length: 30 }, (_, i) => window[(i * 37 + seen * 13) % 70] ?? 0);
      return kolmogorovSmirnov(older, window.slice(70)).pValue < 10 ** -strictness;
    };
  },
};

export const VALUE_RULES: readonly Rule[] = [kolmogorov, stabilityIndex, pageHinkley, kswin];

/** DDM (Gama et al. 2004): strictness is the number of standard deviations above the best error rate. */
const ddm: Rule = {
  name: 'DDM',
  shipped: 3,
  strictest: 12,
  make: (strictness) => {
    let n = 0;
    let p = 0;
    let best = Infinity;
    let bestP = 0;
    let bestS = 0;
    return (error) => {
      n += 1;
      p += (error - p) / n;
      const s = Math.sqrt((p * (1 - p)) / n);
      if (n < 30) return false;
      if (p + s < best) [best, bestP, bestS] = [p + s, p, s];
      return bestS > 0 && p + s > bestP + strictness * bestS;
    };
  },
};

/** HDDM_A (Frías-Blanco et al. 2015), one-sided: strictness is −log10 of δ. */
const hddmA: Rule = {
  name: 'HDDM_A',
  shipped: 3,
  strictest: 40,
  make: (strictness) => {
    const log = strictness * Math.LN10;
    let n = 0;
    let sum = 0;
    let cutN = 0;
    let cutSum = 0;
    const radius = (size: number): number => Math.sqrt(log / (2 * size));
    return (error) => {
      n += 1;
      sum += error;
      if (cutN === 0 || sum / n + radius(n) <= cutSum / cutN + radius(cutN)) [cutN, cutSum] = [n, sum];
      if (cutN === n) return false;
      const bound = Math.sqrt(((n - cutN) / cutN) * (log / (2 * n)));
      return sum / n - cutSum / cutN >= bound;
    };
  },
};

/** ADWIN (Bifet & Gavaldà 2007), every cut of its exponential histogram each 32 values: strictness is −log10 of δ. */
const adwin: Rule = {
  name: 'ADWIN',
  shipped: -Math.log10(0.002),
  strictest: 40,
  make: (strictness) => {
    const buckets: { n: number; sum: number; squares: number }[] = [];
    let seen = 0;
    const merge = (): void => {
      for (let size = 1; ; size *= 2) {
        const same = buckets.flatMap(({ n }, i) => (n === size ? [i] : []));
        const [first, second] = same;
        if (same.length <= 5 || first === undefined || second === undefined) return;
        const a = buckets[first];
        const b = buckets[second];
        if (a === undefined || b === undefined) return;
        buckets.splice(first, 2, { n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares });
      }
    };
    return (value) => {
      buckets.push({ n: 1, sum: value, squares: value * value });
      merge();
      seen += 1;
      if (seen % 32 !== 0) return false;
      const all = buckets.reduce((t, b) => ({ n: t.n + b.n, sum: t.sum + b.sum, squares: t.squares + b.squares }), {
        n: 0,
        sum: 0,
        squares: 0,
      });
      const variance = all.squares / all.n - (all.sum / all.n) ** 2;
      const log = strictness * Math.LN10 + Math.log(2 * Math.log(all.n));
      let n = 0;
      let sum = 0;
      for (const bucket of buckets) {
        n += bucket.n;
        sum += bucket.sum;
        if (n < 5 || all.n - n < 5) continue;
        const inverse = 1 / n + 1 / (all.n - n);
        const bound = Math.sqrt(2 * inverse * variance * log) + (2 / 3) * inverse * log;
        if (Math.abs(sum / n - (all.sum - sum) / (all.n - n)) > bound) return true;
      }
      return false;
    };
  },
};

export const ERROR_RULES: readonly Rule[] = [ddm, hddmA, adwin, { ...pageHinkley, name: 'Page–Hinkley on errors' }];
