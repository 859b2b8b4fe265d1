import type { NumericRepair } from './index.js';
import { determination, quantilePairs } from './quantile-pairs.js';

const LEAST_FIT = 0.98;

/** Values scaled and shifted, as from °C to °F: least squares line over matched quantiles. A pure shift is told as one. */
export const affineChange: NumericRepair = (feature, before, now) => {
  const pairs = quantilePairs(before, now);
  if (pairs === null) return null;
  const n = pairs.length;
  const meanX = pairs.reduce((sum, { x }) => sum + x, 0) / n;
  const meanY = pairs.reduce((sum, { y }) => sum + y, 0) / n;
  const sxx = pairs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (sxx === 0) return null;
  const slope = pairs.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / sxx;
  const offset = meanY - slope * meanX;
  const fit = determination(pairs, (x) => slope * x + offset);
  const spread = Math.sqrt(sxx / n);
  if (fit < LEAST_FIT || slope <= 0) return null;
  if (Math.abs(slope - 1) < 0.05) {
    // A whole standard deviation: smaller shifts are drift, not a transformation.
    if (Math.abs(offset) < spread) return null;
    const told = `${offset > 0 ? 'increased' : 'decreased'} by ${Math.abs(Number(offset.toPrecision(3)))}`;
    return {
      transformation: 'offset',
      parameters: { offset },
      fit,
      sentence: `\`${feature}\` looks ${told} everywhere (R² ${fit.toFixed(3)}).`,
    };
  }
  if (slope > 0.67 && slope < 1.5) return null;
  const celsius = Math.abs(slope - 1.8) < 0.05 && Math.abs(offset - 32) < 3;
  const told = celsius
    ? 'converted from °C to °F'
    : `transformed as ${slope.toPrecision(3)} × value ${offset < 0 ? '−' : '+'} ${Math.abs(Number(offset.toPrecision(3)))}`;
  return {
    transformation: 'affine',
    parameters: { slope, offset },
    fit,
    sentence: `\`${feature}\` looks ${told} (R² ${fit.toFixed(3)}).`,
  };
};
