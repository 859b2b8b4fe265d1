import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** The last commits of each process, so that one whose answer was lost is looked up and not guessed. */
export const commitOutcome: NamedMigration = {
  name: '086-commit-outcome',
  async up(knex: Knex) {
    await knex.schema.createTable('commit_outcome', (columns) => {
      columns.text('owner').notNullable();
      columns.integer('slot').notNullable();
      columns.bigInteger('id').notNullable();
      columns.primary(['owner', 'slot']);
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
