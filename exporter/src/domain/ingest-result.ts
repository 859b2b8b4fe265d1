/** What became of a batch of logged predictions and labels: the answer to its sender. */
export interface IngestResult {
  readonly accepted: number;
  readonly labelsMatched: number;
  readonly labelsUnmatched: number;
  readonly rejected: number;
  readonly errors: readonly IngestLineError[];
  readonly duplicate: boolean;
}

export interface IngestLineError {
  /** 1-based position in the batch. */
  readonly line: number;
  readonly field: string;
  readonly message: string;
}
