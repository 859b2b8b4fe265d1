import { RandomForestClassifier } from 'ml-random-forest';
import { z } from 'zod';
import type { Random } from '../../src/domain/ports.js';
import type { AdultRow, Income, TabularFeatures } from './adult.js';
import { learnEncoding } from './encoding.js';

export interface ForestOptions {
  readonly trees: number;
  readonly maxDepth: number;
  /** Share of the features each tree sees. */
  readonly featureShare: number;
}

export const GOOD_FOREST: ForestOptions = { trees: 12, maxDepth: 6, featureShare: 0.75 };

/** A trained classifier: the likelier class and its probability, 0.5–1. */
export type IncomeModel = (features: TabularFeatures) => { readonly prediction: Income; readonly confidence: number };

type TreeNode =
  | { readonly splitColumn: number; readonly splitValue: number; readonly left: TreeNode; readonly right: TreeNode }
  | { readonly distribution: number[][] };

const treeNode: z.ZodType<TreeNode> = z.union([
  z.object({
    splitColumn: z.number(),
    splitValue: z.number(),
    get left() {
      return treeNode;
    },
    get right() {
      return treeNode;
    },
  }),
  z.object({ distribution: z.array(z.array(z.number())) }),
]);
const forest = z.object({
  baseModel: z.object({
    indexes: z.array(z.array(z.number())),
    estimators: z.array(z.object({ root: treeNode })),
  }),
});

/** Share of the higher income in the leaf the row falls into. */
function leafShare(node: TreeNode, row: readonly number[]): number {
  if ('distribution' in node) return node.distribution[0]?.[1] ?? 0;
  return leafShare((row[node.splitColumn] ?? 0) < node.splitValue ? node.left : node.right, row);
}

/**
 * Trains a random-subspace forest (Ho 1998: every tree sees a random share of the features) with ml-random-forest.
 * Its trees are read out to average leaf shares instead of counting votes: shallow trees vote so unanimously that the
 * vote share is no probability. Same rows and same random stream, same forest.
 */
export function trainForest(rows: readonly AdultRow[], options: ForestOptions, random: Random): IncomeModel {
  const encode = learnEncoding(rows);
  // ml-cart tries a split at every change of label along a feature; grouping equal labels first makes ties cost one.
  const grouped = rows.toSorted((a, b) => a.label.localeCompare(b.label));
  const classifier = new RandomForestClassifier({
    seed: Math.floor(random.next() * 0x7fff_ffff),
    nEstimators: options.trees,
    maxFeatures: options.featureShare,
    replacement: false,
    useSampleBagging: false,
    noOOB: true,
    treeOptions: { maxDepth: options.maxDepth, minNumSamples: 10, gainThreshold: 0.002 },
  });
  classifier.train(
    grouped.map(({ features }) => encode(features)),
    grouped.map(({ label }) => (label === '>50K' ? 1 : 0)),
  );
  const { indexes, estimators } = forest.parse(JSON.parse(JSON.stringify(classifier))).baseModel;
  return (features) => {
    const row = encode(features);
    const shares = estimators.map(({ root }, tree) =>
      leafShare(
        root,
        (indexes[tree] ?? []).map((column) => row[column] ?? 0),
      ),
    );
    const high = shares.reduce((sum, value) => sum + value, 0) / shares.length;
    return high > 0.5 ? { prediction: '>50K', confidence: high } : { prediction: '<=50K', confidence: 1 - high };
  };
}

/** Share of rows whose label the model predicts. */
export function accuracyOf(model: IncomeModel, rows: readonly AdultRow[]): number {
  return rows.filter(({ features, label }) => model(features).prediction === label).length / rows.length;
}
