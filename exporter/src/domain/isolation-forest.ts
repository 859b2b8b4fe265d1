import type { Observation } from './observation.js';

/**
 * A grown isolation forest (Liu, Ting & Zhou 2008), all trees one after the other in flat arrays: each model keeps one. Only
 * nodes that split are kept, and their numbers count from the first of their tree: of node i, rows with x[column] < value go
 * to `children[2i + 1]`, others to `children[2i]`. A negative number is a leaf: −1 less the rows that grew it.
 */
export interface Forest {
  readonly column: Int16Array;
  readonly value: Float64Array;
  readonly children: Int16Array;
  /** Of each tree its first node among all. */
  readonly starts: Int32Array;
  /** Where each tree begins: 0, or a leaf for one whose rows were all alike. */
  readonly roots: Int16Array;
  /** Rows per tree. */
  readonly sampleSize: number;
  /** Columns of a row that vary, in the order the trees know them. */
  readonly columns: readonly number[];
  /** What a missing value of such a column is replaced with. */
  readonly medians: readonly number[];
  /** Columns with missing values while growing get an indicator column after the varying ones. */
  readonly indicators: readonly number[];
}

/** How rows become numbers for the forest: numeric features as they are, categories by how frequent they were. */
export interface ForestBaseline {
  readonly forest: Forest;
  readonly encode: (row: Observation) => readonly number[];
  readonly features: readonly string[];
  /** 99th percentile of the scores of rows the forest was not grown on. */
  readonly line: number;
  /** Scores of rows seen before; a row's score never changes, and most rows of a window were in the window before. */
  readonly known: WeakMap<Observation, number>;
}

/** A forest on vectors of sub-windows: it sees a model that behaves unusually even when no features are known. */
export interface WindowForest {
  readonly forest: Forest;
  readonly line: number;
}
