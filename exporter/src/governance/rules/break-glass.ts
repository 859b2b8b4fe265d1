import { NotFound, Forbidden } from '../../domain/errors.js';
import type { RecommendationId } from '../../domain/identifiers.js';
import type { GovernanceTransaction } from '../../domain/ports.js';
import { checkReason } from './vote-rules.js';
import { isApproverOf, policyFor, type GovernancePolicy } from './policy.js';
import { auditBy } from '../transition.js';
import type { Actor } from '../../domain/actor.js';

/** Notes in the deciding transaction that somebody else has to review what one person decided alone. @returns when it is due */
export async function oweReview(
  transaction: GovernanceTransaction,
  recommendationId: RecommendationId,
  usedBy: Actor,
  ticket: string,
  policy: GovernancePolicy,
  nowMs: number,
): Promise<number> {
  const dueAtMs = nowMs + policy.breakGlass.reviewWithinMs;
  const open = { reviewedBy: null, reviewedAtMs: null, finding: null };
  await transaction.saveReview({ recommendationId, usedBy, ticket, dueAtMs, ...open });
  return dueAtMs;
}

/** @throws AppError when nothing is owed, or the reviewer is the one who broke the glass or no approver */
export async function reviewBreakGlass(
  transaction: GovernanceTransaction,
  id: RecommendationId,
  finding: string,
  by: Actor,
  policy: GovernancePolicy,
  nowMs: number,
): Promise<void> {
  checkReason(finding);
  const review = (await transaction.reviews({ open: true })).find(({ recommendationId }) => recommendationId === id);
  const recommendation = await transaction.recommendation(id);
  if (review === undefined || recommendation === null)
    throw new NotFound('no review is owed for this', 'recommendation_id');
  const inForce = policyFor(policy, recommendation.action).rules;
  if (by.subject === review.usedBy.subject || !isApproverOf(recommendation.policy, inForce, by))
    throw new Forbidden('another approver than the one who broke the glass has to review', 'by');
  await transaction.saveReview({ ...review, reviewedBy: by, reviewedAtMs: nowMs, finding });
  await auditBy(transaction, nowMs, 'break-glass-reviewed', by, { recommendation: id, finding });
}
