import type { CauseId } from './cause.js';
import type { BreakGlass, Execution, ExecutionAttempt, Verification, Vote } from './decision.js';
import type { IncidentId, RecommendationId } from './identifiers.js';
import { PRIORITIES, type ActionId, type Recommendation } from './recommendation.js';

/** A recommendation with everything that became of it. */
export interface DecisionRecord {
  readonly recommendation: Recommendation;
  readonly votes: readonly Vote[];
  readonly execution: Execution | null;
  /** What happened to the execution, oldest first. */
  readonly attempts: readonly ExecutionAttempt[];
  readonly verification: Verification | null;
}

/** Recommendations of one incident that are looked at, and remembered. */
export const MOST_RECORDS = 100;

/** Of the same priority as they come. */
export function mostUrgentFirst(records: readonly DecisionRecord[]): readonly DecisionRecord[] {
  const urgency = ({ recommendation }: DecisionRecord): number => PRIORITIES.indexOf(recommendation.priority);
  return records.toSorted((a, b) => urgency(a) - urgency(b));
}

export interface RecommendationRecord extends DecisionRecord {
  /** The executor's dry run, or why there is nothing to execute; null where the target was not asked: in answers to those who decide. */
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
  /** The cause it is against, one of the incident's; null for the first. */
  readonly cause: CauseId | null;
}
