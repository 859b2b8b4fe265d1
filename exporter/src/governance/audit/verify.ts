import type { AuditEntry, AuditVerdict } from '../../domain/audit.js';
import { auditHash, GENESIS_HASH } from './chain.js';
import type { Checkpoint } from './checkpoint.js';
import { parseAuditExport } from './export.js';
import { MerkleTree } from './merkle.js';

const PAGE = 1_000;

/** What somebody holds of an earlier state of the log, outside the database. */
export interface HeldEvidence {
  /** Hash of an entry; it must still be in the chain. */
  readonly head?: string | null;
  /** Checkpoints, in any order; each must be a state this log went through. */
  readonly checkpoints?: readonly Checkpoint[];
  /** Hashes of an earlier export, first entry first; this log must begin with them. */
  readonly earlier?: readonly string[];
}

/**
 * Checks the whole chain, page by page: sequence without gaps, each entry pointing to the one before, each hash right; then
 * that it agrees with everything held. A rewritten log is consistent in itself, so only what is held finds it out.
 * @param read entries with sequence in [from, from + limit), ascending
 * @returns for a broken log the first entry that is known to be bad
 */
export async function verifyAudit(
  read: (from: number, limit: number) => Promise<readonly AuditEntry[]>,
  held: HeldEvidence = {},
): Promise<AuditVerdict> {
  const checkpoints = [...(held.checkpoints ?? [])].sort((a, b) => a.size - b.size);
  const earlier = held.earlier ?? [];
  const tree = new MerkleTree();
  let leaves: string[] = [];
  const rootNow = (): Buffer => {
    for (const hash of leaves) tree.add(Buffer.from(hash, 'hex'));
    leaves = [];
    return tree.root();
  };
  let previousHash = GENESIS_HASH;
  let sequence = 0;
  let headSeen = held.head === undefined || held.head === null;
  let agreed = 0;
  const broken = (atSequence: number, reason: string): AuditVerdict => ({ kind: 'broken', atSequence, reason });
  for (;;) {
    const page = await read(sequence + 1, PAGE);
    if (page.length === 0) break;
    for (const entry of page) {
      const reason = faultOf(entry, sequence + 1, previousHash);
      if (reason !== null) return broken(sequence + 1, reason);
      sequence += 1;
      previousHash = entry.hash;
      const before = earlier[sequence - 1];
      if (before !== undefined && before !== entry.hash)
        return broken(sequence, `entry ${sequence} is another one than in the earlier export`);
      headSeen ||= entry.hash === held.head;
      leaves.push(entry.hash);
      for (const checkpoint of checkpoints.filter(({ size }) => size === sequence)) {
        if (!rootNow().equals(checkpoint.root))
          return broken(
            agreed + 1,
            `an entry from ${agreed + 1} to ${sequence} is another one than when the checkpoint was made`,
          );
        agreed = sequence;
      }
    }
  }
  const longest = Math.max(earlier.length, checkpoints.at(-1)?.size ?? 0);
  if (longest > sequence)
    return broken(sequence + 1, `entry ${sequence + 1} is missing: the log had ${longest} entries before`);
  if (!headSeen) return broken(sequence + 1, 'the entry you know of is not in this log: it was cut short or replaced');
  return { kind: 'intact', entries: sequence, headHash: previousHash, root: rootNow().toString('base64') };
}

/** As `verifyAudit`, on an export; needs no server. */
export async function verifyAuditExport(text: string, held: HeldEvidence = {}): Promise<AuditVerdict> {
  const parsed = parseAuditExport(text);
  if (parsed.kind === 'broken') {
    // What stands before the unreadable line may be bad already.
    const before = await verifyAudit(reader(parsed.entries), held);
    return before.kind === 'broken' && before.atSequence < parsed.atSequence
      ? before
      : { kind: 'broken', atSequence: parsed.atSequence, reason: parsed.reason };
  }
  return verifyAudit(reader(parsed.entries), held);
}

/** Reads by position, as a file does, so that an entry out of place is seen where it stands. */
const reader =
  (entries: readonly AuditEntry[]) =>
  (from: number, limit: number): Promise<readonly AuditEntry[]> =>
    Promise.resolve(entries.slice(from - 1, from - 1 + limit));

function faultOf(entry: AuditEntry, expected: number, previousHash: string): string | null {
  if (entry.sequence !== expected)
    return entry.sequence > expected
      ? `entry ${expected} is missing; the next one is ${entry.sequence}`
      : `entry ${entry.sequence} stands where ${expected} should`;
  if (entry.previousHash !== previousHash) return `entry ${expected} does not follow the entry before it`;
  if (auditHash(previousHash, expected, entry.body) !== entry.hash)
    return `entry ${expected} was changed after it was written`;
  return null;
}
