import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../exporter/src/config/load.js';
import type { Config } from '../../exporter/src/config/config.js';
import { checkStore, copyStoreOver } from '../../exporter/src/service/offline-store.js';
import { startService } from '../../exporter/src/service/start.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

const STORE = join(import.meta.dirname, '../data/store/0.1.0.sqlite.gz');
const binaries = postgresBinaries();
const OWN = ['knex_migrations', 'knex_migrations_lock', 'sqlite_sequence', 'writer', 'commit_id'];

const sqlite = (filename: string): Knex =>
  knex({ client: 'sqlite3', connection: { filename }, useNullAsDefault: true });

/** Every row of every table, as texts, whatever each database makes of a boolean. */
async function everything(db: Knex, tables: readonly string[]): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of tables) {
    const rows = await db(table).select<object[]>();
    const text = (value: unknown): unknown =>
      typeof value === 'boolean' ? Number(value) : Buffer.isBuffer(value) ? value.toString('hex') : value;
    found[table] = rows
      .map((row) => JSON.stringify(Object.entries(row).map(([name, value]) => [name, text(value)])))
      .sort();
  }
  return found;
}

describe.skipIf(binaries === null)('a SQLite store that is copied to PostgreSQL', () => {
  let root: string;
  let postgres: Postgres;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'mlfi-copy-'));
    postgres = await startPostgres(binaries ?? '');
  });
  afterAll(() => {
    postgres.stop();
    rmSync(root, { recursive: true, force: true });
  });

  /** A store with models, incidents and decisions, and the configurations that name it and a database. */
  function place(name: string): { file: string; url: string; before: Config; after: Config } {
    const directory = join(root, name);
    mkdirSync(directory);
    const file = join(directory, 'mlfi.sqlite');
    writeFileSync(file, gunzipSync(readFileSync(STORE)));
    const url = postgres.freshDatabase();
    const config = (more: string): Config => {
      const text = `data_dir: ${directory}\nlisten: { port: 0 }\nlogging: { level: silent }\n${more}`;
      const loaded = parseConfig('test', text, {}, directory);
      if (loaded.kind === 'refused') throw new Error('the configuration is right');
      return loaded.config;
    };
    return { file, url, before: config(''), after: config(`database: { url: '${url}' }\n`) };
  }

  it('has every row, an intact log, and goes on as it was', async () => {
    const { file, url, before, after } = place('whole');
    const running = await startService(before);
    await expect(copyStoreOver(after)).rejects.toThrow('is in use by another mlfi');
    const shown = running.application.models.statuses();
    expect(shown.length).toBeGreaterThan(0);
    await running.close();
    await expect(copyStoreOver(before)).rejects.toThrow('database.url is not set');
    const copied = await copyStoreOver(after);

    const [from, to] = [sqlite(file), knex({ client: 'pg', connection: url })];
    const listed = await from('sqlite_master').where({ type: 'table' }).select<{ name: string }[]>('name');
    const tables = listed.map(({ name }) => name).filter((name) => !OWN.includes(name));
    const [rows, rowsThere] = [await everything(from, tables), await everything(to, tables)];
    expect(rowsThere).toEqual(rows);
    expect(copied).toBe(Object.values(rows).flat().length);
    for (const table of ['model', 'incident', 'incident_timeline', 'recommendation', 'vote', 'audit', 'baseline'])
      expect(rows[table]?.length, table).toBeGreaterThan(0);
    await to.destroy();
    await from.destroy();

    expect(await checkStore(after)).toMatchObject({ damaged: [], unreadable: [], audit: { kind: 'intact' } });
    await expect(copyStoreOver(after)).rejects.toThrow(/holds rows already \(table \w+\); choose an empty one/);
    // Numbers that the database gives by itself go on.
    const store = await openStore({ kind: 'postgresql', url, poolSize: 2 });
    const [incident] = await store.incidents.list({ limit: 1 });
    if (incident === undefined) throw new Error('there is an incident');
    await store.incidents.appendTimeline(incident.id, [{ atMs: 1, kind: 'alert', text: 'after the copy' }]);
    await store.close();
    const there = await startService(after);
    const statuses = there.application.models.statuses();
    expect(statuses.map(({ model }) => model.id)).toEqual(shown.map(({ model }) => model.id));
    // They are probed meanwhile.
    for (const [i, { totalSamples }] of statuses.entries())
      expect(totalSamples).toBeGreaterThanOrEqual(shown[i]?.totalSamples ?? Infinity);
    await there.close();
  });

  it('is not there at all where one row cannot be taken', async () => {
    const { file, url, before, after } = place('refused');
    await (await startService(before)).close();
    const from = sqlite(file);
    // Of the table that is copied last.
    await from('setting').insert({ name: 'a\0b', value: '1' });
    await from.destroy();
    await expect(copyStoreOver(after)).rejects.toThrow('it stores no NUL character');
    const to = knex({ client: 'pg', connection: url });
    expect((await everything(to, ['model', 'audit', 'setting']))['model']).toEqual([]);
    await to.destroy();
  });
});
