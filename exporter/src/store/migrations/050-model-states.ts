import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** Settings that were no settings: one call counter and one drift monitor a model, named by its id. */
const MOVED = [
  { prefix: 'watch:', table: 'call_counters' },
  { prefix: 'monitor:', table: 'drift_monitor' },
] as const;

/** Call counters and drift monitors get tables of their own. */
export const modelStates: NamedMigration = {
  name: '050-model-states',
  async up(knex: Knex) {
    for (const { prefix, table } of MOVED) {
      await knex.schema.createTable(table, (columns) => {
        columns.text('model').primary();
        columns.text('document').notNullable();
      });
      const names = (await knex('setting').whereLike('name', `${prefix}%`).select<{ name: string }[]>('name')).map(
        ({ name }) => name,
      );
      for (const name of names) {
        const [moved] = await knex('setting').where({ name }).select<{ value: string }[]>('value');
        if (moved === undefined) continue;
        await knex(table).insert({ model: name.slice(prefix.length), document: moved.value });
        await knex('setting').where({ name }).delete();
      }
    }
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
