/**
 * Bets against a null hypothesis. A bet is a function with expectation ≤ 1 under the null; multiplied over time it grows
 * only if the null is wrong. A fixed mixture of small and large bets covers unknown effect sizes (Shin, Ramdas & Rinaldo
 * 2024, "E-detectors"). Validity never depends on the grid; only speed does.
 */
export interface Bets {
  /** Slopes λ of 1 + λ(x − mean). */
  readonly slopes: Float64Array;
  /** The largest mean the null allows. */
  readonly mean: number;
  /** Exponents κ of κ(1 − q)^(κ−1); empty where x is no p-value. */
  readonly powers: Float64Array;
  /** Mixture weight of each bet, slopes first, then powers; they add to 1. */
  readonly weights: Float64Array;
}

const LINEAR_BETS = 6;
const POWER_EXPONENTS = [0.15, 0.4] as const;
/** The power bets have no tolerance, so they get a small part of the mixture. */
const POWER_SHARE = 0.2;
const LARGEST_STAKE = 0.95;
const P_VALUE_VARIANCE = 1 / 12;

function geometric(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, j) => from * (to / from) ** (j / (count - 1)));
}

/** Exponents with the weights of a mixture that has them; never changed, so every detector may share them. */
function mixing(powers: readonly number[]): Pick<Bets, 'powers' | 'weights'> {
  const powerShare = powers.length === 0 ? 0 : POWER_SHARE;
  return {
    powers: Float64Array.from(powers),
    weights: Float64Array.from([
      ...new Array<number>(LINEAR_BETS).fill((1 - powerShare) / LINEAR_BETS),
      ...powers.map(() => powerShare / powers.length),
    ]),
  };
}
const WITH_POWERS = mixing(POWER_EXPONENTS);
const LINEAR_ALONE = mixing([]);

const mixture = (mean: number, slopes: readonly number[], powers: boolean): Bets => ({
  mean,
  slopes: Float64Array.from(slopes),
  ...(powers ? WITH_POWERS : LINEAR_ALONE),
});

/**
 * Bets on a stream of p-values being larger than uniform ones. Linear bets allow a mean of ½ + `tolerance`.
 * @param powers adds power bets, which see few but extreme p-values sooner
 */
export function shiftBets(tolerance: number, powers: boolean): Bets {
  const mean = 0.5 + tolerance;
  const slopes = geometric(0.01, 0.9 * (1 - mean), LINEAR_BETS).map((d) =>
    Math.min(d / (P_VALUE_VARIANCE + d * d), LARGEST_STAKE / mean),
  );
  return mixture(mean, slopes, powers);
}

/**
 * Bets on a stream of [0, 1] values having a mean above `mean`.
 * @param variance of the values in the baseline; null for indicators, whose variance is mean(1 − mean)
 * @throws RangeError unless 0 < mean < 1
 */
export function riskBets(mean: number, variance: number | null): Bets {
  if (!(mean > 0 && mean < 1)) throw new RangeError(`the mean allowed must lie between 0 and 1, got ${mean}`);
  const largest = 0.9 * (1 - mean);
  const slopes = geometric(Math.min(0.1 * mean, largest), largest, LINEAR_BETS).map((d) =>
    Math.min(variance === null ? d / (mean * (1 - mean)) : d / (variance + d * d), LARGEST_STAKE / mean),
  );
  return mixture(mean, slopes, false);
}
