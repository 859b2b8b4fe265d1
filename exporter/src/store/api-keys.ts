import type { Knex } from 'knex';
import type { ApiKey, ApiKeyRepository } from '../domain/ports.js';
import { apiKeyCodec } from './codecs/api-key.js';
import { readDocument } from './documents.js';

interface Row {
  readonly id: string;
  readonly document: string;
}

const read = ({ id, document }: Row): ApiKey =>
  readDocument(apiKeyCodec, document, { table: 'api_key', row: id, model: null });

export function apiKeyRepository(db: Knex): ApiKeyRepository {
  return {
    async list() {
      return (await db('api_key').orderBy('id').select<Row[]>('id', 'document')).map(read);
    },
    async get(id) {
      const row = await db('api_key').where({ id }).first<Row | undefined>('id', 'document');
      return row === undefined ? null : read(row);
    },
    async save(key) {
      await db('api_key')
        .insert({ id: key.id, document: apiKeyCodec.encode(key) })
        .onConflict('id')
        .merge();
    },
  };
}
