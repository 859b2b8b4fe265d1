import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** That an answer has had its label is known for a while: the same label, sent again, waits for nothing. */
export const labelledAnswers: NamedMigration = {
  name: '121-labelled-answers',
  async up(knex: Knex) {
    await knex.schema.alterTable('ledger', (columns) => {
      columns.double('labelled_at_ms').nullable();
    });
    // Of all rows, a planner without statistics takes it for the way to the many that have no label.
    await knex.raw('create index ledger_labelled on ledger (labelled_at_ms) where labelled_at_ms is not null');
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
