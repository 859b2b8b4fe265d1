import type { Knex } from 'knex';
import type { ValidationRepository } from '../domain/ports.js';
import type { Validation } from '../domain/validation.js';

export function validationRepository(db: Knex): ValidationRepository {
  return {
    async save(validation) {
      await db('model_validation')
        .insert({
          id: validation.id,
          model: validation.modelId,
          started_at_ms: validation.startedAtMs,
          document: JSON.stringify(validation),
        })
        .onConflict('id')
        .merge();
    },
    async list(model, limit) {
      const rows = await db('model_validation')
        .where({ model })
        .orderBy('started_at_ms', 'desc')
        .limit(limit)
        .select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Validation);
    },
  };
}
