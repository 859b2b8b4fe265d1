import type { Knex } from 'knex';
import type { ModelStateRepository } from '../domain/ports.js';
import { readDocument } from './documents.js';

/** @param table one of those that hold one document a model */
export function modelStateRepository(
  db: Knex,
  table: 'call_counters' | 'drift_monitor' | 'feature_kinds' | 'log_positions',
): ModelStateRepository {
  return {
    async get(model, codec) {
      const row = await db(table).where({ model }).first<{ document: string } | undefined>('document');
      return row === undefined ? null : readDocument(codec, row.document, { table, row: model, model });
    },
    async save(model, codec, state) {
      await db.raw(
        `insert into ${table} (model, document) values (?, ?) on conflict (model) do update set document = excluded.document`,
        [model, codec.encode(state)],
      );
    },
  };
}
