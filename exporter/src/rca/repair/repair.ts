import type { RepairHint } from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import type { CategoricalCounts, NumericCounts, WindowProfile } from '../../domain/profile.js';
import { type QuantilePairs } from './quantile-pairs.js';

/** A transformation that fits, before it is known since when. */
export interface Repair extends Pick<RepairHint, 'transformation' | 'parameters' | 'fit'> {
  /** What the values look like now, e.g. "`income` looks multiplied by 100". */
  readonly claim: string;
  /** What that rests on, e.g. "R² 0.998 over matched quantiles". */
  readonly basis: string;
}

/** Looks for one simple transformation in the counts of a numeric feature. */
export type NumericRepair = (feature: string, before: NumericCounts, now: NumericCounts) => Repair | null;

/**
 * Looks for one simple transformation that maps the baseline's quantiles onto the window's.
 * @param noise standard error of a difference of means, in standard deviations of the values
 */
export type QuantileRepair = (feature: string, pairs: QuantilePairs, noise: number) => Repair | null;

export type CategoricalRepair = (feature: string, before: CategoricalCounts, now: CategoricalCounts) => Repair | null;

/** One side of the comparison: counts, and the rows behind them as far as they are in memory. */
export interface Side {
  readonly counts: WindowProfile;
  readonly rows: readonly Observation[];
}
