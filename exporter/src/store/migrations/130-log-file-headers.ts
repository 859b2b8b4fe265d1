import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';
import { parsedJson } from './parsed-json.js';

const POSITIONS = { name: 'log-file-positions' };
/** Set while a store still holds, in pages it has freed, what was to be forgotten. */
const ERASING = { name: 'erase-freed-pages' };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Positions in log files held the first line of each file, which may be a row with all its values. */
export const logFileHeaders: NamedMigration = {
  name: '130-log-file-headers',
  async up(knex: Knex) {
    const stored = await knex('setting').where(POSITIONS).first<{ value: string } | undefined>('value');
    if (stored === undefined) return;
    const positions = parsedJson(stored.value);
    const forgetful = JSON.stringify(positions, (key, value: unknown) => (key === 'header' ? undefined : value));
    if (isObject(positions)) await knex('setting').where(POSITIONS).update({ value: forgetful });
    await knex('setting').insert({ ...ERASING, value: 'true' });
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};

/** Erases what SQLite has freed and not yet written over, where a migration asked for it. */
export async function eraseFreedPages(db: Knex): Promise<void> {
  if ((await db('setting').where(ERASING).first<{ name: string } | undefined>('name')) === undefined) return;
  await db.raw('VACUUM');
  await db.raw('PRAGMA wal_checkpoint(TRUNCATE)');
  await db('setting').where(ERASING).delete();
}
