import type { AuditEntry, AuditVerdict } from '../../domain/audit.js';
import { auditHash, GENESIS_HASH } from './chain.js';
import { parseAuditExport } from './export.js';

const PAGE = 1_000;

/**
 * Checks the whole chain, page by page: sequence without gaps, each entry pointing to the one before, each hash right.
 * @param read entries with sequence in [from, from + limit), ascending
 * @param knownHead hash of the newest entry somebody holds; it must still be in the chain, or the log was cut or forked
 */
export async function verifyAudit(
  read: (from: number, limit: number) => Promise<readonly AuditEntry[]>,
  knownHead: string | null = null,
): Promise<AuditVerdict> {
  let previousHash = GENESIS_HASH;
  let sequence = 0;
  let headSeen = knownHead === null;
  for (;;) {
    const page = await read(sequence + 1, PAGE);
    if (page.length === 0) break;
    for (const entry of page) {
      const reason = faultOf(entry, sequence + 1, previousHash);
      if (reason !== null) return { kind: 'broken', atSequence: sequence + 1, reason };
      sequence += 1;
      previousHash = entry.hash;
      headSeen ||= entry.hash === knownHead;
    }
  }
  if (!headSeen) {
    return {
      kind: 'broken',
      atSequence: sequence + 1,
      reason: 'the entry you know of is not in this log: it was cut short or replaced',
    };
  }
  return { kind: 'intact', entries: sequence, headHash: previousHash };
}

/** As `verifyAudit`, on an export; needs no server. */
export async function verifyAuditExport(text: string, knownHead: string | null = null): Promise<AuditVerdict> {
  const parsed = parseAuditExport(text);
  if (parsed.kind === 'broken') return parsed;
  return verifyAudit((from, limit) => Promise.resolve(parsed.entries.slice(from - 1, from - 1 + limit)), knownHead);
}

function faultOf(entry: AuditEntry, expected: number, previousHash: string): string | null {
  if (entry.sequence !== expected) return `entry ${expected} is missing; the next one is ${entry.sequence}`;
  if (entry.previousHash !== previousHash) return `entry ${expected} does not follow the entry before it`;
  if (auditHash(previousHash, expected, entry.body) !== entry.hash)
    return `entry ${expected} was changed after it was written`;
  return null;
}
