import type { Knex } from 'knex';
import type { ValidationRepository } from '../domain/ports.js';
import { validationCodec } from './codecs/validation.js';
import { readable, readDocument, type SetAside } from './documents.js';

export function validationRepository(db: Knex, setAside: SetAside): ValidationRepository {
  return {
    async save(validation) {
      await db('model_validation')
        .insert({
          id: validation.id,
          model: validation.modelId,
          started_at_ms: validation.startedAtMs,
          document: validationCodec.encode(validation),
        })
        .onConflict('id')
        .merge();
    },
    async list(model, limit) {
      const rows = await db('model_validation')
        .where({ model })
        .orderBy('started_at_ms', 'desc')
        .limit(limit)
        .select<{ id: string; document: string }[]>('id', 'document');
      return readable(
        rows,
        ({ id, document }) =>
          readDocument(validationCodec, document, { table: 'model_validation', row: id, model }, { id, model }),
        setAside,
      );
    },
  };
}
