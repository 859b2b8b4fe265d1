import { Conflict } from '../domain/errors.js';
import type { TimelineEntry } from '../domain/incident.js';
import type { JsonObject } from '../domain/json.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation, RecommendationState } from '../domain/recommendation.js';
import { appendAudit } from './audit/chain.js';
import { mayMove } from './rules/state-machine.js';
import type { Actor } from '../domain/actor.js';

const LONGEST_REASON_CHARACTERS = 1_000;

/** The actor as the audit log keeps it: who says so and which token proved it, never the token. */
function actorFields(by: Actor): JsonObject {
  const { kind, subject, name, person } = by;
  if (person === undefined) return { kind, subject, name };
  const { issuer, login, uid, email, role, authenticatedBy, keyId, tokenHash } = person;
  return { kind, subject, name, issuer, login, uid, email, role, authenticatedBy, keyId, tokenHash };
}

/** Appends an audit entry in the transaction of the change it records. */
export async function auditBy(
  transaction: GovernanceTransaction,
  atMs: number,
  kind: string,
  by: Actor,
  fields: JsonObject,
): Promise<void> {
  await appendAudit(transaction, { kind, atMs, by: actorFields(by), ...fields });
}

/** Says on the incident's timeline what is committed with it. @param text what is said, given the quoted title */
export async function tell(
  transaction: GovernanceTransaction,
  atMs: number,
  { incidentId, title }: Pick<Recommendation, 'incidentId' | 'title'>,
  kind: TimelineEntry['kind'],
  text: (title: string) => string,
): Promise<void> {
  await transaction.appendTimeline(incidentId, { atMs, kind, text: text(`"${title}"`) });
}

/**
 * Changes the state and appends the audit entry that says so.
 * @throws Conflict when the state machine has no such transition
 */
export async function moveTo(
  transaction: GovernanceTransaction,
  atMs: number,
  recommendation: Recommendation,
  to: RecommendationState,
  by: Actor,
  reason: string,
): Promise<Recommendation> {
  const { id, state: from } = recommendation;
  if (!mayMove(from, to))
    throw new Conflict(`a recommendation that is ${from} cannot become ${to}`, 'state', {
      state: from,
    });
  await transaction.setRecommendationState(id, to);
  await auditBy(transaction, atMs, 'state', by, {
    recommendation: id,
    from,
    to,
    reason: reason.slice(0, LONGEST_REASON_CHARACTERS),
  });
  return { ...recommendation, state: to };
}
