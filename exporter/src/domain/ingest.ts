import type { LateLabel, Observation } from './observation.js';

export interface IngestLineError {
  /** 1-based position in the batch. */
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

export interface IngestBatch {
  readonly batchId: string | null;
  readonly observations: readonly Observation[];
  readonly labels: readonly LateLabel[];
  readonly errors: readonly IngestLineError[];
  /** `commit`: answered after the counts are stored · `memory`: the explicit fast lane. */
  readonly acknowledge: 'commit' | 'memory';
}

export interface IngestResult {
  readonly accepted: number;
  readonly labelsMatched: number;
  readonly labelsUnmatched: number;
  readonly rejected: number;
  readonly errors: readonly IngestLineError[];
  readonly duplicate: boolean;
}
