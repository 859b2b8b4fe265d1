import type { NumericRepair } from './index.js';
import { determination, quantilePairs } from './quantile-pairs.js';

const LEAST_FIT = 0.98;
/** A large factor is no coincidence, so sampling noise of a small window may cost more of the fit. */
const LEAST_FIT_OF_LARGE_FACTOR = 0.85;
const LARGE_FACTOR = 3;
/** Factors nearer to 1 than this are drift rather than another unit. */
const LEAST_FACTOR = 1.5;
/** Unit changes people make: tens, time, length, mass, percent. A factor within 3 % of one of these is told as that one. */
const KNOWN_FACTORS = [10, 100, 1_000, 1e4, 1e6, 60, 3_600, 24, 7, 12, 2.54, 0.3048, 1.609344, 0.45359237];

/** Values multiplied by a constant: a change of unit. Least squares through the origin over matched quantiles. */
export const scaleChange: NumericRepair = (feature, before, now) => {
  const pairs = quantilePairs(before, now);
  if (pairs === null) return null;
  const squares = pairs.reduce((sum, { x }) => sum + x * x, 0);
  if (squares === 0) return null;
  const fitted = pairs.reduce((sum, { x, y }) => sum + x * y, 0) / squares;
  if (fitted <= 0 || (fitted < LEAST_FACTOR && fitted > 1 / LEAST_FACTOR)) return null;
  const known = KNOWN_FACTORS.flatMap((factor) => [factor, 1 / factor]).find(
    (factor) => Math.abs(fitted / factor - 1) < 0.03,
  );
  const factor = known ?? Number(fitted.toPrecision(3));
  const fit = determination(pairs, (x) => factor * x);
  const isLarge = factor >= LARGE_FACTOR || factor <= 1 / LARGE_FACTOR;
  if (fit < (isLarge ? LEAST_FIT_OF_LARGE_FACTOR : LEAST_FIT)) return null;
  const told = factor >= 1 ? `multiplied by ${round(factor)}` : `divided by ${round(1 / factor)}`;
  return {
    transformation: 'scale',
    parameters: { factor },
    fit,
    sentence: `\`${feature}\` looks ${told} (R² ${fit.toFixed(3)} over matched quantiles).`,
  };
};

const round = (value: number): string => String(Number(value.toPrecision(4)));
