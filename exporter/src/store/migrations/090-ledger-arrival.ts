import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** When an answer came, so that the labels of a history that is sent at once do not teach how late labels come. */
export const ledgerArrival: NamedMigration = {
  name: '090-ledger-arrival',
  async up(knex: Knex) {
    await knex.schema.alterTable('ledger', (columns) => {
      columns.double('arrived_at_ms').nullable();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
