import { createHash } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import type { Approvers, DecisionPolicy, Freeze } from '../../domain/decision-policy.js';
import type { ActionId } from '../../domain/recommendation.js';
import type { Actor, Person } from '../../domain/actor.js';

export type PolicyRules = Omit<DecisionPolicy, 'version'>;

/** The operator's rules as they are now. */
export interface GovernancePolicy {
  /** Approvals by different people an action needs; 1 when not listed. */
  readonly approvals: Readonly<Partial<Record<ActionId, number>>>;
  /** Rules by class of action; the first entry that lists an action counts, `otherwise` for the rest. */
  readonly classes: readonly { readonly actions: readonly ActionId[]; readonly rules: PolicyRules }[];
  readonly otherwise: PolicyRules;
  readonly freezes: readonly Freeze[];
  readonly breakGlass: { readonly approvers: Approvers; readonly reviewWithinMs: number };
  readonly verification: { readonly giveUpMs: number };
  /** When true nothing is executed, whatever was approved. */
  readonly killSwitch: boolean;
}

/** Approvals and rules an action falls under now. */
export function policyFor(
  policy: GovernancePolicy,
  action: ActionId,
): { readonly requiredApprovals: number; readonly rules: DecisionPolicy } {
  const rules = policy.classes.find(({ actions }) => actions.includes(action))?.rules ?? policy.otherwise;
  const requiredApprovals = Math.max(1, policy.approvals[action] ?? 1);
  const version = createHash('sha256')
    .update(canonicalize({ ...rules, requiredApprovals }))
    .digest('hex')
    .slice(0, 16);
  return { requiredApprovals, rules: { ...rules, version } };
}

/** Whether the person is among those named, by id, UID, login, verified e-mail address or role. */
export function isApprover(approvers: Approvers, person: Person): boolean {
  return (
    approvers.users.some((user) => user === person.id || user === person.uid || user === person.login) ||
    (person.email !== null && approvers.emails.some((email) => email.toLowerCase() === person.email?.toLowerCase())) ||
    approvers.roles.includes(person.role)
  );
}

/** Whether a proven person is an approver by the rules copied onto a revision and by those in force, its proposer or not. */
export function isApproverOf(copied: DecisionPolicy, inForce: DecisionPolicy, by: Actor): boolean {
  return by.person !== undefined && isApprover(copied.approvers, by.person) && isApprover(inForce.approvers, by.person);
}

/**
 * Why the actor's vote does not count, null when it does. The rules of the revision and those in force now must both let
 * it count: a revision never gains approvers, and somebody taken off the list counts no longer.
 */
export function ineligibility(
  by: Actor,
  proposedBy: Actor,
  copied: DecisionPolicy,
  inForce: DecisionPolicy,
): string | null {
  if (by.kind !== 'user' || by.person === undefined)
    return 'only people vote: an API key may propose, but its vote never counts';
  if (by.subject === proposedBy.subject && !(copied.proposerMayVote && inForce.proposerMayVote))
    return 'you proposed this, so somebody else has to decide';
  if (!isApprover(copied.approvers, by.person)) return 'you are not among the approvers of this action';
  if (!isApprover(inForce.approvers, by.person)) return 'you are no longer among the approvers of this action';
  return null;
}
