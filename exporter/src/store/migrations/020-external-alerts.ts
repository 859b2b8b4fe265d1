import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** Alerts that Alertmanager and Grafana send; one row per firing of one alert. */
export const externalAlerts: NamedMigration = {
  name: '020-external-alerts',
  async up(knex: Knex) {
    await knex.schema.createTable('external_alert', (table) => {
      table.text('sender').notNullable();
      table.text('fingerprint').notNullable();
      table.double('starts_at_ms').notNullable();
      table.double('ends_at_ms').index();
      table.double('received_at_ms').notNullable().index();
      table.text('model').index();
      table.text('document').notNullable();
      table.primary(['sender', 'fingerprint', 'starts_at_ms']);
    });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
