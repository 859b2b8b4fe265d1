import type { Knex } from 'knex';
import { existsSync } from 'node:fs';
import { columnsOf } from './integrity.js';
import { openDatabase, type StoreLocation } from './open-store.js';
import { openingProblem } from './opening-problem.js';

/** Of the file itself, or of whoever writes it. */
const NOT_COPIED = new Set(['knex_migrations', 'knex_migrations_lock', 'sqlite_sequence', 'writer', 'commit_id']);
/** A window profile takes up to 100 kB. */
const ROWS_AT_ONCE = 100;

/**
 * Copies a SQLite store into an empty PostgreSQL database, with the service stopped, in one transaction: all of it or nothing. The
 * store itself is brought up to date, and else as it was.
 * @returns how many rows
 * @throws Error in words when either is in use or cannot be used, or something is in the database already
 */
export async function copyStore(
  from: StoreLocation & { kind: 'sqlite' },
  to: StoreLocation & { kind: 'postgresql' },
): Promise<number> {
  if (!existsSync(from.file)) throw new Error(`there is no store at ${from.file}`);
  const source = await openDatabase(from, 'write');
  try {
    const target = await openDatabase(to, 'write');
    try {
      return await copyRows(source.db, target.db);
    } catch (error) {
      throw error instanceof DatabaseFilled ? error : new Error(openingProblem(to, error));
    } finally {
      await target.db.destroy();
      await target.unlock();
    }
  } finally {
    await source.db.destroy();
    await source.unlock();
  }
}

async function copyRows(from: Knex, to: Knex): Promise<number> {
  const listed = await from('sqlite_master').where({ type: 'table' }).select<{ name: string }[]>('name');
  const tables = listed.map(({ name }) => name).filter((name) => !NOT_COPIED.has(name));
  return to.transaction(async (transaction) => {
    let copied = 0;
    for (const table of tables) {
      if ((await transaction(table).first<object | undefined>()) !== undefined)
        throw new DatabaseFilled(`the PostgreSQL database holds rows already (table ${table}); choose an empty one`);
      copied += await copyTable(from, transaction, table);
    }
    await continueSequences(transaction);
    return copied;
  });
}

/** The database that was to take a store has one. */
class DatabaseFilled extends Error {}

async function copyTable(from: Knex, to: Knex, table: string): Promise<number> {
  const columns = await columnsOf(from, 'main', table);
  let copied = 0;
  for (let after = -1; ;) {
    const rows = await from(table)
      .select<(Record<string, unknown> & { readonly at: number })[]>({ at: 'rowid' }, ...columns)
      .where('rowid', '>', after)
      .orderBy('rowid')
      .limit(ROWS_AT_ONCE);
    const last = rows.at(-1);
    if (last === undefined) return copied;
    await to(table).insert(rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))));
    copied += rows.length;
    after = last.at;
  }
}

/** Numbers that PostgreSQL gives by itself go on after those that were copied. */
async function continueSequences(on: Knex): Promise<void> {
  const { rows } = await on.raw<{ rows: { table_name: string; column_name: string }[] }>(
    "select table_name, column_name from information_schema.columns where table_schema = current_schema() and column_default like 'nextval(%' and table_name not like 'knex_%'",
  );
  for (const { table_name: table, column_name: column } of rows)
    await on.raw('select setval(pg_get_serial_sequence(?, ?), coalesce(max(??), 0) + 1, false) from ??', [
      table,
      column,
      column,
      table,
    ]);
}
