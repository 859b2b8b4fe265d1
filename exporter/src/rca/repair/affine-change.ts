import type { NumericRepair } from './index.js';
import { determination, quantilePairs } from './quantile-pairs.js';

const LEAST_FIT = 0.9;
/** A transformation that moves the values by less than this many of their standard deviations cannot be told from drift. */
const LEAST_MOVE = 1;

/**
 * Conversions with a scale and an offset. Only known ones: any two normal distributions are some affine map of each
 * other, so a fitted one would explain every drift and prove nothing.
 */
const CONVERSIONS: readonly { readonly name: string; readonly slope: number; readonly offset: number }[] = [
  { name: 'converted from °C to °F', slope: 1.8, offset: 32 },
  { name: 'converted from °F to °C', slope: 1 / 1.8, offset: -32 / 1.8 },
  { name: 'converted from °C to K', slope: 1, offset: 273.15 },
  { name: 'converted from K to °C', slope: 1, offset: -273.15 },
];

/** Values converted between temperature scales: the conversion that fits the matched quantiles best, if one fits well. */
export const affineChange: NumericRepair = (feature, before, now) => {
  const pairs = quantilePairs(before, now);
  if (pairs === null) return null;
  const meanX = pairs.reduce((sum, { x }) => sum + x, 0) / pairs.length;
  const spread = Math.sqrt(pairs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0) / pairs.length);
  const [best] = CONVERSIONS.map(({ name, slope, offset }) => ({
    name,
    slope,
    offset,
    fit: determination(pairs, (x) => slope * x + offset),
  })).sort((a, b) => b.fit - a.fit);
  if (best === undefined || best.fit < LEAST_FIT) return null;
  if (Math.abs(best.slope * meanX + best.offset - meanX) < LEAST_MOVE * spread) return null;
  return {
    transformation: 'affine',
    parameters: { slope: best.slope, offset: best.offset },
    fit: best.fit,
    sentence: `\`${feature}\` looks ${best.name} (R² ${best.fit.toFixed(3)} over matched quantiles).`,
  };
};
