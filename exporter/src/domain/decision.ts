import type { ExecutionId, RecommendationId, VoteId } from './identifiers.js';
import type { Actor } from './actor.js';
import type { ExecutorId } from './executor.js';

/** Where the store has what was decided; what was signed of it is in `audit` and `checkpoint`. */
export const DECISION_TABLES = [
  'recommendation',
  'vote',
  'execution',
  'execution_attempt',
  'verification',
  'review',
] as const;

/** One person deciding alone in an emergency, to be reviewed afterwards. */
export interface BreakGlass {
  /** Number or address of the ticket that explains it. */
  readonly ticket: string;
}

export interface Vote {
  readonly id: VoteId;
  readonly recommendationId: RecommendationId;
  readonly digest: string;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string;
  readonly by: Actor;
  readonly atMs: number;
  readonly breakGlass?: BreakGlass;
}

/**
 * The act that follows an approval; at most one per recommendation. `unknown`: it was sent and no answer came; it is never
 * resent unless a lookup proves that it did not arrive. `cancelled`: it never started. Executor `person`: a human did it
 * and said so.
 */
export interface Execution {
  readonly id: ExecutionId;
  readonly recommendationId: RecommendationId;
  readonly executor: ExecutorId | 'person';
  readonly state: 'queued' | 'dispatching' | 'succeeded' | 'failed' | 'unknown' | 'cancelled';
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly detail: string;
}

/** One line of an execution's story; never changed or deleted. */
export interface ExecutionAttempt {
  readonly executionId: ExecutionId;
  /** 1, 2, … within the execution. */
  readonly number: number;
  readonly kind: 'sent' | 'answer' | 'lookup' | 'callback' | 'person' | 'cancelled';
  readonly outcome: 'started' | 'succeeded' | 'failed' | 'unknown' | 'not-received' | 'cancelled';
  readonly atMs: number;
  readonly detail: string;
}

export interface Verification {
  readonly executionId: ExecutionId;
  readonly outcome: 'recovered' | 'not_recovered' | 'inconclusive';
  readonly atMs: number;
  readonly detail: string;
}

/** Whether people have stopped every execution, and what the last one who switched it said. */
export interface KillSwitch {
  readonly on: boolean;
  readonly reason: string | null;
  /** Name of whoever switched it; null when nobody ever did. */
  readonly by: string | null;
  readonly atMs: number | null;
}

/** What is owed after a break-glass decision: another person has to look at it. */
export interface Review {
  readonly recommendationId: RecommendationId;
  readonly usedBy: Actor;
  readonly ticket: string;
  readonly dueAtMs: number;
  readonly reviewedBy: Actor | null;
  readonly reviewedAtMs: number | null;
  readonly finding: string | null;
}
