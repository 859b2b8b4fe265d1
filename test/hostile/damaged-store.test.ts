import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../exporter/src/config/load.js';
import type { Config } from '../../exporter/src/config/config.js';
import { backupStore, checkStore, rebuildStoreIndexes } from '../../exporter/src/service/offline-store.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { runService, TOKENS, type RunningService } from '../integration/running-service.js';
import { figure, IS_LONG } from './figures.js';

const ROOT = join(import.meta.dirname, '../..');
const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
const DAMAGE = '{"canary-of-a-document": [1, 2';

let folder: string;
let copies = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Place {
  readonly directory: string;
  readonly file: string;
  readonly config: Config;
}

/** A store of today with the models, incidents and decisions of 0.1.0. */
async function store(bytes?: Buffer): Promise<Place> {
  const directory = join(folder, String((copies += 1)));
  mkdirSync(directory);
  const file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, bytes ?? gunzipSync(readFileSync(join(ROOT, 'test/data/store/0.1.0.sqlite.gz'))));
  if (bytes === undefined) await (await openStore({ kind: 'sqlite', file })).close();
  const named = join(directory, 'mlfi.yml');
  writeFileSync(named, `data_dir: ${directory}\nlogging: { level: error }\n`);
  const loaded = loadConfig(named, {});
  if (loaded.kind === 'refused') throw new Error('the configuration is right');
  return { directory, file, config: loaded.config };
}

async function onDatabase<T>(file: string, work: (db: Knex) => Promise<T>): Promise<T> {
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

interface Tree {
  readonly type: 'table' | 'index';
  readonly name: string;
  readonly table: string;
  readonly rootPage: number;
}

const treesOf = (file: string): Promise<readonly Tree[]> =>
  onDatabase(file, (db) =>
    db('sqlite_master')
      .where('rootpage', '>', 0)
      .select<Tree[]>('type', 'name', 'tbl_name as table', 'rootpage as rootPage'),
  );

/** Writes noise over a page, as a failing disk or a stray write does. */
function overwrite(file: string, page: number, seed: number, from = 0): void {
  const random = seededRandom(seed);
  const noise = Buffer.from(Array.from({ length: 4_096 - from }, () => Math.floor(random.next() * 256)));
  const opened = openSync(file, 'r+');
  writeSync(opened, noise, 0, noise.length, (page - 1) * 4_096 + from);
  closeSync(opened);
}

/** All rows of all tables as text, for comparison. */
async function everyRow(file: string): Promise<Readonly<Record<string, string>>> {
  const tables = (await treesOf(file)).filter(({ type, name }) => type === 'table' && !/^(knex_|sqlite_)/.test(name));
  return onDatabase(file, async (db) => {
    const found: Record<string, string> = {};
    for (const { name } of tables)
      found[name] = JSON.stringify(await db.raw('select * from ?? not indexed order by rowid', [name]));
    return found;
  });
}

const serve = (place: Place, key = KEY): Promise<RunningService> =>
  runService({
    data_dir: place.directory,
    logging: { level: 'silent' },
    api_keys: [{ name: 'test', key, scopes: ['read', 'ingest', 'operate', 'admin'] }],
  });

it('names the table of every overwritten page, whichever table or index it belongs to, with the way back', async () => {
  const sound = await store();
  expect(await checkStore(sound.config)).toMatchObject({ damaged: [], unreadable: [], audit: { kind: 'intact' } });
  const trees = await treesOf(sound.file);
  const missed: string[] = [];
  const bytes = readFileSync(sound.file);
  for (const [i, { type, name, table, rootPage }] of trees.entries()) {
    const place = await store(bytes);
    overwrite(place.file, rootPage, i);
    const { unreadable } = await checkStore(place.config);
    const found = unreadable.find((one) => one.table === table);
    if (found === undefined || found.onlyIndexes !== (type === 'index')) missed.push(`${type} ${name}`);
    expect(JSON.stringify(unreadable)).not.toContain('canary');
    rmSync(place.directory, { recursive: true });
  }
  figure(`${trees.length} tables and indexes, one page of each overwritten: ${trees.length - missed.length} named`);
  expect(trees.length).toBeGreaterThan(40);
  expect(missed).toEqual([]);
});

it('builds a damaged index anew, and copies a store beside its service', async () => {
  const sound = await store();
  const bytes = readFileSync(sound.file);
  const indexes = (await treesOf(sound.file)).filter(({ type }) => type === 'index');
  const rows = await everyRow(sound.file);
  for (const [i, { rootPage }] of (IS_LONG ? indexes : indexes.slice(0, 12)).entries()) {
    const place = await store(bytes);
    overwrite(place.file, rootPage, i);
    expect((await checkStore(place.config)).unreadable).toHaveLength(1);
    expect(await rebuildStoreIndexes(place.config)).toBe(`${place.file}.damaged`);
    expect(await everyRow(place.file)).toEqual(rows);
    expect(await checkStore(place.config)).toMatchObject({ unreadable: [], damaged: [], audit: { kind: 'intact' } });
  }
  const running = await serve(sound);
  const copy = join(sound.directory, 'copy.sqlite');
  await backupStore(sound.config, copy);
  await expect(backupStore(sound.config, copy)).rejects.toThrow('exists already');
  const nowhere = join(sound.directory, 'nowhere', 'copy.sqlite');
  await expect(backupStore(sound.config, nowhere)).rejects.toThrow(`${join(sound.directory, 'nowhere')} is not there`);
  // What a copy that was killed leaves is in nobody's way, and never looks like a whole one.
  const another = join(sound.directory, 'another.sqlite');
  writeFileSync(`${another}.unfinished`, 'half of it');
  await backupStore(sound.config, another);
  expect(existsSync(`${another}.unfinished`)).toBe(false);
  await expect(rebuildStoreIndexes(sound.config)).rejects.toThrow('in use by another mlfi');
  await running.close();
  const restored = await store(readFileSync(copy));
  expect(await checkStore(restored.config)).toMatchObject({ unreadable: [], damaged: [], audit: { kind: 'intact' } });
});

/** A store whose service was there before the damage: its keys are known and were used. */
async function used(): Promise<Place> {
  const place = await store();
  const running = await serve(place);
  expect((await running.request('GET', '/api/v1/models', undefined, KEY)).status).toBe(200);
  await running.service.close();
  return place;
}

it.each(['audit', 'vote', 'execution', 'checkpoint'])(
  'takes no decision on a damaged table %s, says so everywhere, and goes on with the rest',
  async (table) => {
    const place = await used();
    const tree = (await treesOf(place.file)).find(({ type, name }) => type === 'table' && name === table);
    overwrite(place.file, tree?.rootPage ?? 0, 1);
    const running = await serve(place);
    const as = (bearer: string, method: string, path: string, body?: unknown) =>
      running.request(method, path, body, bearer);
    expect(await as(KEY, 'GET', '/-/ready')).toMatchObject({
      status: 200,
      body: expect.stringContaining(
        `decisions are not taken now, because the store is damaged: table ${table}`,
      ) as string,
    });
    expect(String((await as(KEY, 'GET', '/metrics')).body)).toMatch(/^mlfi_store_damaged_parts [1-9]/m);
    const refused = await as(TOKENS.ada, 'PUT', '/api/v1/kill-switch', { on: true, reason: 'a test of damage' });
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable', message: expect.stringContaining(`table ${table}`) as string } },
    });
    expect((await as(KEY, 'POST', '/api/v1/models/fraud/observations', [{ prediction: 'yes' }])).status).toBe(200);
    for (const path of ['/api/v1/models', '/api/v1/incidents', '/metrics/models', '/api/v1/alerts'])
      expect([path, (await as(KEY, 'GET', path)).status]).toEqual([path, 200]);
    await running.close();
  },
);

it('takes no decision on a broken chain of the audit log', async () => {
  const place = await used();
  await onDatabase(place.file, async (db) => {
    for (const { name } of await db('sqlite_master')
      .where({ type: 'trigger', tbl_name: 'audit' })
      .select<{ name: string }[]>('name'))
      await db.raw('drop trigger ??', [name]);
    await db('audit')
      .where({ sequence: 2 })
      .update({ hash: 'f'.repeat(64) });
  });
  expect((await checkStore(place.config)).audit).toMatchObject({ kind: 'broken', atSequence: 2 });
  const running = await serve(place);
  const ready = await running.request('GET', '/-/ready', undefined, KEY);
  expect(ready.body).toContain('the audit log is broken at entry 2');
  const refused = await running.request('PUT', '/api/v1/kill-switch', { on: true, reason: 'a test' }, TOKENS.ada);
  expect(refused.status).toBe(503);
  const made = await running.request('POST', '/api/v1/keys', { name: 'one more', scopes: ['read'] }, KEY);
  expect(made.status).toBe(503);
  // A key that leaked is revoked all the same, through the API and by the configuration.
  expect((await running.request('DELETE', '/api/v1/keys/aaaaaaaaaaaa', undefined, KEY)).status).toBe(200);
  expect((await running.request('GET', '/api/v1/models', undefined, KEY)).status).toBe(403);
  await running.close();
  const anew = await serve(place, `mlfi_${'c'.repeat(12)}_${'d'.repeat(43)}`);
  expect((await anew.request('GET', '/api/v1/models', undefined, KEY)).status).toBe(403);
  await anew.close();
});

it('does not begin an empty store where a repair was ended half-way', async () => {
  const place = await store();
  renameSync(place.file, `${place.file}.damaged`);
  await expect(serve(place)).rejects.toThrow('was ended half-way');
});

it('does not start on a damaged table it needs, and names it', async () => {
  for (const table of ['api_key', 'setting', 'model']) {
    const place = await store();
    const tree = (await treesOf(place.file)).find(({ type, name }) => type === 'table' && name === table);
    overwrite(place.file, tree?.rootPage ?? 0, 1);
    await expect(serve(place)).rejects.toThrow(
      /the file is damaged; "mlfi store check" says which part; restore a backup/,
    );
  }
});

it('leaves one damaged row out of its list, tells it, and serves the others', async () => {
  const place = await store();
  const rows = await onDatabase(place.file, async (db) => {
    for (const { name } of await db('sqlite_master').where({ type: 'trigger' }).select<{ name: string }[]>('name'))
      await db.raw('drop trigger ??', [name]);
    const closed = await db('incident').whereNotNull('closed_at_ms').select<{ id: string }[]>('id');
    const counts: Record<string, number> = {};
    for (const table of ['incident', 'recommendation', 'lesson', 'external_alert']) {
      const [first] = await db(table).select<{ id: string; rowid: number }[]>('rowid');
      counts[table] = (await db(table).select('rowid')).length;
      if (first !== undefined) await db(table).where({ rowid: first.rowid }).update({ document: DAMAGE });
    }
    return { counts, closed };
  });
  const running = await serve(place);
  const get = async (path: string): Promise<{ status: number; body: unknown }> =>
    running.request('GET', path, undefined, KEY);
  const length = (body: unknown): number => {
    const [list] = Object.values(body as object).filter((value) => Array.isArray(value)) as unknown[][];
    return list?.length ?? -1;
  };
  const told: string[] = [];
  for (const [table, path] of [
    ['incident', '/api/v1/incidents'],
    ['recommendation', '/api/v1/recommendations'],
    ['lesson', '/api/v1/lessons'],
    ['external_alert', '/api/v1/alerts'],
  ] as const) {
    const { status, body } = await get(path);
    const rowsOfIt = rows.counts[table] ?? 0;
    told.push(`${table} ${length(body)} of ${rowsOfIt}`);
    expect([path, status, length(body)]).toEqual([path, 200, Math.max(0, rowsOfIt - 1)]);
  }
  figure(`lists with one damaged row each: ${told.join(', ')}`);
  expect(String((await get('/metrics')).body)).toMatch(/^mlfi_store_rows_set_aside [2-9]/m);
  await running.close();
});
