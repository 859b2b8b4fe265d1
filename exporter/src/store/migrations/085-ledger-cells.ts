import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** Where a predicted quantity lies on its grid, so that a label that comes after a restart can be judged. Null for classes. */
export const ledgerCells: NamedMigration = {
  name: '085-ledger-cells',
  async up(knex: Knex) {
    await knex.schema.alterTable('ledger', (columns) => {
      columns.double('grid_centre').nullable();
      columns.integer('answer_cell').nullable();
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
