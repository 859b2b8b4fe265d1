import type { Knex } from 'knex';
import type { BaselineRepository } from '../domain/ports.js';
import { decodeBaseline, decodeLearning, encodeBaseline, encodeLearning } from './profile-codec.js';

export function baselineRepository(db: Knex): BaselineRepository {
  return {
    async current(model) {
      const row = await db('baseline')
        .where({ model })
        .orderBy('version', 'desc')
        .first<{ document: string } | undefined>('document');
      return row === undefined ? null : decodeBaseline(row.document);
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
      await db('baseline')
        .insert({
          model,
          version: baseline.version,
          admitted_at_ms: baseline.admittedAtMs,
          frozen: baseline.frozen,
          document: encodeBaseline(baseline),
        })
        .onConflict(['model', 'version'])
        .merge();
    },
    async learning(model) {
      const row = await db('learning').where({ model }).first<{ document: string } | undefined>('document');
      return row === undefined ? null : decodeLearning(row.document);
    },
    async saveLearning(model, state) {
      await db('learning')
        .insert({ model, document: encodeLearning(state) })
        .onConflict('model')
        .merge();
    },
  };
}
