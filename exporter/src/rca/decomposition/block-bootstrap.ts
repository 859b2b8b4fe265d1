import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Interval } from '../../domain/estimate.js';

const ROUNDS = 200;
const BLOCKS = 25;
const MIN_IN_BLOCK = 4;
const SEED = 20_261;

/** Per row a list of numbers whose sums are all that the statistic needs. */
export type RowTerms = readonly (readonly number[])[];

/**
 * Intervals of a statistic of two series of rows by block bootstrap (Künsch 1989): each series is cut into up to 25 runs of
 * neighbouring rows, so that what neighbours share stays together, and runs are drawn with replacement.
 * @param statistic from the summed terms of both sides to the figures wanted
 * @returns one 95 % interval per figure, or null when there are too few rows to cut
 */
export function blockBootstrap(
  before: RowTerms,
  now: RowTerms,
  statistic: (before: readonly number[], now: readonly number[]) => readonly number[],
): readonly Interval[] | null {
  if (Math.min(before.length, now.length) < BLOCKS * MIN_IN_BLOCK) return null;
  const generator = xoroshiro128plus(SEED);
  const blocksBefore = blockSums(before);
  const blocksNow = blockSums(now);
  const draw = (blocks: readonly (readonly number[])[]): number[] =>
    sumOf(blocks.map(() => blocks[Math.floor(uniformFloat64(generator) * blocks.length)] ?? []));
  const rounds = Array.from({ length: ROUNDS }, () => statistic(draw(blocksBefore), draw(blocksNow)));
  return (rounds[0] ?? []).map((_, figure) => {
    const sorted = rounds.map((round) => round[figure] ?? 0).sort((a, b) => a - b);
    const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? 0;
    return { low: at(0.025), high: at(0.975), level: 0.95 };
  });
}

/** Sums of each term over all rows given. */
export function sumOf(rows: RowTerms): number[] {
  const sums = new Array<number>(rows[0]?.length ?? 0).fill(0);
  for (const row of rows)
    for (let term = 0; term < sums.length; term += 1) sums[term] = (sums[term] ?? 0) + (row[term] ?? 0);
  return sums;
}

const blockSums = (rows: RowTerms): number[][] =>
  Array.from({ length: BLOCKS }, (_, block) =>
    sumOf(rows.slice(Math.floor((block * rows.length) / BLOCKS), Math.floor(((block + 1) * rows.length) / BLOCKS))),
  );
