import { determination, spreadOf, type QuantilePairs } from './quantile-pairs.js';
import type { QuantileRepair } from './repair.js';

const MIN_FIT = 0.95;
/** Fits (R²) nearer to each other than this are equal; the more usual logarithm is reported. */
const FIT_TIE = 0.002;
/** A transformation that moves the values by less than this many of their standard deviations cannot be told from drift. */
const MIN_MOVE = 1;

/** Logarithms as pipelines take them. None has a parameter to fit, so a good fit is no coincidence. */
const LOGARITHMS: readonly {
  readonly name: string;
  readonly words: string;
  readonly inverse: string;
  readonly of: (x: number) => number;
  /** Values at or below this have no logarithm. */
  readonly above: number;
}[] = [
  { name: 'ln', words: 'natural logarithm', inverse: 'e to the power', of: Math.log, above: 0 },
  { name: 'log10', words: 'logarithm to base 10', inverse: '10 to the power', of: Math.log10, above: 0 },
  { name: 'log2', words: 'logarithm to base 2', inverse: '2 to the power', of: Math.log2, above: 0 },
  { name: 'log1p', words: 'ln(1 + x)', inverse: 'the inverse of ln(1 + x)', of: Math.log1p, above: -1 },
];

/**
 * Values of which the logarithm is sent, or of which it is sent no longer: the one that fits the matched quantiles best, if
 * one does. The fit is measured on the logarithmic side, where no single large value decides it.
 */
export const logChange: QuantileRepair = (feature, pairs) => {
  if (!isFar(pairs)) return null;
  const backwards = pairs.map(({ x, y }) => ({ x: y, y: x }));
  const fits = LOGARITHMS.flatMap((logarithm) => [
    { ...logarithm, isInverse: false, fit: fitOf(pairs, logarithm) },
    { ...logarithm, isInverse: true, fit: fitOf(backwards, logarithm) },
  ]);
  const highest = Math.max(...fits.map(({ fit }) => fit));
  const best = fits.find(({ fit }) => fit >= highest - FIT_TIE);
  if (best === undefined || best.fit < MIN_FIT) return null;
  const { name, words, inverse, isInverse, fit } = best;
  return {
    transformation: 'log',
    parameters: { function: name, direction: isInverse ? 'undone' : 'applied' },
    fit,
    claim: `“${feature}” looks replaced by ${isInverse ? `${inverse} of what it was` : `its ${words}`}`,
    basis: `R² ${fit.toFixed(3)} over matched quantiles`,
  };
};

function fitOf(pairs: QuantilePairs, { of, above }: (typeof LOGARITHMS)[number]): number {
  return pairs.every(({ x }) => x > above) ? determination(pairs, of) : 0;
}

/** True when the quantiles moved by more than the baseline or the window spreads. */
function isFar(pairs: QuantilePairs): boolean {
  const moved = pairs.reduce((sum, { x, y }) => sum + Math.abs(y - x), 0) / pairs.length;
  const least = Math.min(spreadOf(pairs.map(({ x }) => x)), spreadOf(pairs.map(({ y }) => y)));
  return moved >= MIN_MOVE * least;
}
