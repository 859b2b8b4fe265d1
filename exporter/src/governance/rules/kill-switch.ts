import { Forbidden } from '../../domain/errors.js';
import type { GovernanceTransaction } from '../../domain/ports.js';
import { checkReason } from './vote-rules.js';
import { auditBy } from '../transition.js';
import type { Actor } from '../../domain/actor.js';

/**
 * Stops every execution, or lets them go on. mlfi itself may stop them (after a restored backup), people only as admins.
 * @throws Forbidden for anybody else, `invalid` without a reason
 */
export async function switchExecutions(
  transaction: GovernanceTransaction,
  on: boolean,
  reason: string,
  by: Actor,
  nowMs: number,
): Promise<void> {
  checkReason(reason);
  if (by.kind !== 'system' && by.person?.role !== 'Admin')
    throw new Forbidden('only an admin stops every execution or lets them go on', 'by');
  await transaction.setKillSwitch({ on, reason, by: by.name, atMs: nowMs });
  await auditBy(transaction, nowMs, 'kill-switch', by, { on, reason });
}
