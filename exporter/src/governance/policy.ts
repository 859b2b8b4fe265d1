import type { ActionId } from '../domain/recommendation.js';

/** Who has to agree, for how long, and whether anything is executed at all. */
export interface GovernancePolicy {
  /** Approvals by different people an action needs; 1 when not listed. */
  readonly approvals: Readonly<Partial<Record<ActionId, number>>>;
  readonly expireAfterMs: number;
  /** When true nothing is executed, whatever was approved. */
  readonly killSwitch: boolean;
}

export function requiredApprovals(policy: GovernancePolicy, action: ActionId): number {
  return Math.max(1, policy.approvals[action] ?? 1);
}
