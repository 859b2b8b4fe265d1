import { determination, spreadOf } from './quantile-pairs.js';
import type { QuantileRepair } from './repair.js';

const MIN_FIT = 0.95;
/** A transformation that moves the values by less than this many of their standard deviations cannot be told from drift. */
const MIN_MOVE = 1;
/** Offset against the spread of the converted values; where it is less, it is only a factor, and factors drift. */
const MIN_OFFSET = 0.2;

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
export const affineChange: QuantileRepair = (feature, pairs) => {
  const meanX = pairs.reduce((sum, { x }) => sum + x, 0) / pairs.length;
  const spread = spreadOf(pairs.map(({ x }) => x));
  const [best] = CONVERSIONS.map(({ name, slope, offset }) => ({
    name,
    slope,
    offset,
    fit: determination(pairs, (x) => slope * x + offset),
  })).sort((a, b) => b.fit - a.fit);
  if (best === undefined || best.fit < MIN_FIT) return null;
  if (Math.abs(best.offset) < MIN_OFFSET * best.slope * spread) return null;
  if (Math.abs(best.slope * meanX + best.offset - meanX) < MIN_MOVE * spread) return null;
  return {
    transformation: 'affine',
    parameters: { slope: best.slope, offset: best.offset },
    fit: best.fit,
    claim: `“${feature}” looks ${best.name}`,
    basis: `R² ${best.fit.toFixed(3)} over matched quantiles`,
  };
};
