import type { NamedMigration } from './migration.js';

/** Comparisons of candidate versions with the one in service: figures and verdicts, never an input or an answer. */
export const validations: NamedMigration = {
  name: '011-validations',
  async up(knex) {
    await knex.schema.createTable('model_validation', (table) => {
      table.text('id').primary();
      table.text('model').notNullable().index();
      table.double('started_at_ms').notNullable();
      table.text('document').notNullable();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
