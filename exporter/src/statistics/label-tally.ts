import type { Grid, LabelCounts } from '../domain/profile.js';
import { gridFor } from './grid.js';
import { lossKey } from './loss-counts.js';

const TENTHS = 10;

/** What a label said of its answer: right or wrong, or by how much a quantity was missed. */
export type LabelOutcome =
  | { readonly kind: 'class'; readonly correct: boolean; readonly confidenceTenth: number | null }
  | { readonly kind: 'quantity'; readonly prediction: number; readonly absoluteError: number };

/** Counts of no label. */
export const noLabels = (): LabelCounts => ({
  labelled: 0,
  correct: 0,
  labelledByConfidence: new Array<number>(TENTHS).fill(0),
  correctByConfidence: new Array<number>(TENTHS).fill(0),
  losses: {},
});

/** Counts labels as they come; `build` takes an immutable copy. */
export interface LabelTally {
  /** @param answers the grid of the answers; null where it is not known */
  add(label: LabelOutcome, answers: Grid | null): void;
  build(): LabelCounts;
}

/** Starts counting. @param from goes on where these stopped */
export function createLabelTally(from: LabelCounts = noLabels()): LabelTally {
  let { labelled, correct } = from;
  const labelledByConfidence = [...from.labelledByConfidence];
  const correctByConfidence = [...from.correctByConfidence];
  const losses: Record<string, number> = { ...from.losses };
  return {
    add(label, answers) {
      if (label.kind === 'quantity') {
        const key = lossKey(answers ?? gridFor('prediction', label.prediction), label.prediction, label.absoluteError);
        losses[key] = (losses[key] ?? 0) + 1;
        return;
      }
      labelled += 1;
      correct += label.correct ? 1 : 0;
      if (label.confidenceTenth === null) return;
      const tenth = Math.min(TENTHS - 1, Math.max(0, label.confidenceTenth));
      labelledByConfidence[tenth] = (labelledByConfidence[tenth] ?? 0) + 1;
      correctByConfidence[tenth] = (correctByConfidence[tenth] ?? 0) + (label.correct ? 1 : 0);
    },
    build: () => ({
      labelled,
      correct,
      labelledByConfidence: [...labelledByConfidence],
      correctByConfidence: [...correctByConfidence],
      losses: { ...losses },
    }),
  };
}
