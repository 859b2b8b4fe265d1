import { determination, spreadOf } from './quantile-pairs.js';
import type { QuantileRepair } from './repair.js';

const MIN_FIT = 0.95;
/** A population's mean drifts; that all its values move by three of their standard deviations and keep their shape is no drift. */
const MIN_MOVE = 3;

/** A constant added to all values: another origin. The shape must have stayed as it was. */
export const offsetChange: QuantileRepair = (feature, pairs) => {
  const spread = spreadOf(pairs.map(({ x }) => x));
  const shift = pairs.reduce((sum, { x, y }) => sum + y - x, 0) / pairs.length;
  if (spread === 0 || Math.abs(shift) < MIN_MOVE * spread) return null;
  const offset = Number(shift.toPrecision(3));
  const fit = determination(pairs, (x) => x + shift);
  if (fit < MIN_FIT) return null;
  return {
    transformation: 'offset',
    parameters: { offset },
    fit,
    claim: `${offset >= 0 ? `${offset} looks added to` : `${-offset} looks subtracted from`} “${feature}”`,
    basis: `R² ${fit.toFixed(3)} over matched quantiles`,
  };
};
