/** Small interfaces the stages need and `main.ts` fills. */
import type { AlertRepository } from './alert.js';
import type { ApiKeyRepository } from './api-key.js';
import type { AuditEntry, StoredCheckpoint } from './audit.js';
import type { Codec, StoreDocumentDamaged } from './codec.js';
import type { Execution, ExecutionAttempt, KillSwitch, Review, Verification, Vote } from './decision.js';
import type { DecisionCounts } from './decision-counts.js';
import type { DecisionRecord } from './decision-record.js';
import type { ExecutionId, IncidentId, ModelId, RecommendationId } from './identifiers.js';
import type { Incident, IncidentRow, TimelineEntry } from './incident.js';
import type { TakenBatch } from './ingest.js';
import type { LabelEvidenceRepository, LedgerRepository } from './ledger.js';
import type { Lesson } from './lesson.js';
import type { Model } from './model.js';
import type { AlertFeedback } from './alert-feedback.js';
import type { BaselineProfile, LearningState } from './profile.js';
import type { Recommendation, RecommendationState } from './recommendation.js';
import type { Setting } from './setting.js';
import type { WindowRepository } from './stored-windows.js';
import type { Validation } from './validation.js';
import type { Plan } from './executor.js';

export interface Clock {
  /** Wall-clock time, milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export interface Ids {
  /** A new unguessable url-safe identifier of ≥ 128 bits. */
  next(): string;
}

export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export type { HttpAnswer, HttpCall, HttpClient, HttpFailure } from './http-call.js';

// ---------------------------------------------------------------- store

/** Rows of a model's history that could not be read when it was let go of; `kept` are decisions. */
export interface DroppedHistory {
  readonly deleted: number;
  readonly kept: number;
}

export interface ModelRepository {
  /** Those that can be read, and what is wrong with each other row. */
  list(): Promise<{ readonly models: readonly Model[]; readonly damaged: readonly StoreDocumentDamaged[] }>;
  get(id: ModelId): Promise<Model | null>;
  save(model: Model): Promise<void>;
  /** Takes the model off the list and keeps what was learnt about it. */
  unlist(id: ModelId): Promise<void>;
  /** Removes the model and all that was learnt about it. */
  remove(id: ModelId): Promise<void>;
  /** Removes a model's windows, and what is known of batches that came since; its baseline stays. */
  forgetHistory(id: ModelId, sinceMs: number): Promise<void>;
  /**
   * The same for a model of which something cannot be read (`isDamaged`: known beforehand), and with damaged rows of its history, but for decisions: one
   * that was open is over then. @param id as its rows have it @returns null when nothing is known of it @throws Conflict when all of it is sound
   */
  drop(id: string, isDamaged: boolean): Promise<DroppedHistory | null>;
}

export interface BaselineRepository {
  /** The newest version, or null. */
  current(model: ModelId): Promise<BaselineProfile | null>;
  versions(
    model: ModelId,
  ): Promise<readonly { readonly version: number; readonly admittedAtMs: number; readonly frozen: boolean }[]>;
  save(model: ModelId, baseline: BaselineProfile): Promise<void>;
  /** Saves a version unless there is one of its number. */
  saveNew(model: ModelId, baseline: BaselineProfile): Promise<void>;
  learning(model: ModelId): Promise<LearningState | null>;
  saveLearning(model: ModelId, state: LearningState): Promise<void>;
}

/** Ids of ingest batches already taken, so that a retry is harmless. */
export interface BatchRepository {
  /** Result recorded for an earlier delivery of the batch, or null. */
  find(model: ModelId, batchId: string): Promise<TakenBatch | null>;
  save(model: ModelId, batchId: string, taken: TakenBatch, atMs: number): Promise<void>;
  prune(olderThanMs: number): Promise<number>;
}

export interface IncidentRepository {
  get(id: IncidentId): Promise<Incident | null>;
  openFor(model: ModelId): Promise<IncidentRow | null>;
  /** Newest first. */
  list(filter: { model?: ModelId; open?: boolean; limit: number }): Promise<readonly Incident[]>;
  /** Writes the incident and adds the entries to its timeline; all or nothing. A closed incident is never opened again. */
  save(incident: IncidentRow, entries?: readonly TimelineEntry[]): Promise<void>;
  /** Adds entries to an incident's timeline without writing the incident. */
  appendTimeline(id: IncidentId, entries: readonly TimelineEntry[]): Promise<void>;
}

export interface DecisionFilter {
  readonly incident?: IncidentId;
  readonly model?: ModelId;
  readonly states?: readonly RecommendationState[];
  readonly limit: number;
}

/** Decisions to read, without queueing behind those who decide. */
export interface DecisionRepository {
  get(id: RecommendationId): Promise<DecisionRecord | null>;
  /** Newest first; as many queries for a thousand as for one. */
  list(filter: DecisionFilter): Promise<readonly DecisionRecord[]>;
  /** Whether an action of the incident is being sent, since `sentSinceMs` at the earliest, or was carried out and is not verified yet; not one that waits to be sent. */
  isActionUnderWay(incident: IncidentId, sentSinceMs?: number): Promise<boolean>;
}

/** Everything that must change together. Obtained from `Store.governance`. */
export interface GovernanceTransaction {
  recommendation(id: RecommendationId): Promise<Recommendation | null>;
  recommendations(filter: DecisionFilter): Promise<readonly Recommendation[]>;
  insertRecommendation(recommendation: Recommendation): Promise<void>;
  setRecommendationState(id: RecommendationId, state: RecommendationState): Promise<void>;
  votes(id: RecommendationId): Promise<readonly Vote[]>;
  insertVote(vote: Vote): Promise<void>;
  /** @throws when the recommendation already has an execution (unique key). */
  insertExecution(execution: Execution): Promise<void>;
  updateExecution(execution: Execution): Promise<void>;
  execution(recommendation: RecommendationId): Promise<Execution | null>;
  /** Of all models or one, longest queued first. Of all, one that is damaged is left out. */
  executions(filter: { readonly state: Execution['state']; readonly model?: ModelId }): Promise<readonly Execution[]>;
  modelsWithExecutions(states: readonly Execution['state'][]): Promise<readonly ModelId[]>;
  executionById(id: ExecutionId): Promise<Execution | null>;
  /** Adds the next line to an execution's story. */
  insertAttempt(attempt: Omit<ExecutionAttempt, 'number'>): Promise<void>;
  attempts(execution: ExecutionId): Promise<readonly ExecutionAttempt[]>;
  /** Break-glass decisions; `open` = not reviewed yet. */
  reviews(filter: { readonly open: boolean }): Promise<readonly Review[]>;
  saveReview(review: Review): Promise<void>;
  /** The switch people flip while mlfi runs. */
  killSwitch(): Promise<KillSwitch>;
  setKillSwitch(state: KillSwitch): Promise<void>;
  insertVerification(verification: Verification): Promise<void>;
  verification(recommendation: RecommendationId): Promise<Verification | null>;
  readonly apiKeys: ApiKeyRepository;
  readonly models: Pick<ModelRepository, 'get' | 'save' | 'remove' | 'forgetHistory'>;
  readonly incidents: Pick<IncidentRepository, 'get' | 'save'>;
  readonly lessons: Pick<LessonRepository, 'save'>;
  readonly decisions: Pick<DecisionRepository, 'isActionUnderWay' | 'list'>;
  readonly alertFeedback: Pick<AlertFeedbackRepository, 'save'>;
  readonly validations: Pick<ValidationRepository, 'save'>;
  readonly settings: Pick<SettingRepository, 'get' | 'set'>;
  /** A line on the timeline of an incident that says what is committed with it. */
  appendTimeline(incident: IncidentId, entry: TimelineEntry): Promise<void>;
  closedAtMs(incidents: readonly IncidentId[]): Promise<ReadonlyMap<IncidentId, number>>; // without open ones; Infinity of one that is not there
  auditHead(): Promise<AuditEntry | null>;
  insertAudit(entry: AuditEntry): Promise<void>;
}

export interface AuditRepository {
  /** Entries with sequence in [from, from + limit), ascending; sequences start at 1. */
  read(from: number, limit: number): Promise<readonly AuditEntry[]>;
  head(): Promise<AuditEntry | null>;
  /** Newest first. */
  checkpoints(limit: number): Promise<readonly StoredCheckpoint[]>;
  /** Keeps the first one of a size. */
  saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;
}

export interface LessonRepository {
  save(lesson: Lesson): Promise<void>;
  /** Newest first. */
  list(filter: {
    readonly model?: ModelId;
    readonly closedAfterMs?: number;
    readonly limit: number;
  }): Promise<readonly Lesson[]>;
}

/** What people say of pages; a person's newest word on an incident replaces the one before. */
export interface AlertFeedbackRepository {
  save(feedback: AlertFeedback): Promise<void>;
  /** Oldest first. */
  list(filter: { readonly incident?: IncidentId; readonly afterMs?: number }): Promise<readonly AlertFeedback[]>;
}

/** Comparisons of candidates with the model in service. */
export interface ValidationRepository {
  save(validation: Validation): Promise<void>;
  /** Newest first. */
  list(model: ModelId, limit: number): Promise<readonly Validation[]>;
}

/** Small named values, e.g. the per-install salt. */
export interface SettingRepository {
  /** Null when it was never set. @throws StoreDocumentDamaged when it cannot be read */
  get<T>(setting: Setting<T>): Promise<T | null>;
  set<T>(setting: Setting<T>, value: T): Promise<void>;
  /** Sets what was never set. @returns what is set afterwards, whoever was first */
  setOnce<T>(setting: Setting<T>, value: T): Promise<T>;
}

/** One state per model that its owner writes as it likes; the codec is the owner's. */
export interface ModelStateRepository {
  /** Null when nothing was saved. @throws StoreDocumentDamaged when it cannot be read */
  get<T>(model: ModelId, codec: Codec<T>): Promise<T | null>;
  save<T>(model: ModelId, codec: Codec<T>, state: T): Promise<void>;
}

/** Models are owned and written by the shard; its epoch grows with every change of its owner. */
export type Shard = number;
export type Epoch = number;
/** Where one process owns everything there is one shard, and its owner never changes. */
export const ONLY_SHARD: Shard = 0;
export const ONLY_EPOCH: Epoch = 0;

/** Where the increments of models go. */
export type IncrementStore = Pick<
  Store,
  | 'baselines'
  | 'windows'
  | 'ledger'
  | 'labelEvidence'
  | 'batches'
  | 'settings'
  | 'callCounters'
  | 'driftMonitors'
  | 'featureKinds'
  | 'logPositions'
>;

/** The same inside a transaction, which may decide something as well: `governance` joins the transaction it is called in. */
export type IncrementTransaction = IncrementStore & Pick<Store, 'governance'>;

/** A table that is not as the database wrote it. */
export interface DamagedTable {
  readonly table: string;
  /** What the database says; no value of a row is in it. */
  readonly detail: string;
  /** The rows are there: building its indexes anew mends it. */
  readonly onlyIndexes: boolean;
}

export interface Store {
  readonly models: ModelRepository;
  readonly baselines: BaselineRepository;
  readonly windows: WindowRepository;
  readonly ledger: LedgerRepository;
  readonly labelEvidence: LabelEvidenceRepository;
  readonly batches: BatchRepository;
  readonly incidents: IncidentRepository;
  readonly decisions: DecisionRepository;
  readonly audit: AuditRepository;
  readonly lessons: LessonRepository;
  readonly alertFeedback: AlertFeedbackRepository;
  readonly validations: ValidationRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly settings: SettingRepository;
  /** How often each model was called, and how that went. */
  readonly callCounters: ModelStateRepository;
  /** What the values of each model's features are. */
  readonly featureKinds: ModelStateRepository;
  /** How far logs have been taken for each model. */
  readonly logPositions: ModelStateRepository;
  /** The running e-detectors of each model. */
  readonly driftMonitors: ModelStateRepository;
  readonly alerts: AlertRepository;
  /** Incidents, decisions and actions counted per model. */
  decisionCounts(): Promise<DecisionCounts>;
  /** Runs `work` in one serialised transaction with the governance tables; all or nothing, durable on return. */
  governance<T>(work: (transaction: GovernanceTransaction) => Promise<T>): Promise<T>;
  /**
   * Runs `work` so that all its writes commit together (window counts, ledger, batch id, learning state, counters).
   * @param shard whose models are written
   * @param epoch since when this process owns the shard: an owner that was replaced writes nothing
   */
  atomic<T>(shard: Shard, epoch: Epoch, work: (store: IncrementTransaction) => Promise<T>): Promise<T>;
  /** Which of the tables are damaged (null: of all). @throws Unavailable when the store cannot be read at all */
  damagedTables(among: readonly string[] | null): Promise<readonly DamagedTable[]>;
  /** Why nothing can be written, as far as is known without asking; null when nothing is known against it. */
  awayBecause(): string | null;
  /** Whether another mlfi has taken it over: this one writes nothing any more, or not before the other is gone. */
  isAnothers(): boolean;
  /** Throws when the store cannot be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface ExecutionOutcome {
  readonly kind: 'succeeded' | 'failed' | 'unknown';
  readonly detail: string;
}

/** One file each in `governance/executors/`. */
export interface Executor {
  readonly id: Plan['executor'];
  /** What happens when the same execution id is sent twice. */
  readonly repetition: 'idempotent' | 'lookup' | 'none';
  /**
   * Adds to a plan what it found at the target and relies on (e.g. from which revision to which), so that people approve
   * that and nothing else. Changes nothing there; a target that cannot be asked leaves the plan as it is.
   */
  resolve?(plan: Plan): Promise<Plan>;
  /** Dry run: says what would be done, or why it cannot. Changes nothing. */
  prepare(
    plan: Plan,
  ): Promise<
    { readonly kind: 'ready'; readonly text: string } | { readonly kind: 'impossible'; readonly reason: string }
  >;
  execute(plan: Plan, execution: Execution, recommendation: Recommendation): Promise<ExecutionOutcome>;
  /** What became of an execution whose answer was lost. `not-received` only when it is proven that it never arrived. */
  lookup(
    execution: Execution,
    plan: Plan,
  ): Promise<ExecutionOutcome | { readonly kind: 'not-received'; readonly detail: string }>;
}

// ---------------------------------------------------------------- annotations and changes

/** A mark on Grafana's dashboards: a point, or a stretch of time. Text is HTML. */
export interface GrafanaAnnotation {
  readonly timeMs: number;
  readonly timeEndMs: number | null;
  readonly text: string;
  readonly tags: readonly string[];
}

/** Reads Grafana's annotations that carry all of `tags` and touch [fromMs, toMs]. */
export interface AnnotationSource {
  list(query: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly tags: readonly string[];
    readonly limit: number;
  }): Promise<
    | { readonly kind: 'found'; readonly annotations: readonly GrafanaAnnotation[] }
    | { readonly kind: 'failure'; readonly reason: string }
  >;
}

// ---------------------------------------------------------------- events

/** What the service tells its listeners (SSE, demo, metrics). */
export type DomainEvent =
  | { readonly kind: 'model-updated'; readonly model: Model }
  | { readonly kind: 'incident-opened' | 'incident-updated' | 'incident-closed'; readonly incident: IncidentRow }
  | { readonly kind: 'recommendation-updated'; readonly recommendation: Recommendation }
  | { readonly kind: 'baseline-admitted'; readonly modelId: ModelId; readonly version: number };

export interface EventBus {
  publish(event: DomainEvent): void;
  subscribe(listener: (event: DomainEvent) => void): () => void;
}
