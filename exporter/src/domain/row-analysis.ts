import type { RowDifferential } from './differential.js';
import type { Attribution, Decomposition, ExperimentEvidence, SegmentEvidence, SurrogateEvidence } from './symptoms.js';

/** What only the rows can tell, and what takes time on many of them. */
export interface RowAnalysis {
  readonly segments: readonly SegmentEvidence[];
  readonly decomposition: Decomposition | null;
  readonly differential: RowDifferential;
  /** What was asked of the live model, or else what can be read off the rows. */
  readonly attributions: readonly Attribution[];
  readonly surrogate: SurrogateEvidence | null;
}

/** What asking the live model brought: how the question went, and what each feature carries. */
export interface CohortShapley {
  readonly attributions: readonly Attribution[];
  readonly experiment: ExperimentEvidence;
}
