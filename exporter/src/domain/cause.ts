import type { Attribution, ChangeEvent, Decomposition, ExperimentEvidence, SegmentEvidence } from './evidence.js';
import type { BlindSpot, Finding } from './finding.js';
import type { ModelId } from './identifiers.js';
import type { Severity } from './severity.js';

/** The closed list; one file each in `rca/causes/`. `none` is "no cause found", a legal answer. */
export const CAUSE_IDS = [
  'model-unreachable',
  'endpoint-errors',
  'slow-endpoint',
  'model-changed',
  'unstable-model',
  'underconfident-model',
  'input-drift',
  'unit-change',
  'null-flood',
  'new-categories',
  'concept-drift',
  'calibration-decay',
  'prediction-collapse',
  'traffic-mix-change',
  'none',
] as const;
export type CauseId = (typeof CAUSE_IDS)[number];

/** One reason for or against a cause, with the weight it carried. */
export interface EvidenceStatement {
  /** A full sentence with the numbers in it. */
  readonly text: string;
  /** Log-odds added (positive supports, negative refutes). */
  readonly logOdds: number;
}

/** A cause after all causes were scored on the same evidence. */
export interface Cause {
  readonly id: CauseId;
  /** Plain name with the feature in it, e.g. "Unit or scale change in `income`". */
  readonly title: string;
  readonly logOdds: number;
  /** Softmax over all causes including `none`. */
  readonly probability: number;
  readonly supporting: readonly EvidenceStatement[];
  readonly refuting: readonly EvidenceStatement[];
  readonly features: readonly string[];
  readonly segments: readonly string[];
  /** Share of the drop it accounts for, 0–1; null when there is no measured drop. */
  readonly shareExplained: number | null;
}

/** What the investigation concludes. `causes` is sorted, most probable first; never empty. */
export interface Diagnosis {
  readonly modelId: ModelId;
  readonly atMs: number;
  readonly window: { readonly fromMs: number; readonly toMs: number; readonly samples: number };
  readonly severity: Severity;
  /** Why this severity, in one sentence. */
  readonly severityReason: string;
  readonly causes: readonly Cause[];
  readonly findings: readonly Finding[];
  readonly features: readonly string[];
  readonly segments: readonly SegmentEvidence[];
  readonly decomposition: Decomposition | null;
  readonly attributions: readonly Attribution[];
  readonly experiment: ExperimentEvidence | null;
  readonly changes: readonly ChangeEvent[];
  readonly unexplained: string | null;
  readonly blindSpots: readonly BlindSpot[];
}

/** Sentences made from a diagnosis: for the page, for the incident, for the report. */
export interface Explanation {
  readonly headline: string;
  readonly paragraphs: readonly string[];
}
