import type { Counts, SignalDistribution } from '../api/types';

type Numeric = Extract<Counts, { kind: 'numeric' }>;

/** Value in the middle of a cell of the exporter's grid (the inverse of its asinh and unit grids). */
export function cellMiddle(grid: Numeric['grid'], cell: number): number {
  return grid.kind === 'unit' ? (cell + 0.5) / 1000 : grid.centre + grid.scale * Math.sinh(cell * grid.step);
}

export interface Histogram {
  /** Middles of equally wide bars, or positions 0, 1, 2 … of categories or frozen bins. */
  x: number[];
  labels: string[];
  before: number[];
  now: number[];
}

const share = (counts: number[]) => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
};
const short = (value: number) => Number(value.toPrecision(3)).toString();

function merge(edges: number[], most: number): number[] {
  const step = Math.ceil(edges.length / most);
  return edges.filter((_, index) => (index + 1) % step === 0 || index === edges.length - 1);
}

/**
 * Shares of baseline and window on the baseline's frozen bins (upper edges as cell indices; at most 24 are drawn, adjacent
 * ones joined), with one bar more for what lies above them; for categories, the 20 most frequent and the rest.
 */
export function histogramOf({
  bins,
  before,
  now,
}: Pick<SignalDistribution, 'bins' | 'before' | 'now'>): Histogram | null {
  const any = before ?? now;
  if (any === null || any === undefined) {
    return null;
  }
  if (any.kind === 'categorical') {
    const counted = (counts: Counts | null) => (counts?.kind === 'categorical' ? counts : null);
    const names = [
      ...new Set([...(counted(before)?.categories ?? []), ...(counted(now)?.categories ?? [])].map(([name]) => name)),
    ].slice(0, 20);
    const valuesOf = (counts: Counts | null) => {
      const known = counted(counts);
      const by = new Map<string, number>(known?.categories as Array<[string, number]> | undefined);
      const listed = names.map((name) => by.get(name) ?? 0);
      const all = [...by.values()].reduce((sum, count) => sum + count, 0) + (known?.other ?? 0);
      return share([...listed, all - listed.reduce((sum, count) => sum + count, 0)]);
    };
    const labels = [...names, 'other'];
    return { x: labels.map((_, index) => index), labels, before: valuesOf(before), now: valuesOf(now) };
  }
  const cellsOf = (counts: Counts | null) =>
    counts?.kind === 'numeric' ? (counts.cells as Array<[number, number]>) : [];
  const given = bins ?? quantileEdges(cellsOf(any));
  const edges = merge(given, 24);
  const fill = (cells: Array<[number, number]>) => {
    const bars = new Array<number>(edges.length + 1).fill(0);
    for (const [cell, count] of cells) {
      const at = edges.findIndex((edge) => cell <= edge);
      bars[at < 0 ? edges.length : at] += count;
    }
    return share(bars);
  };
  const labels = edges.map((edge) => `≤ ${short(cellMiddle(any.grid, edge))}`);
  labels.push(edges.length === 0 ? 'all' : `> ${short(cellMiddle(any.grid, edges[edges.length - 1]))}`);
  return { x: labels.map((_, index) => index), labels, before: fill(cellsOf(before)), now: fill(cellsOf(now)) };
}

/** Ten equally filled bins, for a signal without a baseline. */
function quantileEdges(cells: Array<[number, number]>): number[] {
  const total = cells.reduce((sum, [, count]) => sum + count, 0);
  const edges: number[] = [];
  let seen = 0;
  for (const [cell, count] of cells) {
    seen += count;
    if (seen >= ((edges.length + 1) * total) / 10 && edges.length < 9) {
      edges.push(cell);
    }
  }
  return edges;
}

/** Rows of the exporter's aggregates CSV as columns of numbers; the first in milliseconds. Empty fields are null. */
export function parseAggregates(csv: string): { atMs: number[]; columns: Record<string, Array<number | null>> } {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = head.split(',').slice(1);
  const rows = lines.filter((line) => line !== '').map((line) => line.split(','));
  return {
    atMs: rows.map(([at]) => Date.parse(at)),
    columns: Object.fromEntries(
      names.map((name, column) => [
        name,
        rows.map((row) => (row[column + 1] === '' || row[column + 1] === undefined ? null : Number(row[column + 1]))),
      ])
    ),
  };
}
