import type { Knex } from 'knex';
import type { ModelId } from '../domain/identifiers.js';
import type { BaselineRepository } from '../domain/ports.js';
import type { BaselineProfile } from '../domain/profile.js';
import { baselineCodec, learningCodec } from './codecs/profile.js';
import { readDocument } from './documents.js';

export function baselineRepository(db: Knex): BaselineRepository {
  const insert = (model: ModelId, baseline: BaselineProfile) =>
    db('baseline')
      .insert({
        model,
        version: baseline.version,
        admitted_at_ms: baseline.admittedAtMs,
        frozen: baseline.frozen,
        document: baselineCodec.encode(baseline),
      })
      .onConflict(['model', 'version']);
  return {
    async current(model) {
      const row = await db('baseline')
        .where({ model })
        .orderBy('version', 'desc')
        .first<{ version: number; document: string } | undefined>('version', 'document');
      if (row === undefined) return null;
      const at = { table: 'baseline', row: `${model} version ${row.version}`, model };
      return readDocument(baselineCodec, row.document, at, { version: row.version });
    },
    async versions(model) {
      const rows = await db('baseline')
        .where({ model })
        .orderBy('version', 'desc')
        .select<{ version: number; admitted_at_ms: number; frozen: boolean | number }[]>(
          'version',
          'admitted_at_ms',
          'frozen',
        );
      return rows.map((row) => ({
        version: row.version,
        admittedAtMs: row.admitted_at_ms,
        frozen: Boolean(row.frozen),
      }));
    },
    async save(model, baseline) {
      await insert(model, baseline).merge();
    },
    async saveNew(model, baseline) {
      await insert(model, baseline).ignore();
    },
    async learning(model) {
      const row = await db('learning').where({ model }).first<{ document: string } | undefined>('document');
      return row === undefined
        ? null
        : readDocument(learningCodec, row.document, { table: 'learning', row: model, model });
    },
    async saveLearning(model, state) {
      await db('learning')
        .insert({ model, document: learningCodec.encode(state) })
        .onConflict('model')
        .merge();
    },
  };
}
