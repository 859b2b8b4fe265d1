import type { Model } from './model.js';

/** What a baseline holds of a model's answers, as far as it says how they are read. */
export interface LearntAnswers {
  /** As texts; of numbers the rounded ones. */
  readonly classes: readonly string[];
  readonly hasConfidence: boolean;
}

/** A model as it is probed. */
export type ProbedModel = Model & {
  /** Null while no baseline is compared with: only then what is read may still turn out to be something else. */
  readonly learnt?: () => LearntAnswers | null;
};
