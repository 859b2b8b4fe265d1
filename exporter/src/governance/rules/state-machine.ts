import type { RecommendationState } from '../../domain/recommendation.js';

/**
 * Every transition there is. A state without one is final. `approved` → `succeeded`/`failed` is advice that a person carried
 * out and reported on; everything executed goes through `dispatching`, once.
 */
export const TRANSITIONS: Readonly<Record<RecommendationState, readonly RecommendationState[]>> = {
  pending: ['approved', 'rejected', 'expired', 'withdrawn'],
  approved: ['dispatching', 'revoked', 'expired', 'withdrawn', 'succeeded', 'failed'],
  dispatching: ['succeeded', 'failed', 'unknown'],
  unknown: ['succeeded', 'failed'],
  succeeded: ['recovered', 'not_recovered', 'inconclusive'],
  rejected: [],
  expired: [],
  withdrawn: [],
  revoked: [],
  failed: [],
  recovered: [],
  not_recovered: [],
  inconclusive: [],
};

export function mayMove(from: RecommendationState, to: RecommendationState): boolean {
  return TRANSITIONS[from].includes(to);
}
