import type { Actor } from '../domain/actor.js';
import type { DecisionRecord, RecommendationRecord, VoteRequest } from '../domain/decision-record.js';
import type { KillSwitch, Review } from '../domain/decision.js';
import type { Finding, FindingSubject } from '../domain/finding.js';
import type { ExecutionId, IncidentId, ModelId, RecommendationId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Clock, EventBus, Ids, Logger, Store } from '../domain/ports.js';
import type { ActionId, Proposal, Recommendation } from '../domain/recommendation.js';
import type { Closing } from './closing.js';
import type { Executors } from './executors/index.js';
import type { FailPoint } from './fail-points.js';
import { type GovernancePolicy } from './rules/policy.js';

export interface GovernancePorts {
  readonly store: Pick<Store, 'governance' | 'decisions' | 'models'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly executors: Executors;
  readonly policy: () => GovernancePolicy;
  readonly events: EventBus;
  readonly logger: Logger;
  /** True when no other process can write this store: what is found half-sent at the start was ours. */
  readonly soleWriter: boolean;
  /** Called at the moments a crash test may want to die. */
  readonly failPoint?: (point: FailPoint) => void;
}

export interface RecordFilter {
  readonly incident?: IncidentId;
  readonly model?: ModelId;
  readonly pendingOnly: boolean;
  readonly limit: number;
}

/**
 * Recommendations under human decision. Every change of state is one transaction with its audit entry. Answers are given as
 * soon as that is committed; what executors make of it is published as `recommendation-updated`.
 */
export interface Governance {
  /** Asks the targets of the proposals' plans what these mean now, over the network: people approve that and nothing else. */
  resolve(proposals: readonly Proposal[]): Promise<readonly Proposal[]>;
  /** Puts resolved proposals under governance. Unchanged ones keep their revision; changed or vanished pending ones are withdrawn. */
  propose(incident: IncidentRow, proposals: readonly Proposal[]): Promise<readonly Recommendation[]>;
  /** A proposal of a person or a machine, beside those of the diagnosis. @throws AppError when the same is open already */
  proposeBy(incident: IncidentRow, proposal: Proposal, by: Actor): Promise<RecommendationRecord>;
  /** Actions the actor may vote on, by the rules in force. */
  actionsVotableBy(by: Actor): readonly ActionId[];
  /** Whether the actor is among those who may decide alone in an emergency, and some action's rules allow it. */
  mayBreakGlass(by: Actor): boolean;
  /** The record as committed: an approved execution is `queued`. @throws AppError when the vote does not count, with the reason; stale digests with the difference */
  vote(request: VoteRequest, by: Actor): Promise<RecommendationRecord>;
  /** Takes an approval back before anything was sent. */
  revoke(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  /** Takes a pending recommendation off the table. */
  withdrawOne(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  /** A person says what became of an action: an execution nobody could ask about, or advice carried out by hand. */
  report(
    id: RecommendationId,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<RecommendationRecord>;
  /** An executor says what became of an execution; repetitions and contradictions change nothing. */
  callback(id: ExecutionId, outcome: 'succeeded' | 'failed', detail: string, by: Actor): Promise<void>;
  /** One recommendation with the dry run of its plan, for which the target may be asked. */
  record(id: RecommendationId): Promise<RecommendationRecord>;
  /** Most urgent first, without dry runs: as many queries for a thousand as for one. */
  records(filter: RecordFilter): Promise<readonly DecisionRecord[]>;
  /** Whether an action of the incident is under way, or its effect still to be seen. */
  isActionUnderWay(incident: IncidentId): Promise<boolean>;
  /** @throws AppError `forbidden` for anybody but an admin */
  setKillSwitch(on: boolean, reason: string, by: Actor): Promise<void>;
  killSwitch(): Promise<KillSwitch & { readonly configured: boolean }>;
  reviews(open: boolean): Promise<readonly Review[]>;
  /** @throws AppError when the reviewer is the one who broke the glass */
  review(id: RecommendationId, finding: string, by: Actor): Promise<void>;
  /** Has what is approved and queued carried out in the background, of one model or of all. */
  wake(model?: ModelId): void;
  /** Carries out what is approved and queued now, and resolves when that has been tried. Nothing runs twice. */
  dispatch(): Promise<void>;
  /**
   * Expires what waited too long and withdraws what closed incidents have left; in the background, settles executions a crash
   * left open, asks about those whose answer was lost, and carries out what is queued. To be called at start and now and then.
   */
  sweep(): Promise<void>;
  /** Resolves when nothing is being sent or asked about. */
  idle(): Promise<void>;
  /** Nothing is sent from now on; resolves when what is being sent has been settled. */
  stop(): Promise<void>;
  /** Judges finished executions by the criteria fixed when they were proposed. */
  verify(incident: IncidentRow, evaluated: EvaluatedSince, nowMs: number): Promise<boolean>;
  /** Closes an incident, and says whether it did: not over an action that is under way, unless it is forced. */
  close(closing: Closing): Promise<boolean>;
  withdraw(incident: Pick<IncidentRow, 'id'>, reason: string): Promise<void>;
}

/** What an evaluation says of whether an action helped. */
export interface EvaluatedSince {
  readonly findings: readonly Finding[];
  /** Detectors that could not look. */
  readonly blind: ReadonlySet<string>;
  /** How many of the newest rows after a time tell something of each subject, and which of these are not as in the baseline by them. */
  readonly seenSince: (
    atMs: number,
    subjects: readonly FindingSubject[],
  ) => { readonly rows: number; readonly abnormal: readonly FindingSubject[] };
}

/** Publishes recommendations whose state or revision is new. */
export type Publish = (recommendations: readonly Recommendation[]) => void;
