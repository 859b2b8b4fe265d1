import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** What labels said that no stored state of the e-detectors holds yet, numbered per model in the order they came in. */
export const labelEvidence: NamedMigration = {
  name: '120-label-evidence',
  async up(knex: Knex) {
    await knex.schema.createTable('label_evidence', (columns) => {
      columns.text('model').notNullable();
      columns.double('first_label').notNullable();
      columns.integer('labels').notNullable();
      columns.text('document').notNullable();
      columns.primary(['model', 'first_label']);
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
