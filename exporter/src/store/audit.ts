import type { Knex } from 'knex';
import type { AuditEntry } from '../domain/audit.js';
import type { AuditRepository } from '../domain/ports.js';

interface Row {
  readonly sequence: number;
  readonly previous_hash: string;
  readonly body: Uint8Array;
  readonly hash: string;
}

const entryOf = (row: Row): AuditEntry => ({
  sequence: row.sequence,
  previousHash: row.previous_hash,
  body: row.body,
  hash: row.hash,
});

export async function auditHead(db: Knex): Promise<AuditEntry | null> {
  const row = await db('audit').orderBy('sequence', 'desc').first<Row | undefined>();
  return row === undefined ? null : entryOf(row);
}

export async function insertAudit(db: Knex, entry: AuditEntry): Promise<void> {
  await db('audit').insert({
    sequence: entry.sequence,
    previous_hash: entry.previousHash,
    body: Buffer.from(entry.body),
    hash: entry.hash,
  });
}

export function auditRepository(db: Knex): AuditRepository {
  return {
    async read(from, limit) {
      const rows = await db('audit')
        .where('sequence', '>=', from)
        .andWhere('sequence', '<', from + limit)
        .orderBy('sequence')
        .select<Row[]>();
      return rows.map(entryOf);
    },
    head: () => auditHead(db),
    async checkpoints(limit) {
      const rows = await db('checkpoint')
        .orderBy('size', 'desc')
        .limit(limit)
        .select<{ size: number; at_ms: number; note: string }[]>();
      return rows.map(({ size, at_ms, note }) => ({ size, atMs: at_ms, note }));
    },
    async saveCheckpoint({ size, atMs, note }) {
      await db('checkpoint').insert({ size, at_ms: atMs, note }).onConflict('size').ignore();
    },
  };
}
