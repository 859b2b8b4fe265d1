/** Expressions that stay readable and cheap whatever the number of models, and never answer "not a number". */

/** Evaluated at the end of the shown range: the same series are chosen at every point of a graph. */
const AT_END = ' @ end()';

interface Ranked {
  /** Labels one line is drawn for. */
  readonly by: readonly string[];
  /** Lines drawn at most. */
  readonly most?: number;
  /** The aggregated expression; `at` goes behind every selector. */
  readonly expression: (at: string) => string;
}

const MOST_LINES = 10;

const ranked = (order: 'topk' | 'bottomk', { by, most = MOST_LINES, expression }: Ranked): string =>
  `${expression('')} and on (${by.join(', ')}) ${order}(${most}, ${expression(AT_END)})`;

/** The largest at the end of the range. */
export const largest = (wanted: Ranked): string => ranked('topk', wanted);
/** The smallest at the end of the range. */
export const smallest = (wanted: Ranked): string => ranked('bottomk', wanted);

/** A quotient that has no value where nothing was counted: 0 ÷ 0 is not a number. */
export const quotient = (dividend: string, divisor: string): string => `${dividend} / (${divisor} > 0)`;

/** A quantile that has no value for an empty histogram, as after a restart. */
export const quantileOf = (quantile: number, buckets: string): string =>
  `histogram_quantile(${quantile}, ${buckets}) >= 0`;
