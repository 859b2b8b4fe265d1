import { median } from 'simple-statistics';
import type { IsolationTreeNode } from 'ml-isolation-forest';
import type { Forest } from '../../domain/isolation-forest.js';
import type { Random } from '../../domain/ports.js';
import { growTree } from './tree-grower.js';

export interface ForestOptions {
  readonly trees: number;
  readonly sampleSize: number;
}
/** What a node's number of 16 bits can name. */
const MOST_ROWS_A_TREE = 2 ** 15 - 2;
const DEFAULT_FOREST_OPTIONS: ForestOptions = { trees: 100, sampleSize: 256 };

const EULER = 0.5772156649015329;

/** Mean path length of an unsuccessful search in a binary search tree of n rows: 2H(n−1) − 2(n−1)/n. */
function averagePathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/**
 * Grows a forest with ml-isolation-forest as the tree grower: one tree per seeded sub-sample. The package itself does not
 * sub-sample, normalises wrongly, keeps its rows, and drops rows with NaN (measured).
 * Equal rows and an equal random stream give an identical forest.
 * @param rows rectangular; a missing value is NaN
 * @throws RangeError below 2 rows, without a column that varies, or with trees of more than 32,766 rows
 */
export function growForest(
  rows: readonly (readonly number[])[],
  random: Random,
  options: ForestOptions = DEFAULT_FOREST_OPTIONS,
): Forest {
  if (rows.length < 2) throw new RangeError(`an isolation forest needs at least 2 rows, got ${rows.length}`);
  const width = rows[0]?.length ?? 0;
  const columns: number[] = [];
  const medians: number[] = [];
  const indicators: number[] = [];
  for (let column = 0; column < width; column += 1) {
    const values = rows.map((row) => row[column] ?? NaN);
    const present = values.filter((value) => Number.isFinite(value));
    if (present.length === 0) continue;
    if (present.some((value) => value !== present[0])) {
      columns.push(column);
      medians.push(median(present));
    }
    if (present.length < values.length) indicators.push(column);
  }
  if (columns.length + indicators.length === 0) throw new RangeError('an isolation forest needs a column that varies');
  const shape = { columns, medians, indicators };
  const prepared = rows.map((row) => prepare(shape, row));
  const sampleSize = Math.min(options.sampleSize, prepared.length);
  if (sampleSize > MOST_ROWS_A_TREE) throw new RangeError(`a tree takes ${MOST_ROWS_A_TREE} rows, not ${sampleSize}`);
  const nodes: Nodes = { column: [], value: [], children: [] };
  const starts: number[] = [];
  const roots: number[] = [];
  for (let i = 0; i < options.trees; i += 1) {
    starts.push(nodes.column.length);
    roots.push(flatten(growTree(sample(prepared, sampleSize, random), random), nodes));
  }
  return {
    column: Int16Array.from(nodes.column),
    value: Float64Array.from(nodes.value),
    children: Int16Array.from(nodes.children),
    starts: Int32Array.from(starts),
    roots: Int16Array.from(roots),
    sampleSize,
    ...shape,
  };
}

/** Score of each row, 2^(−E[path]/c(sampleSize)) in (0, 1]: near 1 anomalous, below 0.5 ordinary. */
export function anomalyScores(forest: Forest, rows: readonly (readonly number[])[]): number[] {
  const normaliser = averagePathLength(forest.sampleSize) || 1;
  const prepared = inOneArray(forest, rows);
  const lengths = new Float64Array(rows.length);
  // Tree by tree: one fits into the nearest cache, all of them do not.
  for (let tree = 0; tree < forest.roots.length; tree += 1) addPathLengths(forest, tree, prepared, lengths);
  return Array.from(lengths, (length) => 2 ** (-length / forest.roots.length / normaliser));
}

/**
 * How much each original column makes a row unusual: the fall of its score when that column alone is put back to the
 * baseline's median, never below 0, scaled to sum 1 (all 0 when no single column does). Ignores what columns do together.
 */
export function columnContributions(forest: Forest, row: readonly number[], width: number): number[] {
  const [score = 0] = anomalyScores(forest, [row]);
  const falls = Array.from({ length: width }, (_, column) => {
    const known = forest.columns.indexOf(column);
    if (known < 0) return 0;
    const restored = row.with(column, forest.medians[known] ?? 0);
    return Math.max(0, score - (anomalyScores(forest, [restored])[0] ?? score));
  });
  const total = falls.reduce((sum, fall) => sum + fall, 0);
  return total === 0 ? falls : falls.map((fall) => fall / total);
}

/** Rows as the trees see them, one behind the other. */
interface PreparedRows {
  readonly values: Float64Array;
  readonly width: number;
}

function inOneArray(forest: Forest, rows: readonly (readonly number[])[]): PreparedRows {
  const width = forest.columns.length + forest.indicators.length;
  const values = new Float64Array(width * rows.length);
  for (const [i, row] of rows.entries()) values.set(prepare(forest, row), i * width);
  return { values, width };
}

function prepare(shape: Pick<Forest, 'columns' | 'medians' | 'indicators'>, row: readonly number[]): number[] {
  const values = shape.columns.map((column, i) => {
    const value = row[column] ?? NaN;
    return Number.isFinite(value) ? value : (shape.medians[i] ?? 0);
  });
  for (const column of shape.indicators) values.push(Number.isFinite(row[column] ?? NaN) ? 0 : 1);
  return values;
}

/** `size` rows without replacement (partial Fisher–Yates). */
function sample(rows: readonly number[][], size: number, random: Random): number[][] {
  const pool = [...rows];
  for (let i = 0; i < size; i += 1) {
    const j = i + Math.floor(random.next() * (pool.length - i));
    const picked = pool[j];
    const replaced = pool[i];
    if (picked === undefined || replaced === undefined) break;
    pool[i] = picked;
    pool[j] = replaced;
  }
  return pool.slice(0, size);
}

interface Nodes {
  readonly column: number[];
  readonly value: number[];
  readonly children: number[];
}

/** Puts the nodes of a tree behind those of others. @returns where it begins: its first node, or a leaf */
function flatten(root: IsolationTreeNode, { column, value, children }: Nodes): number {
  const start = column.length;
  const isEmpty = (node: IsolationTreeNode | undefined): boolean =>
    node !== undefined && node.left === undefined && (node.trainingSet?.length ?? 0) === 0;
  const add = (given: IsolationTreeNode): number => {
    // A column that is constant in a branch splits nothing off; scikit-learn never splits on one, the package does.
    let node = given;
    for (;;) {
      const only = isEmpty(node.left) ? node.right : isEmpty(node.right) ? node.left : undefined;
      if (only === undefined) break;
      node = only;
    }
    if (node.left === undefined || node.right === undefined) return -1 - (node.trainingSet?.length ?? 0);
    const at = column.length;
    column.push(node.splitColumn ?? 0);
    value.push(node.splitValue ?? 0);
    children.push(-1, -1);
    children[2 * at + 1] = add(node.left);
    children[2 * at] = add(node.right);
    return at - start;
  };
  return add(root);
}

/** c(n) of what was asked before: trees ask for the same few sizes again and again. */
const leafLengths: number[] = [];

/**
 * Adds the path length of every row in one tree. Each step waits for the memory that the one before named: rows are taken
 * four at a time, so that four of them wait at once.
 */
function addPathLengths(forest: Forest, tree: number, rows: PreparedRows, lengths: Float64Array): void {
  const { column, value, children } = forest;
  const { values, width } = rows;
  const start = forest.starts[tree] ?? 0;
  const root = forest.roots[tree] ?? -1;
  // The side is a place and no branch, which the processor would guess wrongly half of the time.
  const below = (node: number, row: number): number => {
    const at = start + node;
    return children[2 * at + Number((values[row + (column[at] ?? 0)] ?? 0) < (value[at] ?? 0))] ?? -1;
  };
  const add = (row: number, from: number, depth: number): void => {
    let node = from;
    let passed = depth;
    for (; node >= 0; passed += 1) node = below(node, row * width);
    const grewIt = -1 - node;
    lengths[row] = (lengths[row] ?? 0) + (passed + (leafLengths[grewIt] ??= averagePathLength(grewIt)));
  };
  let row = 0;
  for (; row + 4 <= lengths.length; row += 4) {
    const [at, next] = [row * width, (row + 2) * width];
    let [a, b, c, d] = [root, root, root, root];
    let depth = 0;
    for (; (a | b | c | d) >= 0; depth += 1) {
      a = below(a, at);
      b = below(b, at + width);
      c = below(c, next);
      d = below(d, next + width);
    }
    add(row, a, depth);
    add(row + 1, b, depth);
    add(row + 2, c, depth);
    add(row + 3, d, depth);
  }
  for (; row < lengths.length; row += 1) add(row, root, 0);
}
