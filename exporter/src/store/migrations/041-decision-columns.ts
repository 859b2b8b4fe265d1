import type { Knex } from 'knex';
import { PRIORITIES, type Priority } from '../../domain/recommendation.js';
import type { NamedMigration } from './migration.js';

const ROWS_AT_ONCE = 500;

/** Columns and indexes to count decisions by, so that counting reads no document; execution queues by model. */
export const decisionColumns: NamedMigration = {
  name: '041-decision-columns',
  async up(knex: Knex) {
    await knex.schema.alterTable('execution', (table) => {
      table.text('model').notNullable().defaultTo('');
      table.text('executor').notNullable().defaultTo('');
    });
    await knex.schema.alterTable('recommendation', (table) => {
      table.integer('priority').notNullable().defaultTo(PRIORITIES.length);
    });
    await inDocuments<{ readonly executor: string }>(knex, 'execution', async (id, { executor }) => {
      const model = knex('recommendation').where('recommendation.id', knex.ref('execution.recommendation'));
      await knex('execution')
        .where({ id })
        .update({ executor, model: model.select('model') });
    });
    await inDocuments<{ readonly priority: Priority }>(knex, 'recommendation', async (id, { priority }) => {
      await knex('recommendation')
        .where({ id })
        .update({ priority: PRIORITIES.indexOf(priority) });
    });
    await knex.schema.alterTable('execution', (table) => {
      table.index(['model', 'executor', 'state']);
      table.index(['state', 'model', 'queued_at_ms']);
    });
    await knex.schema.alterTable('recommendation', (table) => {
      table.index(['model', 'state']);
      table.index(['state', 'model', 'priority', 'created_at_ms']);
    });
    await knex.schema.alterTable('vote', (table) => table.index('verdict'));
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};

/** Goes through a table's documents in the order of their ids, some at a time. */
async function inDocuments<T>(
  knex: Knex,
  table: string,
  fill: (id: string, document: T) => Promise<void>,
): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await knex(table)
      .where('id', '>', after)
      .orderBy('id')
      .limit(ROWS_AT_ONCE)
      .select<{ id: string; document: string }[]>('id', 'document');
    for (const { id, document } of rows) await fill(id, JSON.parse(document) as T);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
