import { expect, it } from 'vitest';
import type { IsolationTreeNode } from 'ml-isolation-forest';
import { anomalyScores, growForest } from '../../../../exporter/src/detection/isolation-forest/forest.js';
import { growTree } from '../../../../exporter/src/detection/isolation-forest/tree-grower.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const noise = seededRandom('rows');
const ROWS = Array.from({ length: 300 }, () => [noise.next(), noise.next(), noise.next()]);

it("leaves the process's Math.random alone while it grows, whatever else draws from it meanwhile", () => {
  const original = Math.random;
  const seen = new Set<unknown>();
  const seeded = seededRandom(7);
  growForest(
    ROWS,
    {
      next() {
        seen.add(Math.random);
        return seeded.next();
      },
    },
    { trees: 5, sampleSize: 64 },
  );
  expect([...seen]).toEqual([original]);
});

it('grows the same forest from the same rows and stream, another from another stream', () => {
  const grow = (seed: number) => growForest(ROWS, seededRandom(seed), { trees: 5, sampleSize: 64 });
  expect(grow(1)).toEqual(grow(1));
  expect(grow(1).value).not.toEqual(grow(2).value);
});

/** c(n) of Liu, Ting & Zhou 2008. */
const searchLength = (n: number): number =>
  n <= 1 ? 0 : n === 2 ? 1 : 2 * (Math.log(n - 1) + 0.5772156649015329) - (2 * (n - 1)) / n;

/** Where a row comes to in a tree as the package grows it, without the nodes of which one side is empty. */
function lengthIn({ left, right, ...node }: IsolationTreeNode, row: readonly number[], depth = 0): number {
  if (left === undefined || right === undefined) return depth + searchLength(node.trainingSet?.length ?? 0);
  const isEmpty = (side: IsolationTreeNode): boolean =>
    side.left === undefined && (side.trainingSet?.length ?? 0) === 0;
  if (isEmpty(left)) return lengthIn(right, row, depth);
  if (isEmpty(right)) return lengthIn(left, row, depth);
  const isLeft = (row[node.splitColumn ?? 0] ?? 0) < (node.splitValue ?? 0);
  return lengthIn(isLeft ? left : right, row, depth + 1);
}

/** Scores by the package's own trees, each grown from all rows but shuffled, as a sub-sample of all of them is. */
function plainScores(rows: readonly number[][], seed: number, trees: number, asked: readonly number[][]): number[] {
  const random = seededRandom(seed);
  const grown = Array.from({ length: trees }, () => {
    const pool = [...rows];
    for (let i = 0; i < pool.length; i += 1) {
      const j = i + Math.floor(random.next() * (pool.length - i));
      [pool[i], pool[j]] = [pool[j] ?? [], pool[i] ?? []];
    }
    return growTree(pool, random);
  });
  return asked.map((row) => {
    const length = grown.reduce((sum, tree) => sum + lengthIn(tree, row), 0);
    return 2 ** (-length / trees / searchLength(rows.length));
  });
}

it.each([
  { of: 'numbers', rows: ROWS },
  {
    of: 'few values, so that leaves hold many rows',
    rows: ROWS.map((row) => row.map((value) => Math.floor(3 * value))),
  },
  { of: 'two rows', rows: ROWS.slice(0, 2) },
])("scores $of to the last bit as the package's own trees do", ({ rows }) => {
  const asked = [...rows, ...Array.from({ length: 200 }, () => [4 * noise.next() - 1, noise.next(), noise.next()])];
  const forest = growForest(rows, seededRandom(3), { trees: 50, sampleSize: rows.length });
  expect(anomalyScores(forest, asked)).toEqual(plainScores(rows, 3, 50, asked));
});

it('scores rows by trees of which some are a single leaf, for their rows were all alike', () => {
  const rows = Array.from({ length: 300 }, (_, i) => [i === 0 ? 1 : 0]);
  const forest = growForest(rows, seededRandom(1), { trees: 200, sampleSize: 8 });
  const [rare = 0, usual = 0] = anomalyScores(forest, [[1], [0]]);
  expect([...forest.roots].filter((root) => root === -1 - 8).length).toBeGreaterThan(0);
  expect(usual).toBeLessThanOrEqual(0.5);
  expect(rare).toBeGreaterThan(usual);
});

it('refuses trees of more rows than its nodes can name', () => {
  const rows = Array.from({ length: 32_767 }, (_, i) => [i]);
  expect(() => growForest(rows, seededRandom(1), { trees: 1, sampleSize: rows.length })).toThrow(RangeError);
});

it.each([1, 3, 4, 5, 8, 11])('scores %i rows together as it scores each by itself', (count) => {
  const holed = ROWS.map((row, i) => (i % 7 === 0 ? row.with(1, NaN) : row));
  const forest = growForest(holed, seededRandom(4), { trees: 20, sampleSize: 64 });
  const asked = holed.slice(0, count);
  expect(anomalyScores(forest, asked)).toEqual(asked.flatMap((row) => anomalyScores(forest, [row])));
});
