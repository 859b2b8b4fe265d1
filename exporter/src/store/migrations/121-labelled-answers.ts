import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** That an answer has had its label is known for a while: the same label, sent again, waits for nothing. */
export const labelledAnswers: NamedMigration = {
  name: '121-labelled-answers',
  async up(knex: Knex) {
    await knex.schema.alterTable('ledger', (columns) => {
      columns.double('labelled_at_ms').nullable().index();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
