import { percent } from '../../domain/quantity-text.js';
import { cellMiddle } from '../../statistics/grid.js';
import { numericTotal, quantileOf } from '../../statistics/signal-counts.js';
import type { Decomposition } from '../../domain/symptoms.js';
import type { NumericCounts } from '../../domain/profile.js';
import { escapeHtml } from './escape-html.js';
import type { Interval } from '../../domain/estimate.js';

const WIDTH = 720;

/** Horizontal bars for shares of one. */
export function barChart(bars: readonly { readonly label: string; readonly value: number }[]): string {
  const rows = bars.map(({ label, value }, i) => {
    const y = i * 30;
    const length = Math.max(1, value * 300);
    return `<text x="0" y="${y + 19}">${escapeHtml(label.length > 48 ? `${label.slice(0, 47)}…` : label)}</text><rect x="340" y="${y + 6}" width="${length.toFixed(1)}" height="18" rx="3" fill="var(--accent)"/><text x="${(348 + length).toFixed(1)}" y="${y + 19}">${percent(value)}</text>`;
  });
  return svg(bars.length * 30, 'Probability of each cause', rows.join(''));
}

/** An estimate on a line from 0 to 100 %, with its interval. */
export function intervalChart(value: number, { low, high }: Interval): string {
  const at = (share: number): string => (60 + share * 600).toFixed(1);
  return svg(
    52,
    `Estimated share of calls harmed: ${percent(value)}, between ${percent(low)} and ${percent(high)}`,
    `<line x1="60" x2="660" y1="24" y2="24" stroke="var(--line)"/><rect x="${at(low)}" y="19" width="${Math.max(1, (high - low) * 600).toFixed(1)}" height="10" rx="5" fill="var(--warn)" opacity="0.45"/><circle cx="${at(value)}" cy="24" r="7" fill="var(--bad)"/><text x="20" y="28">0 %</text><text x="668" y="28">100 %</text><text x="${at(value)}" y="48" text-anchor="middle">${percent(value)} harmed</text>`,
  );
}

/** Two distributions over the same 30 bins, as shares. */
export function histogramChart(before: NumericCounts | null, now: NumericCounts): string {
  const bins = 30;
  const isUnit = now.grid.kind === 'unit';
  const low = isUnit
    ? 0
    : Math.min(quantileOf(now, 0.01) ?? 0, before === null ? Infinity : (quantileOf(before, 0.01) ?? Infinity));
  const high = isUnit
    ? 1
    : Math.max(quantileOf(now, 0.99) ?? 1, before === null ? -Infinity : (quantileOf(before, 0.99) ?? -Infinity));
  const shares = (counts: NumericCounts): number[] => {
    const heights = new Array<number>(bins).fill(0);
    const total = Math.max(1, numericTotal(counts));
    for (const [cell, count] of counts.cells) {
      const bin = Math.min(
        bins - 1,
        Math.max(0, Math.floor(((cellMiddle(counts.grid, cell) - low) / (high - low || 1)) * bins)),
      );
      heights[bin] = (heights[bin] ?? 0) + count / total;
    }
    return heights;
  };
  const was = before === null ? [] : shares(before);
  const is = shares(now);
  const highest = Math.max(...was, ...is, 0.01);
  const step = WIDTH / bins;
  const bar = (share: number, i: number, colour: string, inset: number): string => {
    const height = (share / highest) * 150;
    return `<rect x="${(i * step + inset).toFixed(1)}" y="${(160 - height).toFixed(1)}" width="${(step - 2 * inset).toFixed(1)}" height="${height.toFixed(1)}" fill="${colour}"/>`;
  };
  const bars =
    was.map((share, i) => bar(share, i, 'var(--before)', 1)).join('') +
    is.map((share, i) => bar(share, i, 'var(--accent)', 6)).join('');
  const axis = `<line x1="0" x2="${WIDTH}" y1="160" y2="160" stroke="var(--line)"/><text x="0" y="177">${low.toPrecision(3)}</text><text x="${WIDTH - 40}" y="177">${high.toPrecision(3)}</text>`;
  return svg(182, 'Distribution of confidence before and now', bars + axis);
}

/** From the level before, by its parts, to the level now. */
export function waterfallChart(decomposition: Decomposition): string {
  const steps = [
    ...decomposition.parts.map(({ name, value }) => ({ name: name, value })),
    { name: 'unexplained', value: decomposition.remainder },
  ];
  let level = decomposition.before;
  const scale = (value: number): number => 340 + value * 300;
  const total = (label: string, value: number, y: number): string =>
    `<text x="0" y="${y + 19}">${label}</text><rect x="340" y="${y + 6}" width="${(value * 300).toFixed(1)}" height="18" rx="3" fill="var(--before)"/><text x="${(scale(value) + 8).toFixed(1)}" y="${y + 19}">${value.toFixed(2)}</text>`;
  const rows = steps.map(({ name, value }, i) => {
    const y = (i + 1) * 30;
    const from = level;
    level += value;
    const x = scale(Math.min(from, level));
    return `<text x="0" y="${y + 19}">${escapeHtml(name)}</text><rect x="${x.toFixed(1)}" y="${y + 6}" width="${Math.max(1, Math.abs(value) * 300).toFixed(1)}" height="18" rx="3" fill="${value < 0 ? 'var(--bad)' : 'var(--good)'}"/><text x="${(scale(Math.max(from, level)) + 8).toFixed(1)}" y="${y + 19}">${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(3)}</text>`;
  });
  const last = (steps.length + 1) * 30;
  return svg(
    last + 30,
    'Decomposition of the change of confidence',
    total('before', decomposition.before, 0) + rows.join('') + total('now', decomposition.now, last),
  );
}

function svg(height: number, title: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeHtml(title)}">${content}</svg>`;
}
