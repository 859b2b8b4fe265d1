import type { Knex } from 'knex';
import { columnsOf, damageIn } from './integrity.js';
import { migrationSource } from './migrations/index.js';

/** Tables the migrations fill, or SQLite itself. */
const KEPT = new Set(['knex_migrations', 'knex_migrations_lock', 'sqlite_sequence']);

/**
 * Writes all rows of a SQLite file whose indexes are damaged into a new one, read without any index. SQLite's own REINDEX
 * and VACUUM walk the damaged index first, and fail.
 * @param fresh an empty database
 * @param from the damaged file
 * @throws Error naming the table whose rows cannot be read, or when another release wrote the file
 */
export async function rebuildInto(fresh: Knex, from: string): Promise<void> {
  await fresh.migrate.latest({ migrationSource });
  await fresh.raw('ATTACH ? AS damaged', [from]);
  const migrations = async (schema: string): Promise<string> =>
    JSON.stringify(
      (await fresh.raw<{ name: string }[]>(`select name from ${schema}.knex_migrations not indexed order by name`)).map(
        ({ name }) => name,
      ),
    );
  if ((await migrations('main')) !== (await migrations('damaged')))
    throw new Error(`${from} was written by another release of mlfi; repair it with that release`);
  const tables = await fresh('sqlite_master').where({ type: 'table' }).select<{ name: string }[]>('name');
  for (const { name } of tables) {
    if (KEPT.has(name)) continue;
    const columns = await columnsOf(fresh, 'main', name);
    const listed = columns.map(() => '??').join(', ');
    try {
      // Named columns, because SQLite copies `select *` between equal tables index by index.
      await fresh.raw(`insert into main.?? (${listed}) select ${listed} from damaged.?? not indexed`, [
        name,
        ...columns,
        ...columns,
        name,
      ]);
    } catch (error) {
      if (damageIn(error) === null) throw error;
      throw new Error(
        `table ${name} of ${from} is damaged itself and not only its indexes; nothing was changed, restore a backup`,
      );
    }
  }
  await fresh.raw('DETACH damaged');
}
