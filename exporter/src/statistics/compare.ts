import { MAX_STANDARD_DEVIATIONS } from '../domain/quantity-text.js';
import type { CategoricalCounts, NumericCounts } from '../domain/profile.js';
import { brownForsythe, type WeightedValue } from './brown-forsythe.js';
import { clopperPearsonLower, clopperPearsonUpper } from './clopper-pearson.js';
import { chiSquaredTest, mergeSparseColumns, type ChiSquared } from './chi-squared.js';
import { cellMiddle } from './grid.js';
import { jensenShannonDistance } from './jensen-shannon.js';
import { populationStabilityIndex } from './population-stability-index.js';
import { binCounts, categoricalTotal, onGridOf, quantileBins, summariseNumeric } from './signal-counts.js';
import { kolmogorovSurvival, normalQuantile } from './special-functions.js';
import { totalVariationInterval } from './total-variation.js';
import { wassersteinOfWeights } from './wasserstein.js';
import { welchTest } from './welch.js';
import type { Interval } from '../domain/estimate.js';

const PSI_BINS = 10;
const LEVEL = 0.95;

/** Two counts of one numeric signal, compared every usual way. All fields are finite for any input. */
export interface NumericComparison {
  readonly nBefore: number;
  readonly nNow: number;
  /** On the cells of the grid: never more than the exact one, by at most the share of a cell. */
  readonly ksStatistic: number;
  /** Kolmogorov limit at the effective size; cells tie values, which makes it conservative. */
  readonly ksPValue: number;
  readonly psi: number;
  readonly psiNullExpectation: number;
  readonly jensenShannonDistance: number;
  readonly wasserstein: number;
  readonly wassersteinInStandardDeviations: number;
  readonly meanBefore: number;
  readonly meanNow: number;
  /** (mean now − mean before) / standard deviation before; ±∞ is cut to ±1000 for a constant baseline. */
  readonly meanShift: number;
  readonly meanShiftInterval: Interval;
  readonly welchPValue: number;
  /** Variance now / before, cut to [10⁻⁶, 10⁶]. */
  readonly varianceRatio: number;
  readonly varianceRatioPValue: number;
}

const clampRatio = (ratio: number): number => Math.min(1e6, Math.max(1e-6, ratio));

/** @param edges bins of the baseline (`BaselineProfile.bins`); with none, tenths of the baseline are used for PSI and JS */
export function compareNumeric(
  before: NumericCounts,
  now: NumericCounts,
  edges: readonly number[] = [],
): NumericComparison {
  const a = summariseNumeric(before);
  const b = summariseNumeric(now);
  const nBefore = a?.samples ?? 0;
  const nNow = b?.samples ?? 0;
  if (a === null || b === null) return incomparable(nBefore, nNow, a?.mean ?? 0, b?.mean ?? 0);

  const aligned: NumericCounts = { ...now, grid: before.grid, cells: onGridOf(before, now) };
  const points = unionOfCells(before, aligned);
  const tenths = quantileBins(before, PSI_BINS);
  const psi = populationStabilityIndex(binCounts(before, tenths), binCounts(aligned, tenths));
  const bins = edges.length === 0 ? tenths : edges;
  const sd = a.standardDeviation;
  const difference = b.mean - a.mean;
  const cut = (shift: number): number => Math.min(MAX_STANDARD_DEVIATIONS, Math.max(-MAX_STANDARD_DEVIATIONS, shift));
  const inSd = (value: number): number =>
    sd > 0 ? cut(value / sd) : value === 0 ? 0 : Math.sign(value) * MAX_STANDARD_DEVIATIONS;
  const standardError = Math.sqrt(sd ** 2 / nBefore + b.standardDeviation ** 2 / nNow);
  const z = normalQuantile((1 + LEVEL) / 2);
  const ksStatistic = largestDistance(points, nBefore, nNow);
  const distance = wassersteinOfWeights(points);
  const weighted = (key: 'before' | 'now'): WeightedValue[] =>
    points.map((point) => ({ at: point.at, weight: point[key] }));
  return {
    nBefore,
    nNow,
    ksStatistic,
    ksPValue: kolmogorovSurvival(ksStatistic * Math.sqrt((nBefore * nNow) / (nBefore + nNow))),
    psi: psi.value,
    psiNullExpectation: psi.nullExpectation,
    jensenShannonDistance: jensenShannonDistance(binCounts(before, bins), binCounts(aligned, bins)),
    wasserstein: distance,
    wassersteinInStandardDeviations: inSd(distance),
    meanBefore: a.mean,
    meanNow: b.mean,
    meanShift: inSd(difference),
    meanShiftInterval: {
      low: inSd(difference - z * standardError),
      high: inSd(difference + z * standardError),
      level: LEVEL,
    },
    welchPValue: welchTest(
      { samples: nBefore, mean: a.mean, variance: sd ** 2 },
      { samples: nNow, mean: b.mean, variance: b.standardDeviation ** 2 },
    ).pValue,
    varianceRatio: sd === 0 && b.standardDeviation === 0 ? 1 : clampRatio(b.standardDeviation ** 2 / sd ** 2),
    varianceRatioPValue: brownForsythe(weighted('before'), weighted('now')).pValue,
  };
}

function incomparable(nBefore: number, nNow: number, meanBefore: number, meanNow: number): NumericComparison {
  return {
    nBefore,
    nNow,
    ksStatistic: 0,
    ksPValue: 1,
    psi: 0,
    psiNullExpectation: 0,
    jensenShannonDistance: 0,
    wasserstein: 0,
    wassersteinInStandardDeviations: 0,
    meanBefore,
    meanNow,
    meanShift: 0,
    meanShiftInterval: { low: 0, high: 0, level: LEVEL },
    welchPValue: 1,
    varianceRatio: 1,
    varianceRatioPValue: 1,
  };
}

interface Point {
  readonly at: number;
  before: number;
  now: number;
}

function unionOfCells(before: NumericCounts, now: NumericCounts): Point[] {
  const points = new Map<number, Point>();
  for (const [cell, count] of before.cells)
    points.set(cell, { at: cellMiddle(before.grid, cell), before: count, now: 0 });
  for (const [cell, count] of now.cells) {
    const point = points.get(cell);
    if (point === undefined) points.set(cell, { at: cellMiddle(before.grid, cell), before: 0, now: count });
    else point.now = count;
  }
  return [...points].sort(([a], [b]) => a - b).map(([, point]) => point);
}

function largestDistance(points: readonly Point[], n: number, m: number): number {
  let below = 0;
  let largest = 0;
  for (const point of points) {
    below += point.before / n - point.now / m;
    largest = Math.max(largest, Math.abs(below));
  }
  return Math.min(1, largest);
}

/** Two counts of one categorical signal, compared every usual way. */
export interface CategoricalComparison {
  readonly nBefore: number;
  readonly nNow: number;
  /** After columns with an expected count below 5 were put together. */
  readonly chiSquared: ChiSquared;
  readonly cramersV: number;
  readonly jensenShannonDistance: number;
  readonly psi: number;
  readonly psiNullExpectation: number;
  /** ½ Σ|p − q|, 0–1. */
  readonly totalVariation: number;
  readonly totalVariationInterval: Interval;
  /** Share of the values now whose category the baseline never had. */
  readonly unseenShare: number;
  /** Their names, most frequent first, at most 20. */
  readonly unseen: readonly string[];
  /**
   * Share of values whose category a baseline of this size may have missed: those it saw once (Good 1953), with the 95 % upper bound
   * of their count (a share of 3/n where there are none), and those whose names it has folded.
   */
  readonly overlookedShare: number;
}

export function compareCategorical(before: CategoricalCounts, now: CategoricalCounts): CategoricalComparison {
  const nBefore = categoricalTotal(before);
  const nNow = categoricalTotal(now);
  const names = [...new Set([...before.categories.keys(), ...now.categories.keys()])];
  const p = [...names.map((name) => before.categories.get(name) ?? 0), before.other];
  const q = [...names.map((name) => now.categories.get(name) ?? 0), now.other];
  const comparable = nBefore > 0 && nNow > 0;
  const sparse = mergeSparseColumns(p, q);
  const chiSquared = chiSquaredTest(sparse.before, sparse.now);
  const psi = populationStabilityIndex(p, q);
  const unseen = [...now.categories].filter(([name]) => !before.categories.has(name)).sort(([, a], [, b]) => b - a);
  // What is folded now are names that the baseline does not tell apart. Those of the baseline that are folded may be the unseen
  // ones: what the baseline calls "other" is not new.
  const unseenCount = Math.max(
    0,
    now.other +
      unseen.reduce((sum, [, count]) => sum + count, 0) -
      (nBefore === 0 ? 0 : (before.other / nBefore) * nNow),
  );
  return {
    nBefore,
    nNow,
    chiSquared,
    cramersV: chiSquared.cramersV,
    jensenShannonDistance: jensenShannonDistance(p, q),
    psi: psi.value,
    psiNullExpectation: psi.nullExpectation,
    totalVariation: comparable
      ? p.reduce((sum, count, i) => sum + Math.abs(count / nBefore - (q[i] ?? 0) / nNow), 0) / 2
      : 0,
    totalVariationInterval: totalVariationInterval(p, q),
    unseenShare: comparable ? unseenCount / nNow : 0,
    unseen: comparable ? unseen.slice(0, 20).map(([name]) => name) : [],
    overlookedShare: nBefore === 0 ? 1 : overlookedShare(before, nBefore),
  };
}

const OVERLOOKED_ERROR = 0.05;

function overlookedShare({ categories, other }: CategoricalCounts, total: number): number {
  let seenOnce = 0;
  for (const count of categories.values()) if (count === 1) seenOnce += 1;
  return clopperPearsonUpper(seenOnce, total, OVERLOOKED_ERROR) + other / total;
}

/**
 * Whether more of the values are of categories the baseline never had than one of its size must have missed.
 * @param delta one-sided error of the lower bound of their share
 */
export const isUnseenBeyondChance = (
  { unseenShare, nNow, overlookedShare: overlooked }: CategoricalComparison,
  delta: number,
): boolean => clopperPearsonLower(Math.round(unseenShare * nNow), nNow, delta) > overlooked;
