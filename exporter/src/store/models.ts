import type { Knex } from 'knex';
import type { Model } from '../domain/model.js';
import type { ModelRepository } from '../domain/ports.js';

/** Tables that hold something of a model and go with it. Decisions, audit and lessons stay: they are history. */
const OF_A_MODEL = ['baseline', 'learning', 'window_profile', 'ledger', 'batch'];

export function modelRepository(db: Knex): ModelRepository {
  return {
    async list() {
      const rows = await db('model').orderBy('id').select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Model);
    },
    async get(id) {
      const row = await db('model').where({ id }).first<{ document: string } | undefined>('document');
      return row === undefined ? null : (JSON.parse(row.document) as Model);
    },
    async save(model) {
      await db('model')
        .insert({ id: model.id, document: JSON.stringify(model) })
        .onConflict('id')
        .merge();
    },
    async unlist(id) {
      await db('model').where({ id }).delete();
    },
    async remove(id) {
      await db.transaction(async (transaction) => {
        for (const table of OF_A_MODEL) await transaction(table).where({ model: id }).delete();
        await transaction('setting')
          .whereIn('name', [`watch:${id}`, `monitor:${id}`])
          .delete();
        await transaction('model').where({ id }).delete();
      });
    },
  };
}
