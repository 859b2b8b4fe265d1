import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** Labels that came before their prediction. */
export const waitingLabels: NamedMigration = {
  name: '110-waiting-labels',
  async up(knex: Knex) {
    await knex.schema.createTable('waiting_label', (columns) => {
      columns.text('model').notNullable();
      columns.text('prediction_id_hash').notNullable();
      columns.text('label_hash').notNullable();
      columns.double('grid_centre');
      columns.integer('label_cell');
      columns.double('at_ms').notNullable();
      columns.double('arrived_at_ms').notNullable().index();
      columns.primary(['model', 'prediction_id_hash']);
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
