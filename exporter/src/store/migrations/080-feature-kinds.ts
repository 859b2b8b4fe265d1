import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** One document a model: what the values of its features are. */
export const featureKinds: NamedMigration = {
  name: '080-feature-kinds',
  async up(knex: Knex) {
    await knex.schema.createTable('feature_kinds', (columns) => {
      columns.text('model').primary();
      columns.text('document').notNullable();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
