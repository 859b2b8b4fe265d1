import type { Knex } from 'knex';
import type { StatementLimits } from './chunks.js';
import { deleteInPieces } from './delete-in-pieces.js';
import type { BatchRepository } from '../domain/ports.js';
import { ingestResultCodec } from './codecs/ingest-result.js';
import { readDocument } from './documents.js';
import { storable } from './storable.js';

export function batchRepository(db: Knex, limits: StatementLimits): BatchRepository {
  return {
    async find(model, batchId) {
      const row = await db('batch')
        .where({ model, batch_id: storable(batchId, 'batch_id') })
        .first<{ result: string; body_digest: string | null } | undefined>('result', 'body_digest');
      if (row === undefined) return null;
      const place = { table: 'batch', row: batchId, model };
      return { result: readDocument(ingestResultCodec, row.result, place), bodyDigest: row.body_digest };
    },
    async save(model, batchId, { result, bodyDigest }, atMs) {
      await db('batch')
        .insert({
          model,
          batch_id: storable(batchId, 'batch_id'),
          result: ingestResultCodec.encode(result),
          body_digest: bodyDigest,
          at_ms: atMs,
        })
        .onConflict(['model', 'batch_id'])
        .merge();
    },
    prune: (olderThanMs) => deleteInPieces(db, 'batch', limits, (rows) => rows.where('at_ms', '<', olderThanMs)),
  };
}
