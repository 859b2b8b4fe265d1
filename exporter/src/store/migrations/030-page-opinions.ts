import type { NamedMigration } from './migration.js';

/** What people said of pages: one opinion for each person and incident. */
export const pageOpinions: NamedMigration = {
  name: '030-page-opinions',
  async up(knex) {
    await knex.schema.createTable('page_opinion', (table) => {
      table.text('incident').notNullable();
      table.text('person').notNullable();
      table.double('at_ms').notNullable().index();
      table.text('document').notNullable();
      table.primary(['incident', 'person']);
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
