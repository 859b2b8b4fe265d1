import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** One document a model: how far the partitions of topics have been taken for it. */
export const logPositions: NamedMigration = {
  name: '150-log-positions',
  async up(knex: Knex) {
    await knex.schema.createTable('log_positions', (columns) => {
      columns.text('model').primary();
      columns.text('document').notNullable();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
