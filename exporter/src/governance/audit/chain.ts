import { createHash } from 'node:crypto';
import { canonicalize } from 'json-canonicalize';
import type { AuditEntry } from '../../domain/audit.js';
import type { JsonObject } from '../../domain/json.js';
import type { GovernanceTransaction } from '../../domain/ports.js';

/** What the first entry points back to. */
export const GENESIS_HASH = '0'.repeat(64);

/** SHA-256(0x00 ‖ previous hash ‖ sequence as 8 bytes big-endian ‖ body), hex. The 0x00 marks a leaf, as in RFC 6962. */
export function auditHash(previousHash: string, sequence: number, body: Uint8Array): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(sequence));
  return createHash('sha256')
    .update(Buffer.from([0]))
    .update(Buffer.from(previousHash, 'hex'))
    .update(number)
    .update(body)
    .digest('hex');
}

/** Appends an entry behind the head, inside the transaction of the change it records: both are kept or neither. */
export async function appendAudit(
  transaction: Pick<GovernanceTransaction, 'auditHead' | 'insertAudit'>,
  body: JsonObject,
): Promise<AuditEntry> {
  const head = await transaction.auditHead();
  const sequence = (head?.sequence ?? 0) + 1;
  const previousHash = head?.hash ?? GENESIS_HASH;
  const bytes = Buffer.from(canonicalize(body), 'utf8');
  const entry: AuditEntry = { sequence, previousHash, body: bytes, hash: auditHash(previousHash, sequence, bytes) };
  await transaction.insertAudit(entry);
  return entry;
}
