import { recommendationId, type RecommendationId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import type { Proposal, Recommendation } from '../domain/recommendation.js';
import { recommendationDigest } from './digest.js';
import { policyFor, type GovernancePolicy } from './rules/policy.js';
import { auditBy } from './transition.js';
import type { Actor } from '../domain/actor.js';

const FINDINGS_SHOWN = 20;

/** What a revision is about and rests on, besides the proposal itself. */
export interface RevisionContext extends Pick<
  Recommendation,
  'incidentId' | 'modelId' | 'modelVersion' | 'evidence' | 'followUpTo'
> {
  readonly proposedBy: Actor;
}

export function contextOf(incident: IncidentRow, modelVersion: string | null, proposedBy: Actor): RevisionContext {
  return {
    incidentId: incident.id,
    modelId: incident.modelId,
    modelVersion,
    evidence: {
      headline: incident.explanation.headline,
      findings: incident.diagnosis.findings.slice(0, FINDINGS_SHOWN).map(({ sentence }) => sentence),
    },
    followUpTo: null,
    proposedBy,
  };
}

/** Puts a proposal under governance: copies the rules in force onto it, seals it with its digest, audits it. */
export async function insertRevision(
  transaction: GovernanceTransaction,
  proposal: Proposal,
  context: RevisionContext,
  revision: number,
  policy: GovernancePolicy,
  id: string,
  nowMs: number,
): Promise<Recommendation> {
  const { requiredApprovals, rules } = policyFor(policy, proposal.action);
  const unsealed = {
    ...proposal,
    ...context,
    id: recommendationId(id),
    revision,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + rules.expireAfterMs,
    requiredApprovals,
    policy: rules,
  };
  const recommendation: Recommendation = { ...unsealed, digest: recommendationDigest(unsealed), state: 'pending' };
  await transaction.insertRecommendation(recommendation);
  await auditBy(transaction, nowMs, 'proposed', context.proposedBy, {
    recommendation: recommendation.id,
    revision,
    incident: context.incidentId,
    model: context.modelId,
    action: proposal.action,
    digest: recommendation.digest,
    policy: rules.version,
    followUpTo: context.followUpTo,
  });
  return recommendation;
}

/** Same action on the same target with the same steps; wording with fresh numbers does not make a new revision. */
export function sameContent(recommendation: Recommendation, proposal: Proposal): boolean {
  const content = (p: Proposal): string => JSON.stringify([p.action, p.cause, p.title, p.priority, p.steps, p.plan]);
  return content(recommendation) === content(proposal);
}

/** Whether it would still be executed: not once another version is in service than when it was proposed. */
export const isOfVersion = (
  { plan, modelVersion: then }: Recommendation,
  { modelVersion: now }: Pick<RevisionContext, 'modelVersion'>,
): boolean => plan === null || now === null || then === null || now === then;

/** What people are asked when an action failed or did not help. Advice: nothing is ever executed by itself a second time. */
function escalationOf(failed: Recommendation, what: string): Proposal {
  return {
    action: 'investigate',
    cause: failed.cause,
    title: `Look into why "${failed.title}" did not help`,
    priority: failed.priority,
    why: what,
    steps: [
      'Check on the system that carried it out what was really done.',
      'Undo it if it made things worse: nothing is undone by itself.',
      'Decide on the next action; the other recommendations of this incident still stand.',
    ],
    expectedEffect: 'The next action rests on what this one showed.',
    risk: 'None: nothing is changed.',
    verificationText: 'none: this is a task for people',
    verification: null,
    plan: null,
    trackRecord: null,
  };
}

/** Proposes the follow-up of a failed action, once. */
export async function insertEscalation(
  transaction: GovernanceTransaction,
  failed: Recommendation,
  what: string,
  policy: GovernancePolicy,
  id: string,
  nowMs: number,
  proposedBy: Actor,
): Promise<Recommendation | null> {
  if (failed.followUpTo !== null) return null;
  const { incidentId, modelId, modelVersion, evidence } = failed;
  const siblings = await transaction.recommendations({ incident: incidentId, limit: 1_000 });
  if (siblings.some(({ followUpTo }: { followUpTo: RecommendationId | null }) => followUpTo === failed.id)) return null;
  return insertRevision(
    transaction,
    escalationOf(failed, what),
    { incidentId, modelId, modelVersion, evidence, followUpTo: failed.id, proposedBy },
    1,
    policy,
    id,
    nowMs,
  );
}
