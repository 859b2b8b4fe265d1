import type { Knex } from 'knex';
import type { Json } from '../domain/json.js';
import type { BatchRepository } from '../domain/ports.js';

export function batchRepository(db: Knex): BatchRepository {
  return {
    async find(model, batchId) {
      const row = await db('batch').where({ model, batch_id: batchId }).first<{ result: string } | undefined>('result');
      return row === undefined ? null : (JSON.parse(row.result) as Json);
    },
    async save(model, batchId, result, atMs) {
      await db('batch')
        .insert({ model, batch_id: batchId, result: JSON.stringify(result), at_ms: atMs })
        .onConflict(['model', 'batch_id'])
        .merge();
    },
    prune: (olderThanMs) => db('batch').where('at_ms', '<', olderThanMs).delete(),
  };
}
