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
import type { IndicatorId } from './indicator.js';
import type { Impact } from './impact.js';
import type { Severity } from './severity.js';

/** What is at fault: how it is served, how it is fed, who asks, the model itself, the labels, or nothing that is known. */
export type CauseFamily = 'service' | 'pipeline' | 'traffic' | 'model' | 'labels' | 'none';

/**
 * `failing-calls`: may stand while most calls fail, when the few answers left name nothing.
 * `other-values`: claims that inputs have other values, so inputs that are usual for the hour refute it. Values that go missing or
 * are new do not count in that comparison.
 * `needs-no-finding`: may be said while nothing is established.
 * `says-itself`: the failing calls say what is wrong, by their status or an error of the connection.
 * `alone`: explains a finding that nothing else explains, and no other finding.
 */
export type CauseTrait = 'failing-calls' | 'other-values' | 'needs-no-finding' | 'says-itself' | 'alone';

/**
 * The closed list; one file each in `rca/causes/`. `none`: nothing is wrong. `unknown`: something is, and nothing on the list
 * explains it. Both are legal answers.
 */
export const CAUSES = {
  'model-unreachable': { family: 'service', traits: ['failing-calls'] },
  'endpoint-errors': { family: 'service', traits: ['failing-calls'] },
  'overloaded-endpoint': { family: 'service', traits: ['failing-calls'] },
  'slow-endpoint': { family: 'service', traits: [] },
  'credentials-refused': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'certificate-invalid': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'certificate-expiring': { family: 'service', traits: ['alone'] },
  'endpoint-not-found': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'endpoint-moved': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'rate-limited': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'payload-refused': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'error-in-answer': { family: 'service', traits: ['failing-calls', 'says-itself'] },
  'answer-schema-changed': { family: 'service', traits: ['failing-calls'] },
  'model-changed': { family: 'model', traits: [] },
  'threshold-moved': { family: 'model', traits: [] },
  'unstable-model': { family: 'model', traits: [] },
  'underconfident-model': { family: 'model', traits: [] },
  'calibration-decay': { family: 'model', traits: [] },
  'prediction-collapse': { family: 'model', traits: [] },
  'unit-change': { family: 'pipeline', traits: ['other-values'] },
  'null-flood': { family: 'pipeline', traits: [] },
  'default-values': { family: 'pipeline', traits: ['other-values'] },
  'category-rename': { family: 'pipeline', traits: [] },
  'new-categories': { family: 'pipeline', traits: [] },
  'stale-feature': { family: 'pipeline', traits: ['other-values'] },
  'join-loss': { family: 'pipeline', traits: [] },
  'swapped-columns': { family: 'pipeline', traits: ['other-values'] },
  'precision-loss': { family: 'pipeline', traits: ['other-values'] },
  'rows-refused': { family: 'pipeline', traits: ['alone'] },
  'feature-leak': { family: 'pipeline', traits: [] },
  'input-drift': { family: 'traffic', traits: ['other-values'] },
  'traffic-mix-change': { family: 'traffic', traits: ['other-values'] },
  'segment-outage': { family: 'pipeline', traits: ['failing-calls', 'other-values'] },
  'segment-concept-drift': { family: 'model', traits: [] },
  'concept-drift': { family: 'model', traits: [] },
  'labels-wrong': { family: 'labels', traits: [] },
  'label-delay': { family: 'labels', traits: ['needs-no-finding'] },
  'seasonal-pattern': { family: 'traffic', traits: ['needs-no-finding'] },
  unknown: { family: 'none', traits: ['failing-calls', 'needs-no-finding'] },
  none: { family: 'none', traits: ['failing-calls', 'needs-no-finding'] },
} as const satisfies Readonly<Record<string, { readonly family: CauseFamily; readonly traits: readonly CauseTrait[] }>>;
export type CauseId = keyof typeof CAUSES;

const isCauseId = (id: string): id is CauseId => Object.hasOwn(CAUSES, id);
export const CAUSE_IDS: readonly CauseId[] = Object.keys(CAUSES).filter(isCauseId);

export const familyOf = (cause: CauseId): CauseFamily => CAUSES[cause].family;

export function hasTrait(cause: CauseId, trait: CauseTrait): boolean {
  const traits: readonly CauseTrait[] = CAUSES[cause].traits;
  return traits.includes(trait);
}

/** True for the answers that blame nothing: nothing is wrong, or nobody knows what. */
export const blamesNothing = (cause: CauseId): boolean => familyOf(cause) === 'none';

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
  /** The question put to the evidence (`rca/indicators/`), and the part of the evidence that answered it. */
  readonly indicator: IndicatorId;
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
  /** When it began, the one time that is told of it; null where that is not known. Diagnoses stored before it was kept have none. */
  readonly sinceMs?: number | null;
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

/** A runner-up this probable (of 1) gets its first action proposed too. */
export const WORTH_A_LOOK = 0.2;

/** Whether a diagnosis still holds the cause for true or worth a look: what was approved against another one is not carried out. */
export const isSuspected = ({ causes: [first, ...others] }: Diagnosis, cause: CauseId): boolean =>
  first?.id === cause || others.some(({ id, probability }) => id === cause && probability >= WORTH_A_LOOK);

/** Sentences made from a diagnosis: for the page, for the incident, for the report. */
export interface Explanation {
  /** For the page: one line. */
  readonly headline: string;
  /** For the incident: one paragraph anybody can read and pass on. Explanations stored before it existed have none. */
  readonly summary?: string;
  /** For the report: everything, with its numbers. */
  readonly paragraphs: readonly string[];
}

/** Subjects of findings about how calls are answered, not about what is answered. */
const OF_CALLS: ReadonlySet<string> = new Set(['errors', 'latency_seconds', 'traffic', 'certificate']);

/** The findings about what the first cause blames: its features, else the calls or, for another cause, all but those. All where none is. */
export function attributedFindings({
  causes: [first],
  features,
  findings,
}: Pick<Diagnosis, 'causes' | 'features' | 'findings'>): readonly Finding[] {
  const serious = findings.filter(({ kind }) => kind !== 'note');
  const named = new Set<string>(features.map((feature) => `feature:${feature}`));
  const ofFeatures = serious.filter(({ subject }) => named.has(subject));
  if (ofFeatures.length > 0) return ofFeatures;
  const isOfCalls = first !== undefined && familyOf(first.id) === 'service';
  const own = serious.filter(({ subject }) => OF_CALLS.has(subject) === isOfCalls);
  if (own.length > 0) return own;
  return serious.length > 0 ? serious : findings;
}

/** A server that answers each call with an error: no call gets a prediction, as of a model that cannot be reached. */
export const failsEachCall = ({ id, shareExplained }: Pick<Cause, 'id' | 'shareExplained'>): boolean =>
  id === 'endpoint-errors' && shareExplained === 1;
