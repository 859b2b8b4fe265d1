import type { Knex } from 'knex';
import type { DamagedTable } from '../domain/ports.js';

/** Codes of data that cannot be read as it was written. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const DAMAGE = /^(SQLITE_(CORRUPT|IOERR|NOTADB)|XX00[012]|58030|22021)$/;
const TOLD_OF_A_TABLE = 3;

/** What a database's error says of the data itself; null for one that says nothing of it, e.g. that the database is away. */
export function damageIn(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return DAMAGE.test(code) ? code : null;
}

/**
 * Tables whose pages or indexes are damaged, read by the database itself: SQLite's `integrity_check` table by table, on
 * PostgreSQL every row of every table. Texts that were overwritten within a page are the business of their codecs.
 * @param among looks at these only; null for all
 * @throws what the database throws when it cannot be asked at all
 */
export async function damagedTables(
  db: Knex,
  kind: 'sqlite' | 'postgresql',
  among: readonly string[] | null,
): Promise<readonly DamagedTable[]> {
  const found: DamagedTable[] = [];
  const tables = kind === 'sqlite' ? await tablesOfSqlite(db) : await tablesOfPostgresql(db);
  for (const [table, roots] of tables) {
    if (among !== null && !among.includes(table)) continue;
    try {
      const said = kind === 'sqlite' ? await integrityOf(db, table) : await readWhole(db, table);
      if (said.length > 0) found.push({ table, ...whatIs(said, roots) });
    } catch (error) {
      const damage = damageIn(error);
      if (damage === null) throw error;
      found.push({ table, detail: damage, onlyIndexes: kind === 'sqlite' && (await hasAllRows(db, table)) });
    }
  }
  return found;
}

/** Builds every index of PostgreSQL anew from its table. @throws what the database throws when a table cannot be read */
export async function rebuildIndexes(db: Knex): Promise<void> {
  for (const [table] of await tablesOfPostgresql(db)) await db.raw('REINDEX TABLE ??', [table]);
}

/** Names of indexes by the page they begin on. */
type Roots = ReadonlyMap<number, string>;

async function tablesOfSqlite(db: Knex): Promise<ReadonlyMap<string, Roots>> {
  const rows = await db('sqlite_master')
    .whereIn('type', ['table', 'index'])
    .andWhere('rootpage', '>', 0)
    .orderBy('tbl_name')
    .select<{ type: string; name: string; tbl_name: string; rootpage: number }[]>(
      'type',
      'name',
      'tbl_name',
      'rootpage',
    );
  const tables = new Map<string, Map<number, string>>();
  for (const { type, name, tbl_name: table, rootpage } of rows) {
    const roots = tables.get(table) ?? new Map<number, string>();
    if (type === 'index') roots.set(rootpage, name);
    tables.set(table, roots);
  }
  return tables;
}

async function tablesOfPostgresql(db: Knex): Promise<ReadonlyMap<string, Roots>> {
  const { rows } = await db.raw<{ rows: { tablename: string }[] }>(
    'select tablename from pg_tables where schemaname = current_schema() order by tablename',
  );
  return new Map(rows.map(({ tablename }) => [tablename, new Map<number, string>()]));
}

async function integrityOf(db: Knex, table: string): Promise<readonly string[]> {
  const rows = await db.raw<Record<string, unknown>[]>(`PRAGMA integrity_check("${table.replaceAll('"', '""')}")`);
  const said = rows.flatMap((row) => Object.values(row).map(String));
  return said.length === 1 && said[0] === 'ok' ? [] : said;
}

/** Whether every value of every row can be read without an index. */
async function hasAllRows(db: Knex, table: string): Promise<boolean> {
  const columns = await columnsOf(db, 'main', table);
  const sums = columns.map((column) => db.raw('sum(length(cast(?? as blob)))', [column]));
  try {
    await db.select(sums).from(db.raw('?? NOT INDEXED', [table]));
    return true;
  } catch (error) {
    if (damageIn(error) === null) throw error;
    return false;
  }
}

/** Columns of a table of an attached SQLite file, in their order. */
export async function columnsOf(db: Knex, schema: 'main' | 'damaged', table: string): Promise<readonly string[]> {
  const rows = await db.raw<{ name: string }[]>('select name from pragma_table_info(?, ?)', [table, schema]);
  return rows.map(({ name }) => name);
}

/** Detoasts and decodes every value. */
async function readWhole(db: Knex, table: string): Promise<readonly string[]> {
  await db.raw('select count(*), sum(octet_length(whole::text)) from ?? as whole', [table]);
  return [];
}

/** SQLite names an index where an entry of it is wrong, and the page a tree begins on where a page is. */
function whatIs(said: readonly string[], roots: Roots): Omit<DamagedTable, 'table'> {
  const lines = said.flatMap((text) => text.split('\n')).filter((line) => !line.startsWith('***') && line !== '');
  const onlyIndexes = lines.every((line) => {
    const tree = /\btree (?:page )?(\d+)/i.exec(line)?.[1];
    return tree === undefined ? /\b(missing from|entries in) index\b/.test(line) : roots.has(Number(tree));
  });
  const more = lines.length > TOLD_OF_A_TABLE ? `; and ${lines.length - TOLD_OF_A_TABLE} more` : '';
  return { detail: `${lines.slice(0, TOLD_OF_A_TABLE).join('; ')}${more}`, onlyIndexes };
}
