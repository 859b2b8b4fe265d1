/** The use cases of the running service: what `http/` and `cli/` may ask of it. Implemented by `application.ts`. */
import type { Diagnosis, Explanation } from './cause.js';
import type { AlertIntake, AlertSender, ReceivedAlert } from './alert.js';
import type { AuditEntry, AuditVerdict, StoredCheckpoint } from './audit.js';
import type { BreakGlass, DecisionRecord, KillSwitch, Review, Vote } from './decision.js';
import type { ChangeEvent, GoldenComparison } from './symptoms.js';
import type { BlindSpot, Finding, NamedStatistic } from './finding.js';
import type { ExecutionId, IncidentId, ModelId, RecommendationId } from './identifiers.js';
import type { Incident } from './incident.js';
import type { Json } from './json.js';
import type { LearningSummary, SimilarLesson } from './lesson.js';
import type { ConnectorId, Endpoint, Model, ProbeSchedule } from './model.js';
import type { AlertEvidence } from './alert-evidence.js';
import type { AlertFeedback } from './alert-feedback.js';
import type { RecurringCause } from './recurring-cause.js';
import type { PerformanceEstimate } from './performance.js';
import type { LateLabel, ModelAnswer, Observation } from './observation.js';
import type { BaselineProfile, LearningState, RunningCounts, WindowProfile } from './profile.js';
import type { ActionId, Proposal } from './recommendation.js';
import type { EventBus, Store } from './ports.js';
import type { RowAnomaly } from './row-anomaly.js';
import type { Validation, ValidationPurpose } from './validation.js';
import type { Actor } from './actor.js';

/** One try of discovery, for the reader who wants to know what was asked. */
export interface DiscoveryAttempt {
  readonly connector: ConnectorId;
  readonly url: string;
  /** e.g. "OpenAPI document", "{text}" */
  readonly what: string;
  readonly outcome: string;
}
export type Discovery =
  | {
      readonly kind: 'found';
      readonly endpoint: Endpoint;
      readonly payloads: readonly Json[];
      readonly answer: Extract<ModelAnswer, { kind: 'answer' }>;
      readonly attempts: readonly DiscoveryAttempt[];
    }
  | {
      readonly kind: 'not-found';
      /** The most telling failure: what a person should read first. */
      readonly failure: Extract<ModelAnswer, { kind: 'failure' }>['failure'];
      readonly attempts: readonly DiscoveryAttempt[];
    };

/** Current figures of one model, for lists, live lines and metrics. */
export interface ModelStatus {
  readonly model: Model;
  /** Samples in the judged window, and in all since the model was added. */
  readonly windowSamples: number;
  readonly totalSamples: number;
  readonly confidenceMean: number | null;
  readonly errorShare: number;
  readonly latencyP50Seconds: number | null;
  readonly latencyP95Seconds: number | null;
  readonly lastProbeAtMs: number | null;
  readonly lastPredictionAtMs: number | null;
  readonly baseline: BaselineProfile | null;
  readonly learning: LearningState | null;
  readonly window: WindowProfile;
  readonly running: RunningCounts;
  readonly findings: readonly Finding[];
  readonly blindSpots: readonly BlindSpot[];
  /** What the last look concluded, whether or not an incident stores it; null before the first look. */
  readonly diagnosis: Diagnosis | null;
  readonly incident: Incident | null;
  /** Evidence against the false-page budget. */
  readonly evidence: AlertEvidence;
  readonly performance: PerformanceEstimate;
  /** The isolation forest's verdict on the judged window. */
  readonly rowAnomaly: RowAnomaly;
  readonly goldenInputs: readonly GoldenComparison[];
  /** Causes that keep coming back to the model. */
  readonly patterns: readonly RecurringCause[];
  readonly evaluatedAtMs: number | null;
  readonly evaluationSeconds: number | null;
  /** Cumulative since the model was added, from the store; for Prometheus counters. */
  readonly totals: {
    readonly calls: number;
    readonly failures: Readonly<Record<string, number>>;
    readonly probes: number;
    readonly probeFailures: Readonly<Record<string, number>>;
  };
}

/** The answer of a one-shot look at a URL. */
export interface Investigation {
  readonly url: string;
  readonly modelId: ModelId;
  readonly verdict: 'healthy' | 'failing' | 'undecided';
  readonly discovery: Discovery;
  readonly samples: number;
  readonly confidenceMean: number | null;
  readonly confidenceStandardDeviation: number | null;
  readonly errorShare: number;
  readonly latencyP50Seconds: number | null;
  readonly baselineExists: boolean;
  readonly confidenceDrift: {
    readonly method: 'KS-test';
    readonly driftDetected: boolean;
    readonly pValue: number | null;
    readonly statistics: readonly NamedStatistic[];
  } | null;
  readonly diagnosis: Diagnosis;
  readonly explanation: Explanation;
  readonly recommendations: readonly Proposal[];
  readonly similar: readonly SimilarLesson[];
  /** What this number of probes can and cannot show. */
  readonly limits: readonly string[];
}

export interface InvestigationProgress {
  readonly stage: 'discovering' | 'probing' | 'analysing';
  readonly done: number;
  readonly of: number;
  readonly text: string;
}

export interface ModelRegistration {
  readonly id?: ModelId;
  readonly name?: string;
  readonly url?: string;
  readonly connector?: ConnectorId;
  readonly payloads?: readonly Json[];
  readonly goldenInputs?: readonly Json[];
  readonly versionLabel?: string;
  readonly owner?: string;
  readonly tags?: readonly string[];
  readonly schedule?: Partial<ProbeSchedule>;
  readonly authorizationSecret?: string;
}

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

export interface ValidationRequest {
  readonly candidateUrl: string;
  readonly purpose: ValidationPurpose;
  /** Inputs asked of both, at most. */
  readonly samples: number;
}

/** How a model is asked at `/probe`. */
export interface ProbeRequest {
  /** Calls besides the golden inputs; null for as many as the model's schedule says. */
  readonly calls: number | null;
  readonly golden: boolean;
  /** For the whole probe. */
  readonly timeoutMs: number;
}

export interface RecommendationRecord extends DecisionRecord {
  /** The executor's dry run, or why there is nothing to execute; null where the target was not asked: in lists, and in answers to those who decide. */
  readonly dryRun: string | null;
}

export interface VoteRequest {
  readonly recommendation: RecommendationId;
  readonly verdict: Vote['verdict'];
  /** Digest of what the voter was shown. */
  readonly digest: string;
  readonly reason: string;
  readonly breakGlass: BreakGlass | null;
}

export interface ProposalRequest {
  readonly incident: IncidentId;
  readonly action: ActionId;
  readonly why: string;
}

export interface Application {
  readonly events: EventBus;
  readonly store: Store;

  discover(url: string, authorizationSecret: string | null): Promise<Discovery>;
  investigate(
    url: string,
    samples: number | null,
    onProgress: (progress: InvestigationProgress) => void,
  ): Promise<Investigation>;

  /** @throws Invalid (nothing answered at the URL: the attempts are in `details`) or `conflict` (id taken). */
  register(registration: ModelRegistration, by: Actor): Promise<Model>;
  remove(id: ModelId, by: Actor): Promise<void>;
  setPaused(id: ModelId, paused: boolean, by: Actor): Promise<Model>;
  statuses(): readonly ModelStatus[];
  status(id: ModelId): ModelStatus;
  /** Runs one probe cycle now and returns what came back (for `/probe`); null when it took longer than it was given. */
  probeNow(id: ModelId, request: ProbeRequest): Promise<readonly Observation[] | null>;
  /** Keeps alerts others raised, and has the models they name looked at. Resolves when they are stored. */
  receiveAlerts(sender: AlertSender, alerts: readonly ReceivedAlert[]): Promise<AlertIntake>;

  ingest(id: ModelId, batch: IngestBatch): Promise<IngestResult>;
  recordChange(id: ModelId, change: ChangeEvent, by: Actor): Promise<void>;

  resetBaseline(id: ModelId, by: Actor, reason: string): Promise<void>;
  /** What is seen since the change becomes the next baseline. @throws Conflict when nothing has changed. */
  acceptBaseline(id: ModelId, by: Actor, reason: string): Promise<void>;
  freezeBaseline(id: ModelId, frozen: boolean, by: Actor): Promise<void>;

  /** Begins to compare a candidate with the model in service; the verdict comes later. @throws AppError */
  validate(id: ModelId, request: ValidationRequest, by: Actor): Promise<Validation>;
  validations(id: ModelId): Promise<readonly Validation[]>;

  incident(id: IncidentId): Promise<Incident>;
  similar(id: IncidentId): Promise<readonly SimilarLesson[]>;

  recommendation(id: RecommendationId): Promise<RecommendationRecord>;
  recommendations(filter: {
    readonly incident?: IncidentId;
    readonly model?: ModelId;
    readonly pendingOnly: boolean;
    readonly limit: number;
  }): Promise<readonly DecisionRecord[]>;
  /** Puts an action on the table of an open incident, beside what the diagnosis proposes. */
  propose(request: ProposalRequest, by: Actor): Promise<RecommendationRecord>;
  /** @throws Conflict with the current digest and the difference when the one given is stale */
  vote(request: VoteRequest, by: Actor): Promise<RecommendationRecord>;
  revoke(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  withdraw(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  /** A person says what became of an action. */
  report(
    id: RecommendationId,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<RecommendationRecord>;
  /** An executor says what became of an execution. */
  callback(id: ExecutionId, outcome: 'succeeded' | 'failed', detail: string, by: Actor): Promise<void>;
  /** Actions the actor may vote on, by the rules in force. */
  actionsVotableBy(by: Actor): readonly ActionId[];
  /** Whether the actor may decide alone in an emergency, where an action's rules allow it at all. */
  mayBreakGlass(by: Actor): boolean;
  /** @throws Forbidden for anybody but an admin */
  setKillSwitch(on: boolean, reason: string, by: Actor): Promise<void>;
  killSwitch(): Promise<KillSwitch & { readonly configured: boolean }>;
  reviews(open: boolean): Promise<readonly Review[]>;
  review(id: RecommendationId, finding: string, by: Actor): Promise<void>;

  /** What the ranking of actions and the alert thresholds rest on. */
  learningSummary(): LearningSummary;
  /** A person says whether an alert was worth being called for, which moves the model's alert threshold. Resolves to all feedback on the incident. */
  recordFeedback(
    id: IncidentId,
    feedback: { readonly useful: boolean; readonly reason: string },
    by: Actor,
  ): Promise<readonly AlertFeedback[]>;
  feedback(id: IncidentId): Promise<readonly AlertFeedback[]>;
  /** Lessons so far are kept, but no longer used. */
  resetLearning(reason: string, by: Actor): Promise<void>;

  auditEntries(from: number, limit: number): Promise<readonly AuditEntry[]>;
  verifyAudit(): Promise<AuditVerdict>;
  /** Public key of the checkpoints, `<name>+<key id>+<key>`. */
  readonly checkpointKey: string;
  /** Newest first. */
  checkpoints(limit: number): Promise<readonly StoredCheckpoint[]>;
  makeCheckpoint(): Promise<void>;
}
