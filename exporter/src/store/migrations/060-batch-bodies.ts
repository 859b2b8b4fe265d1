import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** Which body an identity of a batch was taken with, so that another body under it is not taken for a repetition. */
export const batchBodies: NamedMigration = {
  name: '060-batch-bodies',
  async up(knex: Knex) {
    await knex.schema.alterTable('batch', (table) => {
      table.text('body_digest').nullable();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
