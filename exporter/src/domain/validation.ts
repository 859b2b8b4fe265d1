import type { ModelId, ValidationId } from './identifiers.js';
import type { Prediction } from './observation.js';
import type { Interval } from './estimate.js';
import type { Proportion } from './estimate.js';

/** `replace`: the candidate should answer as the model in service does, or better · `restore`: as the baseline did, when the model in service is what is wrong. */
export const VALIDATION_PURPOSES = ['replace', 'restore'] as const;
export type ValidationPurpose = (typeof VALIDATION_PURPOSES)[number];

export type InputOrigin = 'golden' | 'mirrored' | 'generated';

/** One answer, as far as the comparison needs it. Lives in memory only. */
export interface ValidationAnswer {
  readonly prediction: Prediction;
  readonly confidence: number | null;
  readonly latencySeconds: number | null;
  readonly failed: boolean;
}

/** One input asked of both. Lives in memory only. */
export interface ValidationPair {
  readonly origin: InputOrigin;
  /** Null when the model in service was not asked. */
  readonly current: ValidationAnswer | null;
  readonly candidate: ValidationAnswer;
  readonly label: Prediction;
  /** Golden inputs: whether the candidate answers as the baseline did; null where no baseline answer is known. */
  readonly asBaseline: boolean | null;
}

export interface Estimate {
  readonly value: number;
  readonly interval: Interval;
}

/** Figures of a comparison. Counts and moments only: no input and no answer is in it. */
export interface Comparison {
  readonly inputs: Readonly<Record<InputOrigin, number>>;
  /** Same answer to the same input; null when never both answered. */
  readonly agreement: Proportion | null;
  /** Numbers agree when they differ by at most this; null when answers are not numbers. */
  readonly numericTolerance: number | null;
  /** Mean of (candidate − current), paired. */
  readonly confidenceShift: Estimate | null;
  readonly candidateErrors: Proportion;
  readonly currentErrors: Proportion | null;
  /** Median of candidate ÷ current, paired, and the median difference in seconds. */
  readonly latencyRatio: Estimate | null;
  readonly latencyDifferenceSeconds: number | null;
  readonly accuracy: AccuracyComparison | null;
  /** Golden inputs the baseline knows an answer to. */
  readonly golden: { readonly compared: number; readonly asBaseline: number };
}

export interface AccuracyComparison {
  readonly labelled: number;
  readonly currentRight: number;
  readonly candidateRight: number;
  readonly onlyCurrentRight: number;
  readonly onlyCandidateRight: number;
  /** Share right of the candidate − of the current model. */
  readonly difference: Estimate;
  /** McNemar's exact test, two-sided. */
  readonly pValue: number;
}

export type ValidationVerdict = 'pass' | 'fail' | 'inconclusive';
export const VALIDATION_CRITERIA = [
  'inputs',
  'errors',
  'agreement',
  'golden',
  'confidence',
  'latency',
  'accuracy',
] as const;

/** One thing the candidate is judged by. */
export interface ValidationCriterion {
  readonly name: (typeof VALIDATION_CRITERIA)[number];
  readonly verdict: ValidationVerdict;
  readonly text: string;
}

/** A finished or running validation; what is stored and shown. */
export interface Validation {
  readonly id: ValidationId;
  readonly modelId: ModelId;
  readonly candidateUrl: string;
  readonly purpose: ValidationPurpose;
  readonly state: 'running' | 'finished' | 'failed';
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  /** Version label of the model in service and of the candidate, as their answers tell. */
  readonly currentVersion: string | null;
  readonly candidateVersion: string | null;
  readonly calls: number;
  readonly verdict: ValidationVerdict | null;
  /** Sentences, most important first; why it failed to run for state `failed`. */
  readonly reasons: readonly string[];
  readonly criteria: readonly ValidationCriterion[];
  readonly comparison: Comparison | null;
  readonly requestedBy: string;
}

/** What a validation is asked to compare. */
export interface ValidationRequest {
  readonly candidateUrl: string;
  readonly purpose: ValidationPurpose;
  /** Inputs asked of both, at most. */
  readonly samples: number;
}
