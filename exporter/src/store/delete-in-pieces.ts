import type { Knex } from 'knex';
import type { StatementLimits } from './chunks.js';

/** So few that no disk takes long over them: a connection on which nothing comes for long is given up. */
const ROWS_AT_ONCE = 500;

/**
 * Deletes rows of a table, however many, by statements that are short each.
 * @param which narrows a query to them
 * @returns how many there were
 */
export async function deleteInPieces(
  db: Knex,
  table: string,
  { row: { name, among } }: StatementLimits,
  which: (rows: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<number> {
  for (let deleted = 0; ;) {
    const some = which(db(table)).select(db.raw(name)).limit(ROWS_AT_ONCE);
    const now = await db(table).whereRaw(among, [some]).delete();
    deleted += now;
    if (now < ROWS_AT_ONCE) return deleted;
  }
}
