import type { GovernanceTransaction } from './ports.js';

/** Appends the entry of the audit log that says who changed what, in the transaction of that change: both are kept or neither. */
export type AuditNote = (transaction: GovernanceTransaction) => Promise<void>;
