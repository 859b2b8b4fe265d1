import { z } from 'zod';
import type { AuditEntry, AuditVerdict, StoredCheckpoint } from '../../domain/audit.js';
import { StoreDocumentDamaged } from '../../domain/codec.js';
import { anyJson, instant } from './estimates.js';

const entryBody = z
  .record(z.string(), anyJson)
  .meta({ description: 'the entry exactly as it was hashed; its names are those of the version that wrote it' });
export const auditEntrySchema = z
  .object({ sequence: z.number(), previous_hash: z.string(), hash: z.string(), body: entryBody })
  .meta({ id: 'AuditEntry' });

/** @throws StoreDocumentDamaged for a body that is no JSON object: nothing that is written is */
function bodyOf({ sequence, body }: AuditEntry): z.output<typeof entryBody> {
  try {
    return entryBody.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    const place = { table: 'audit', row: String(sequence), model: null };
    throw new StoreDocumentDamaged(place, 'damaged', 'audit entry: its body is no JSON object');
  }
}

/** One link of the hash chain. @throws StoreDocumentDamaged */
export const auditEntryView = (entry: AuditEntry): z.output<typeof auditEntrySchema> => ({
  sequence: entry.sequence,
  previous_hash: entry.previousHash,
  hash: entry.hash,
  body: bodyOf(entry),
});

export const auditVerdictSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('intact'), entries: z.number(), head_hash: z.string(), root: z.string() }),
    z.object({ kind: z.literal('broken'), at_sequence: z.number(), reason: z.string() }),
  ])
  .meta({ id: 'AuditVerdict' });

/** Whether the hash chain holds. */
export const auditVerdictView = (verdict: AuditVerdict): z.output<typeof auditVerdictSchema> =>
  verdict.kind === 'intact'
    ? { kind: 'intact', entries: verdict.entries, head_hash: verdict.headHash, root: verdict.root }
    : { kind: 'broken', at_sequence: verdict.atSequence, reason: verdict.reason };

export const checkpointSchema = z
  .object({ size: z.number(), at_ms: instant, note: z.string().meta({ description: 'a C2SP signed note' }) })
  .meta({ id: 'Checkpoint' });

/** A signed state of the log. */
export const checkpointView = ({ size, atMs, note }: StoredCheckpoint): z.output<typeof checkpointSchema> => ({
  size,
  at_ms: atMs,
  note,
});
