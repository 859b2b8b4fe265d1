import { Conflict, Invalid, Forbidden } from '../../domain/errors.js';
import type { Approvers, DecisionPolicy } from '../../domain/decision-policy.js';
import type { BreakGlass, Vote } from '../../domain/decision.js';
import type { Recommendation } from '../../domain/recommendation.js';
import { ineligibility, isApprover } from './policy.js';
import type { Actor } from '../../domain/actor.js';

export interface CastVote {
  readonly recommendation: Recommendation;
  /** Votes cast before. */
  readonly votes: readonly Vote[];
  readonly verdict: Vote['verdict'];
  readonly reason: string;
  readonly by: Actor;
  readonly breakGlass: BreakGlass | null;
  /** The rules in force now; the revision carries the ones it was made under. */
  readonly inForce: DecisionPolicy;
  readonly breakGlassApprovers: Approvers;
  readonly nowMs: number;
}

const REASON_CHARACTERS = { least: 3, breakGlass: 20, most: 4_096 };

/**
 * Counts one more vote. One rejection rejects; after approval and before the start it revokes. Approvals count when their
 * voters may vote by the rules of the revision and by those in force at this moment.
 * @returns the state it leads to, null when more approvals are needed; and the subjects whose approval counted
 * @throws AppError when the vote does not count
 */
export function countVotes(cast: CastVote): {
  readonly next: 'approved' | 'rejected' | 'revoked' | null;
  readonly counted: readonly string[];
} {
  const { recommendation, votes, verdict, by, inForce, nowMs } = cast;
  const { state, policy, proposedBy } = recommendation;
  checkReason(cast.reason, REASON_CHARACTERS.least);
  const barred = ineligibility(by, proposedBy, policy, inForce);
  if (cast.breakGlass === null && barred !== null) throw new Forbidden(barred, 'by');
  if (state !== 'pending' && !(state === 'approved' && verdict === 'reject'))
    throw new Conflict(`this recommendation is ${state} already`, 'state', { state });
  if (votes.some((vote) => vote.by.subject === by.subject && vote.verdict === verdict))
    throw new Conflict('you have voted on this already', 'by');
  if (state === 'approved') return { next: 'revoked', counted: [] };
  if (recommendation.expiresAtMs <= nowMs)
    throw new Conflict('this recommendation has expired', 'state', { state: 'expired' });
  if (verdict === 'reject') return { next: 'rejected', counted: [] };
  if (cast.breakGlass !== null) {
    checkBreakGlass(cast, cast.breakGlass);
    return { next: 'approved', counted: [by.subject] };
  }
  const counted = new Set(
    votes
      .filter((vote) => vote.verdict === 'approve' && ineligibility(vote.by, proposedBy, policy, inForce) === null)
      .map((vote) => vote.by.subject),
  ).add(by.subject);
  return { next: counted.size >= recommendation.requiredApprovals ? 'approved' : null, counted: [...counted] };
}

/** @throws Invalid when the reason is too short or too long */
export function checkReason(reason: string, least = REASON_CHARACTERS.least): void {
  if (reason.trim().length >= least && reason.length <= REASON_CHARACTERS.most) return;
  throw new Invalid(`a reason of ${least} to ${REASON_CHARACTERS.most} characters is needed`, 'reason');
}

function checkBreakGlass(cast: CastVote, breakGlass: BreakGlass): void {
  const { by, recommendation, inForce, breakGlassApprovers, reason } = cast;
  if (!recommendation.policy.breakGlass || !inForce.breakGlass)
    throw new Forbidden('break-glass is switched off for this action', 'break_glass');
  if (by.kind !== 'user' || by.person === undefined || !isApprover(breakGlassApprovers, by.person))
    throw new Forbidden('you are not among those who may break the glass', 'break_glass');
  if (breakGlass.ticket.trim() === '')
    throw new Invalid('break-glass needs the ticket that explains it', 'break_glass.ticket');
  checkReason(reason, REASON_CHARACTERS.breakGlass);
}
