import type { CodedRows } from '../segments/slice-line.js';

const ROUNDS = 60;
const DEPTH = 3;
const LEARNING_RATE = 0.15;
const MIN_IN_LEAF = 12;
/** Rows that a leaf's own mean must outweigh before it is believed. */
const SHRINKAGE = 5;

type Node =
  | { readonly kind: 'leaf'; readonly value: number }
  | {
      readonly kind: 'split';
      readonly column: number;
      /** Per code, 1 for the left branch. */
      readonly isLeft: Uint8Array;
      readonly left: Node;
      readonly right: Node;
    };

/** Predicts from the code of each column. */
export type Regressor = (codeOf: (column: number) => number) => number;

/**
 * Gradient-boosted regression trees for squared error (Friedman 2001) on coded rows. A split sends the codes with the lower
 * mean residuals left; with codes sorted by their mean the best such split is the best of all subsets (Fisher 1958).
 * @param rows numbers of the rows to learn from
 */
export function boostedTrees(table: CodedRows, targets: Float64Array, rows: readonly number[]): Regressor {
  const mean = rows.reduce((sum, row) => sum + (targets[row] ?? 0), 0) / Math.max(1, rows.length);
  const residuals = Float64Array.from(targets, (target) => target - mean);
  const codes = table.columns.map((column) => 1 + column.reduce((most, code) => Math.max(most, code), 0));
  const trees: Node[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const tree = grow(table, codes, residuals, rows, DEPTH);
    if (tree.kind === 'leaf') break;
    trees.push(tree);
    for (const row of rows) {
      const step = valueAt(tree, (column) => table.columns[column]?.[row] ?? 0);
      residuals[row] = (residuals[row] ?? 0) - LEARNING_RATE * step;
    }
  }
  return (codeOf) => {
    let value = mean;
    for (const tree of trees) value += LEARNING_RATE * valueAt(tree, codeOf);
    return value;
  };
}

function valueAt(tree: Node, codeOf: (column: number) => number): number {
  let node = tree;
  while (node.kind === 'split') node = node.isLeft[codeOf(node.column)] === 1 ? node.left : node.right;
  return node.value;
}

function grow(
  table: CodedRows,
  codes: readonly number[],
  residuals: Float64Array,
  rows: readonly number[],
  depth: number,
): Node {
  const sum = rows.reduce((total, row) => total + (residuals[row] ?? 0), 0);
  const leaf: Node = { kind: 'leaf', value: sum / (rows.length + SHRINKAGE) };
  if (depth === 0 || rows.length < 2 * MIN_IN_LEAF) return leaf;
  let best: { readonly column: number; readonly isLeft: Uint8Array; readonly gain: number } | null = null;
  for (const [column, values] of table.columns.entries()) {
    const found = bestSplit(values, codes[column] ?? 0, residuals, rows, sum);
    if (found !== null && (best === null || found.gain > best.gain)) best = { column, ...found };
  }
  if (best === null) return leaf;
  const { column, isLeft } = best;
  const goesLeft = (row: number): boolean => isLeft[table.columns[column]?.[row] ?? 0] === 1;
  return {
    kind: 'split',
    column,
    isLeft,
    left: grow(table, codes, residuals, rows.filter(goesLeft), depth - 1),
    right: grow(
      table,
      codes,
      residuals,
      rows.filter((row) => !goesLeft(row)),
      depth - 1,
    ),
  };
}

/** Gain is the fall of the squared error: s²/n summed over the branches, less that of the whole. */
function bestSplit(
  values: Uint16Array,
  codes: number,
  residuals: Float64Array,
  rows: readonly number[],
  sum: number,
): { readonly isLeft: Uint8Array; readonly gain: number } | null {
  const sums = new Float64Array(codes);
  const counts = new Uint32Array(codes);
  for (const row of rows) {
    const code = values[row] ?? 0;
    sums[code] = (sums[code] ?? 0) + (residuals[row] ?? 0);
    counts[code] = (counts[code] ?? 0) + 1;
  }
  const meanOf = (code: number): number => (sums[code] ?? 0) / (counts[code] ?? 1);
  const order = Array.from({ length: codes }, (_, code) => code)
    .filter((code) => (counts[code] ?? 0) > 0)
    .sort((a, b) => meanOf(a) - meanOf(b));
  const n = rows.length;
  let count = 0;
  let part = 0;
  let gain = 1e-12;
  let taken = 0;
  for (const [place, code] of order.slice(0, -1).entries()) {
    count += counts[code] ?? 0;
    part += sums[code] ?? 0;
    if (count < MIN_IN_LEAF || n - count < MIN_IN_LEAF) continue;
    const here = part ** 2 / count + (sum - part) ** 2 / (n - count) - sum ** 2 / n;
    if (here <= gain) continue;
    gain = here;
    taken = place + 1;
  }
  if (taken === 0) return null;
  const isLeft = new Uint8Array(codes);
  for (const code of order.slice(0, taken)) isLeft[code] = 1;
  return { isLeft, gain };
}
