import type { AuditNote } from '../domain/audit-note.js';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { DecisionsRefused } from '../domain/errors.js';
import type { GovernanceTransaction, Logger } from '../domain/ports.js';

/**
 * Puts a change on record, or says in the log that it is not while the audit log is damaged. For changes that must be possible
 * then above all: a leaked key is revoked.
 * @throws what is neither the log refused nor the log damaged: a statement that failed ends the whole transaction
 */
export async function auditWhereTaken(
  transaction: GovernanceTransaction,
  note: AuditNote,
  what: { readonly key: string },
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  try {
    await note(transaction);
  } catch (error) {
    if (!(error instanceof DecisionsRefused || error instanceof StoreDocumentDamaged)) throw error;
    logger.warn(what, `a change of an API key is not on record in the audit log: ${error.message}`);
  }
}
