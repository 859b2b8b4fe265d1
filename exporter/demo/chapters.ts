/** The words and pictures of the demo's story: pure text, made of what was measured. */
import { percent } from '../src/domain/quantity-text.js';
import type { NumericCounts } from '../src/domain/profile.js';
import { cellMiddle } from '../src/statistics/grid.js';
import { numericTotal, quantileOf } from '../src/statistics/signal-counts.js';
import { wrapped } from './render.js';

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const MOST_BINS = 48;
const BAR_CELLS = 20;
const LABEL_COLUMNS = 10;

/** `── 3 · mlfi notices ─────`, as wide as the text. */
export function chapterHeading(number: number, title: string, width: number): readonly string[] {
  const start = `── ${number} · ${title} `;
  return ['', start + '─'.repeat(Math.max(2, width - start.length - 1))];
}

/** A paragraph of the story. */
export const told = (text: string, width: number): readonly string[] => wrapped(text, width - 1, '  ');

/** A point of a list; what does not fit on its line stands below its words. */
export const listed = (text: string, width: number): readonly string[] =>
  wrapped(text, width - 1, '    ').map((line, index) => (index === 0 ? line.replace('    ', '  · ') : line));

/** A share of one as a bar with its figure; more than everything is everything. */
export function bar(share: number): string {
  const within = Math.max(0, Math.min(1, share));
  const full = Math.floor(within * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${percent(Math.floor(within * 100) / 100, 0)}`;
}

/** Values where an axis begins and ends, without the outermost percent. */
function ends(counts: NumericCounts): readonly [low: number, high: number] | null {
  const [low, high] = [quantileOf(counts, 0.01), quantileOf(counts, 0.99)];
  return low === null || high === null ? null : [low, high];
}

/** Share of the values in each of `bins` equal parts of the axis from `low` to `high`; what lies outside is in the outermost ones. */
function shares(counts: NumericCounts, place: (value: number) => number, bins: number): readonly number[] {
  const heights = new Array<number>(bins).fill(0);
  const total = Math.max(1, numericTotal(counts));
  for (const [cell, count] of counts.cells) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(place(cellMiddle(counts.grid, cell)) * bins)));
    heights[bin] = (heights[bin] ?? 0) + count / total;
  }
  return heights;
}

const blockOf = (share: number, highest: number): string =>
  share === 0 ? ' ' : (BLOCKS[Math.min(BLOCKS.length - 1, Math.floor((share / highest) * BLOCKS.length))] ?? ' ');

/**
 * Two distributions one above the other on one axis: logarithmic when all values are positive and far apart, so that a change of unit
 * is a shift. Empty when either has no values.
 */
export function histogramLines(
  feature: string,
  before: NumericCounts,
  now: NumericCounts,
  width: number,
): readonly string[] {
  const [was, is] = [ends(before), ends(now)];
  if (was === null || is === null) return [];
  const low = Math.min(was[0], is[0]);
  const high = Math.max(was[1], is[1]);
  const isLogarithmic = low > 0 && high / low > 20;
  const scale = isLogarithmic ? Math.log : (value: number): number => value;
  const place = (value: number): number =>
    (scale(isLogarithmic ? Math.max(value, low / 2) : value) - scale(low)) / (scale(high) - scale(low) || 1);
  const bins = Math.min(MOST_BINS, width - LABEL_COLUMNS - 4);
  const [left, right] = [low.toPrecision(2), high.toPrecision(2)].map((text) => String(Number(text)));
  const line = (label: string, counts: NumericCounts): string => {
    const heights = shares(counts, place, bins);
    const highest = Math.max(...heights);
    return `  ${label.padEnd(LABEL_COLUMNS)}${heights.map((share) => blockOf(share, highest)).join('')}`.trimEnd();
  };
  const axis = `${left}${' '.repeat(Math.max(1, bins - (left?.length ?? 0) - (right?.length ?? 0)))}${right}`;
  return [
    '',
    ...told(
      `“${feature}” in the baseline (${numericTotal(before)} values) and in the evaluated window (${numericTotal(now)} values)${isLogarithmic ? ', logarithmic axis' : ''}:`,
      width,
    ),
    line('before', before),
    line('now', now),
    `  ${' '.repeat(LABEL_COLUMNS)}${axis}`,
  ];
}
