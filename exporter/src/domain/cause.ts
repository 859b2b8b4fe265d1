import type {
  Attribution,
  ChangeEvent,
  Decomposition,
  ExperimentEvidence,
  FeatureRepair,
  SegmentEvidence,
  SurrogateEvidence,
} from './symptoms.js';
import type { BlindSpot, Finding } from './finding.js';
import type { ModelId } from './identifiers.js';
import type { Impact } from './impact.js';
import type { Severity } from './severity.js';

/**
 * The closed list; one file each in `rca/causes/`. `none`: nothing is wrong. `unknown`: something is, and nothing on the list
 * explains it. Both are legal answers.
 */
export const CAUSE_IDS = [
  'model-unreachable',
  'endpoint-errors',
  'overloaded-endpoint',
  'slow-endpoint',
  'answer-schema-changed',
  'model-changed',
  'threshold-moved',
  'unstable-model',
  'underconfident-model',
  'calibration-decay',
  'prediction-collapse',
  'unit-change',
  'null-flood',
  'default-values',
  'category-rename',
  'new-categories',
  'stale-feature',
  'join-loss',
  'swapped-columns',
  'precision-loss',
  'feature-leak',
  'input-drift',
  'traffic-mix-change',
  'segment-outage',
  'segment-concept-drift',
  'concept-drift',
  'label-delay',
  'seasonal-pattern',
  'unknown',
  'none',
] as const;
export type CauseId = (typeof CAUSE_IDS)[number];

/** True for the answers that blame nothing: nothing is wrong, or nobody knows what. */
export const blamesNothing = (cause: CauseId): boolean => cause === 'none' || cause === 'unknown';

/** Which part of the evidence a statement is read off. */
export type EvidenceSource =
  | 'calls'
  | 'golden inputs'
  | 'answers'
  | 'inputs'
  | 'labels'
  | 'declared changes'
  | 'findings'
  | 'evidence over time'
  | 'baseline';

/** One reason for or against a cause, with the weight it carried and where it comes from. */
export interface EvidenceStatement {
  /** A full sentence with the numbers in it. */
  readonly text: string;
  /** Log-odds added (positive supports, negative refutes). */
  readonly logOdds: number;
  /** The question put to the evidence (`rca/signs`), and the part of the evidence that answered it. */
  readonly indicator: string;
  readonly source: EvidenceSource;
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
  /** What it costs users; null when no harm can be told from chance. Diagnoses stored before impact was estimated have none. */
  readonly impact?: Impact | null;
  readonly causes: readonly Cause[];
  readonly findings: readonly Finding[];
  readonly features: readonly string[];
  /** Simple transformations found behind moved features. Diagnoses stored before they were kept have none. */
  readonly repairs?: readonly FeatureRepair[];
  readonly segments: readonly SegmentEvidence[];
  readonly decomposition: Decomposition | null;
  readonly attributions: readonly Attribution[];
  readonly experiment: ExperimentEvidence | null;
  /** The copy of the model that was fitted because the model was not asked. Diagnoses stored before there were copies have none. */
  readonly surrogate?: SurrogateEvidence | null;
  readonly changes: readonly ChangeEvent[];
  readonly unexplained: string | null;
  readonly blindSpots: readonly BlindSpot[];
}

/** Sentences made from a diagnosis: for the page, for the incident, for the report. */
export interface Explanation {
  /** For the page: one line. */
  readonly headline: string;
  /** For the incident: one paragraph anybody can read and pass on. Explanations stored before it existed have none. */
  readonly summary?: string;
  /** For the report: everything, with its numbers. */
  readonly paragraphs: readonly string[];
}
