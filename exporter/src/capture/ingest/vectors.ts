import type { FeatureValue } from '../../domain/observation.js';
import { plainValue } from './values.js';

/** Numeric lists from this length on are one vector (an embedding, a spectrum, an image), not one feature per place. */
export const SHORTEST_VECTOR = 16;

const isNumberOrMissing = (value: unknown): boolean => {
  const plain = typeof value === 'string' ? plainValue(value) : value;
  return typeof plain === 'number' || plain === null;
};

/** True for a list that is described as a whole. */
export const isVector = (list: readonly unknown[], shortest: number): boolean =>
  list.length >= shortest && list.every(isNumberOrMissing);

/**
 * A vector in a few numbers: length, Euclidean norm, mean, standard deviation (of the population), extremes, and the
 * share of places without a finite number. One pass (Welford 1962).
 */
export function describeVector(list: readonly unknown[]): readonly (readonly [part: string, value: FeatureValue])[] {
  let count = 0;
  let mean = 0;
  let squaresAround = 0;
  let squares = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const item of list) {
    const value = typeof item === 'string' ? plainValue(item) : item;
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    count += 1;
    const off = value - mean;
    mean += off / count;
    squaresAround += off * (value - mean);
    squares += value * value;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const some = count > 0;
  return [
    ['length', list.length],
    ['missing_share', list.length === 0 ? 0 : 1 - count / list.length],
    ['norm', some ? Math.sqrt(squares) : null],
    ['mean', some ? mean : null],
    ['standard_deviation', some ? Math.sqrt(squaresAround / count) : null],
    ['minimum', some ? minimum : null],
    ['maximum', some ? maximum : null],
  ];
}
