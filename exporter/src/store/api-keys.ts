import type { Knex } from 'knex';
import type { ApiKey, ApiKeyRepository } from '../domain/ports.js';

export function apiKeyRepository(db: Knex): ApiKeyRepository {
  return {
    async list() {
      const rows = await db('api_key').orderBy('id').select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as ApiKey);
    },
    async get(id) {
      const row = await db('api_key').where({ id }).first<{ document: string } | undefined>('document');
      return row === undefined ? null : (JSON.parse(row.document) as ApiKey);
    },
    async save(key) {
      await db('api_key')
        .insert({ id: key.id, document: JSON.stringify(key) })
        .onConflict('id')
        .merge();
    },
  };
}
