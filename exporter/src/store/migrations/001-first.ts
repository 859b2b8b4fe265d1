import type { Knex } from 'knex';
import { forbidChanges } from './append-only.js';
import type { NamedMigration } from './migration.js';

/** Tables whose rows are history: written once, never changed. */
const APPEND_ONLY = ['audit', 'vote'];

/**
 * The first schema. Nouns are JSON documents beside the columns that are queried. Times are doubles, because PostgreSQL
 * gives bigint back as text.
 */
export const first: NamedMigration = {
  name: '001-first',
  async up(knex: Knex) {
    await knex.schema.createTable('model', (table) => {
      table.text('id').primary();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('baseline', (table) => {
      table.text('model').notNullable();
      table.integer('version').notNullable();
      table.double('admitted_at_ms').notNullable();
      table.boolean('frozen').notNullable();
      table.text('document').notNullable();
      table.primary(['model', 'version']);
    });
    await knex.schema.createTable('learning', (table) => {
      table.text('model').primary();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('window_profile', (table) => {
      table.text('model').notNullable();
      table.double('window_start_ms').notNullable();
      table.text('document').notNullable();
      table.primary(['model', 'window_start_ms']);
    });
    await knex.schema.createTable('ledger', (table) => {
      table.text('model').notNullable();
      table.text('prediction_id_hash').notNullable();
      table.text('answer_hash').notNullable();
      table.integer('confidence_tenth');
      table.double('at_ms').notNullable().index();
      table.primary(['model', 'prediction_id_hash']);
    });
    await knex.schema.createTable('batch', (table) => {
      table.text('model').notNullable();
      table.text('batch_id').notNullable();
      table.text('result').notNullable();
      table.double('at_ms').notNullable().index();
      table.primary(['model', 'batch_id']);
    });
    await knex.schema.createTable('incident', (table) => {
      table.text('id').primary();
      table.text('model').notNullable().index();
      table.double('opened_at_ms').notNullable().index();
      table.double('closed_at_ms');
      table.text('document').notNullable();
    });
    await knex.schema.createTable('recommendation', (table) => {
      table.text('id').primary();
      table.text('incident').notNullable().index();
      table.text('model').notNullable().index();
      table.text('state').notNullable().index();
      table.double('created_at_ms').notNullable();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('vote', (table) => {
      table.text('id').primary();
      table.text('recommendation').notNullable();
      table.text('subject').notNullable();
      table.text('verdict').notNullable();
      table.double('at_ms').notNullable();
      table.text('document').notNullable();
      table.unique(['recommendation', 'subject', 'verdict']);
    });
    await knex.schema.createTable('execution', (table) => {
      table.text('id').primary();
      table.text('recommendation').notNullable().unique();
      table.text('state').notNullable().index();
      table.double('queued_at_ms').notNullable();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('verification', (table) => {
      table.text('recommendation').primary();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('audit', (table) => {
      table.integer('sequence').primary();
      table.text('previous_hash').notNullable();
      table.binary('body').notNullable();
      table.text('hash').notNullable();
    });
    await knex.schema.createTable('lesson', (table) => {
      table.text('id').primary();
      table.text('model').notNullable().index();
      table.double('closed_at_ms').notNullable().index();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('api_key', (table) => {
      table.text('id').primary();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('setting', (table) => {
      table.text('name').primary();
      table.text('value').notNullable();
    });
    for (const name of APPEND_ONLY) await forbidChanges(knex, name);
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
