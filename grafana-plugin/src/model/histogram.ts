import { t } from '@grafana/i18n';
import type { Counts, SignalDistribution } from '../api/types';

type Numeric = Extract<Counts, { kind: 'numeric' }>;
/** Pairs of a cell and its count. */
type Cells = Numeric['cells'];

const MOST_CATEGORIES = 20;
const EQUAL_BINS = 20;

/** Value in the middle of a cell of the exporter's grid (the inverse of its asinh and unit grids). */
function cellMiddle(grid: Numeric['grid'], cell: number): number {
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
  const total = sum(counts);
  return counts.map((count) => (total === 0 ? 0 : count / total));
};
const short = (value: number) => Number(value.toPrecision(3)).toString();

function merge(edges: number[], most: number): number[] {
  const step = Math.ceil(edges.length / most);
  return edges.filter((_, index) => (index + 1) % step === 0 || index === edges.length - 1);
}

const sum = (counts: number[]) => counts.reduce((whole, count) => whole + count, 0);

/** Values that could be read. */
const readable = (counts: Counts) =>
  counts.kind === 'categorical'
    ? sum(counts.categories.map(([, count]) => Number(count))) + counts.other
    : sum(counts.cells.map(([, count = 0]) => count));

/** With bars before the others for what is missing and what cannot be read, where there is any. */
function withLost(drawn: Histogram, before: Counts | null, now: Counts | null): Histogram {
  const lost = [
    { label: t('histogram.missing', 'missing'), of: (counts: Counts) => counts.missing },
    { label: t('histogram.invalid', 'unreadable'), of: (counts: Counts) => counts.invalid },
  ].filter(({ of }) => [before, now].some((counts) => counts !== null && of(counts) > 0));
  const sharesOf = (counts: Counts | null, values: number[]) => {
    const all = counts === null ? 0 : readable(counts) + counts.missing + counts.invalid;
    return counts === null || all === 0
      ? [...lost.map(() => 0), ...values]
      : [...lost.map(({ of }) => of(counts) / all), ...values.map((value) => (value * readable(counts)) / all)];
  };
  const labels = [...lost.map(({ label }) => label), ...drawn.labels];
  return {
    x: labels.map((_, index) => index),
    labels,
    before: sharesOf(before, drawn.before),
    now: sharesOf(now, drawn.now),
  };
}

/**
 * Shares of baseline and window among all values, the lost ones first: those that are missing, those that cannot be read.
 */
export function histogramOf(distribution: Pick<SignalDistribution, 'bins' | 'before' | 'now'>): Histogram | null {
  const { before, now } = distribution;
  const drawn = valuesOf(distribution);
  return drawn === null ? null : withLost(drawn, before, now);
}

/**
 * Shares of baseline and window on the baseline's frozen bins (upper edges as cell indices; at most 24 are drawn, adjacent
 * ones joined), with one bar more for what lies above them; for categories, the 20 most frequent and the rest.
 */
function valuesOf({ bins, before, now }: Pick<SignalDistribution, 'bins' | 'before' | 'now'>): Histogram | null {
  const any = before ?? now;
  if (any === null || any === undefined) {
    return null;
  }
  if (any.kind === 'categorical') {
    const countsOf = (counts: Counts | null) => {
      const known = counts?.kind === 'categorical' ? counts : null;
      const by = new Map((known?.categories ?? []).map(([name, count]) => [String(name), Number(count)]));
      return { by, all: [...by.values()].reduce((sum, count) => sum + count, 0) + (known?.other ?? 0) };
    };
    const [past, present] = [countsOf(before), countsOf(now)];
    const names = [...new Set([...past.by.keys(), ...present.by.keys()])].slice(0, MOST_CATEGORIES);
    const countsIn = ({ by, all }: typeof past) => {
      const listed = names.map((name) => by.get(name) ?? 0);
      return [...listed, all - listed.reduce((sum, count) => sum + count, 0)];
    };
    const [pastValues, presentValues] = [countsIn(past), countsIn(present)];
    // A bar for the rest only where there is a rest.
    const rest = names.length;
    const keepsRest = (pastValues[rest] ?? 0) + (presentValues[rest] ?? 0) > 0;
    const labels = keepsRest ? [...names, t('histogram.other', 'other')] : names;
    const cut = (values: number[]) => share(values.slice(0, labels.length));
    return {
      x: labels.map((_, index) => index),
      labels,
      before: cut(pastValues),
      now: cut(presentValues),
    };
  }
  const cellsOf = (counts: Counts | null) => (counts?.kind === 'numeric' ? counts.cells : []);
  const given = bins ?? equalEdges(cellsOf(any));
  const edges = merge(given, 24);
  const fill = (cells: Cells) => {
    const bars = new Array<number>(edges.length + 1).fill(0);
    for (const [cell = 0, count = 0] of cells) {
      const at = edges.findIndex((edge) => cell <= edge);
      bars[at < 0 ? edges.length : at] += count;
    }
    return share(bars);
  };
  const labels = edges.map((edge) => `≤ ${short(cellMiddle(any.grid, edge))}`);
  labels.push(edges.length === 0 ? onlyLabel(any) : `> ${short(cellMiddle(any.grid, edges[edges.length - 1]))}`);
  return { x: labels.map((_, index) => index), labels, before: fill(cellsOf(before)), now: fill(cellsOf(now)) };
}

/** The label of a lone bar: the value that everything lies at. */
const onlyLabel = ({ grid, cells }: Numeric) => short(cellMiddle(grid, cells[0]?.[0] ?? 0));

/** How far two distributions are apart: the share of values that would have to move, 0–1. */
export const distanceOf = ({ before, now }: Pick<Histogram, 'before' | 'now'>) =>
  before.reduce((sum, value, index) => sum + Math.abs(value - (now[index] ?? 0)), 0) / 2;

/** Upper edges of equally wide bins over the cells that hold something, for a signal without a baseline. */
function equalEdges(cells: Cells): number[] {
  const filled = cells.flatMap(([cell = 0, count = 0]) => (count > 0 ? [cell] : []));
  if (filled.length === 0) {
    return [];
  }
  const [least, most] = [Math.min(...filled), Math.max(...filled)];
  const step = Math.max(1, Math.ceil((most - least + 1) / EQUAL_BINS));
  const edges: number[] = [];
  for (let edge = least + step - 1; edge < most; edge += step) {
    edges.push(edge);
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
