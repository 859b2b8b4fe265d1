import type { Features } from '../../../exporter/src/domain/observation.js';

/** One labelled row of real data. `hidden` is what the model sees and no log carries (a text's words). */
export interface ZooRow {
  readonly features: Features;
  readonly hidden: readonly number[];
  readonly label: string;
}

export interface Answer {
  readonly prediction: string;
  /** Probability of the prediction, 0.5–1. */
  readonly confidence: number;
}

/** Probability of the second class, 0–1. */
export type Scorer = (row: Pick<ZooRow, 'features' | 'hidden'>) => number;

/** A classifier of two classes trained on real data, an older and worse one, and rows neither has seen. */
export interface ZooModel {
  readonly name: string;
  readonly classes: readonly [string, string];
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
  readonly score: Scorer;
  readonly older: Scorer;
  readonly heldOut: readonly ZooRow[];
}

/** The likelier class; above `threshold` the second. Confidence is the likelier class's probability, whatever the threshold. */
export function answer(model: ZooModel, score: number, threshold = 0.5): Answer {
  return { prediction: model.classes[score > threshold ? 1 : 0], confidence: Math.max(score, 1 - score) };
}
