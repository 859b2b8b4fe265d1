import type { ExecutionId, RecommendationId, VoteId } from './identifiers.js';
import type { ExecutorId } from './recommendation.js';

/** Who did something. Only `user` may vote. */
export interface Actor {
  readonly kind: 'user' | 'api-key' | 'system';
  /** Stable subject, e.g. `key:3f2a…` or `user:12`. */
  readonly subject: string;
  readonly name: string;
}

export interface Vote {
  readonly id: VoteId;
  readonly recommendationId: RecommendationId;
  readonly digest: string;
  readonly verdict: 'approve' | 'reject';
  readonly reason: string;
  readonly by: Actor;
  readonly atMs: number;
}

/** One attempt to act. `unknown`: it was sent and no answer came; it is never resent by itself. */
export interface Execution {
  readonly id: ExecutionId;
  readonly recommendationId: RecommendationId;
  readonly executor: ExecutorId;
  readonly state: 'queued' | 'dispatching' | 'succeeded' | 'failed' | 'unknown';
  readonly queuedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly detail: string;
}

export interface Verification {
  readonly executionId: ExecutionId;
  readonly outcome: 'recovered' | 'not_recovered' | 'inconclusive';
  readonly atMs: number;
  readonly detail: string;
}
