import type { CauseId } from '../domain/cause.js';
import type { ActionId, TrackRecord } from '../domain/recommendation.js';
import { estimateSuccess, verifiedOutcomes, type PastOutcomes } from './success-estimate.js';

/** How often the action helped against the cause, and what that makes likely now. Only verified outcomes count; null when there is none. */
export function trackRecord(
  cause: CauseId,
  action: ActionId,
  ruleRank: number,
  past: PastOutcomes,
): TrackRecord | null {
  const tried = verifiedOutcomes(cause, action, past.lessons);
  if (tried.length === 0) return null;
  return {
    helped: tried.filter(({ helped }) => helped).length,
    tried: tried.length,
    similarIncidents: tried.map(({ lesson }) => lesson.incidentId),
    successEstimate: estimateSuccess(cause, action, ruleRank, past),
  };
}
