import type { Knex } from 'knex';
import { z } from 'zod';
import { PRIORITIES } from '../../domain/recommendation.js';
import { parsedJson } from './parsed-json.js';
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
    await inDocuments(knex, 'execution', z.object({ executor: z.string() }), async (id, document) => {
      const model = knex('recommendation').where('recommendation.id', knex.ref('execution.recommendation'));
      await knex('execution')
        .where({ id })
        .update({ model: model.select('model'), ...document });
    });
    await inDocuments(knex, 'recommendation', z.object({ priority: z.enum(PRIORITIES) }), async (id, document) => {
      if (document === null) return;
      await knex('recommendation')
        .where({ id })
        .update({ priority: PRIORITIES.indexOf(document.priority) });
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

/**
 * Goes through a table's documents in the order of their ids, some at a time. A damaged one is null: it stays as it is, and the
 * store says so when it is read.
 */
async function inDocuments<T>(
  knex: Knex,
  table: string,
  schema: z.ZodType<T>,
  fill: (id: string, document: T | null) => Promise<void>,
): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await knex(table)
      .where('id', '>', after)
      .orderBy('id')
      .limit(ROWS_AT_ONCE)
      .select<{ id: string; document: string }[]>('id', 'document');
    for (const { id, document } of rows) await fill(id, schema.safeParse(parsedJson(document)).data ?? null);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
