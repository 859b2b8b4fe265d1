import type { Knex } from 'knex';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { Conflict } from '../domain/errors.js';
import type { Model } from '../domain/model.js';
import type { ModelRepository } from '../domain/ports.js';
import { wholly } from './border.js';
import type { StatementLimits } from './chunks.js';
import { deleteDamagedHistory, endDamagedDecisions, nameExecutions } from './check.js';
import { modelCodec } from './codecs/model.js';
import { deleteInPieces } from './delete-in-pieces.js';
import { readDocument } from './documents.js';

/** Tables that hold something of a model and go with it. Decisions, audit and lessons stay: they are history. */
const TABLES_OF_A_MODEL = [
  'baseline',
  'learning',
  'window_profile',
  'ledger',
  'waiting_label',
  'label_evidence',
  'batch',
  'call_counters',
  'feature_kinds',
  'log_positions',
  'drift_monitor',
] as const;

interface Row {
  readonly id: string;
  readonly document: string;
}

const read = ({ id, document }: Row): Model =>
  readDocument(modelCodec, document, { table: 'model', row: id, model: id }, { id });

async function removeModel(db: Knex, id: string, limits: StatementLimits): Promise<number> {
  let rows = 0;
  for (const table of TABLES_OF_A_MODEL)
    rows += await deleteInPieces(db, table, limits, (of) => of.where({ model: id }));
  return rows + (await db('model').where({ id }).delete());
}

/** @param store its name, for damaged rows that are given back */
export function modelRepository(db: Knex, store: string, limits: StatementLimits): ModelRepository {
  return {
    async list() {
      const models: Model[] = [];
      const damaged: StoreDocumentDamaged[] = [];
      for (const row of await db('model').orderBy('id').select<Row[]>('id', 'document')) {
        try {
          models.push(read(row));
        } catch (error) {
          if (!(error instanceof StoreDocumentDamaged)) throw error;
          damaged.push(error.inStore(store));
        }
      }
      return { models, damaged };
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
      await wholly(db, (transaction) => removeModel(transaction, id, limits));
    },
    async forgetHistory(id, sinceMs) {
      await deleteInPieces(db, 'window_profile', limits, (rows) => rows.where({ model: id }));
      await deleteInPieces(db, 'batch', limits, (rows) => rows.where({ model: id }).where('at_ms', '>=', sinceMs));
    },
    drop: (id, isDamaged) =>
      wholly(db, async (transaction) => {
        const rows = await removeModel(transaction, id, limits);
        const renamed = await nameExecutions(transaction, id);
        const deleted = await deleteDamagedHistory(transaction, id);
        const kept = await endDamagedDecisions(transaction, id);
        if (renamed + deleted + kept > 0 || (isDamaged && rows > 0)) return { deleted, kept };
        if (rows === 0) return null;
        // Takes back what was done.
        throw new Conflict(
          `nothing that is stored of ${id} is damaged, so it was not dropped. To remove a sound model and what was learnt about it: DELETE /api/v1/models/${id} of the running service`,
        );
      }),
  };
}
