import type { Knex } from 'knex';
import type { Model } from '../domain/model.js';
import type { ModelRepository } from '../domain/ports.js';
import { modelCodec } from './codecs/model.js';
import { readDocument } from './documents.js';

/** Tables that hold something of a model and go with it. Decisions, audit and lessons stay: they are history. */
export const TABLES_OF_A_MODEL = [
  'baseline',
  'learning',
  'window_profile',
  'ledger',
  'batch',
  'call_counters',
  'drift_monitor',
] as const;

interface Row {
  readonly id: string;
  readonly document: string;
}

const read = ({ id, document }: Row): Model =>
  readDocument(modelCodec, document, { table: 'model', row: id, model: id });

export function modelRepository(db: Knex): ModelRepository {
  return {
    async list() {
      return (await db('model').orderBy('id').select<Row[]>('id', 'document')).map(read);
    },
    async get(id) {
      const row = await db('model').where({ id }).first<Row | undefined>('id', 'document');
      return row === undefined ? null : read(row);
    },
    async save(model) {
      await db('model')
        .insert({ id: model.id, document: modelCodec.encode(model) })
        .onConflict('id')
        .merge();
    },
    async unlist(id) {
      await db('model').where({ id }).delete();
    },
    async remove(id) {
      await db.transaction(async (transaction) => {
        for (const table of TABLES_OF_A_MODEL) await transaction(table).where({ model: id }).delete();
        await transaction('model').where({ id }).delete();
      });
    },
  };
}
