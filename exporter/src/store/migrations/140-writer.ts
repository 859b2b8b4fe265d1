import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/**
 * Who writes the database: one row, which every transaction compares. The table of outcomes takes another name, so that a process of
 * an earlier release, which compares nothing, commits no more.
 */
export const writer: NamedMigration = {
  name: '140-writer',
  async up(knex: Knex) {
    await knex.schema.createTable('writer', (columns) => {
      columns.integer('id').primary();
      columns.text('owner').notNullable();
    });
    await knex.schema.renameTable('commit_outcome', 'commit_id');
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
