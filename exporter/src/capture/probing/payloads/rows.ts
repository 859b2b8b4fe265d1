import type { Json } from '../../../domain/json.js';

/** Widths of tables people really have, likely ones first. */
const WIDTHS = [4, 1, 2, 3, 5, 8, 10, 13, 30];

/** Rows of plausible numbers, one per width, for a model that tells nothing about its input. */
export const guessedRows = (): number[][] =>
  WIDTHS.map((width) => Array.from({ length: width }, (_, i) => Number((0.5 + ((i * 37) % 50) / 10).toFixed(1))));

/** Unknown sizes become 1, so that one row is asked. */
const sizesOf = (shape: readonly number[]): number[] =>
  shape.map((size) => (Number.isInteger(size) && size > 0 ? size : 1));

/** How many numbers a shape holds; no end of them for one of more dimensions than any model has. */
export const countOf = (shape: readonly number[]): number =>
  shape.length > MOST_DIMENSIONS ? Infinity : sizesOf(shape).reduce((product, size) => product * size, 1);
const MOST_DIMENSIONS = 16;

/** Numbers of a given shape, the same for the same variant. @returns null when there would be more than a million */
export function numbersOf(shape: readonly number[], variant: number): Json | null {
  if (countOf(shape) > MOST_NUMBERS) return null;
  const filled = ([size, ...inner]: readonly number[], seed: number): Json =>
    size === undefined
      ? Number((0.5 + 0.37 * (seed % 11)).toFixed(3))
      : Array.from({ length: size }, (_, i) => filled(inner, seed + i));
  return filled(sizesOf(shape), variant * 7);
}
export const MOST_NUMBERS = 1_000_000;
export const LARGE_NUMBERS = 10_000;
