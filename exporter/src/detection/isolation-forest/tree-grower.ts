import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type { IsolationForest, IsolationTreeNode } from 'ml-isolation-forest';
import type { Random } from '../../domain/ports.js';

interface PackageExports {
  IsolationForest?: typeof IsolationForest;
}

/**
 * ml-isolation-forest draws from `Math.random`. Its module is evaluated here once more with a `Math` of its own, so that a
 * seeded stream reaches the package and nothing else of the process.
 */
function ownCopy(draw: () => number): typeof IsolationForest {
  const load = createRequire(import.meta.url);
  const file = load.resolve('ml-isolation-forest');
  const exported: PackageExports = {};
  const seededMath: unknown = Object.create(Math, { random: { value: draw } });
  const body = compileFunction(readFileSync(file, 'utf8'), ['exports', 'require', 'Math'], { filename: file });
  Reflect.apply(body, undefined, [exported, createRequire(file), seededMath]);
  if (exported.IsolationForest === undefined) throw new Error('ml-isolation-forest exports no IsolationForest');
  return exported.IsolationForest;
}

let source: Random | null = null;
const Grower = ownCopy(() => {
  if (source === null) throw new Error('a tree is grown from a seeded stream only');
  return source.next();
});

/**
 * One tree of ml-isolation-forest. Equal rows and an equal stream give an identical tree.
 * @throws RangeError when the package returns none
 */
export function growTree(rows: readonly (readonly number[])[], random: Random): IsolationTreeNode {
  const grower = new Grower({ nEstimators: 1 });
  source = random;
  try {
    grower.train(rows);
  } finally {
    source = null;
  }
  const tree = grower.forest[0];
  if (tree === undefined) throw new RangeError('the tree grower returned no tree');
  return tree;
}
