import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../exporter/src/config/load.js';
import { checkStore, dropModel } from '../../exporter/src/service/offline-store.js';
import { openStore } from '../../exporter/src/store/open-store.js';

let folder: string;
let released: Buffer;
let whole: Buffer;
let copies = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-columns-'));
  const file = join(folder, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(join(import.meta.dirname, '../data/store/0.1.0.sqlite.gz'))));
  released = readFileSync(file);
  await (await openStore({ kind: 'sqlite', file })).close();
  whole = readFileSync(file);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the store after some statements, with foreign keys and triggers out of the way. */
async function damagedBy(...statements: readonly string[]) {
  const data = join(folder, String((copies += 1)));
  const file = join(data, 'mlfi.sqlite');
  mkdirSync(data);
  writeFileSync(file, whole);
  const db: Knex = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  const triggers = await db('sqlite_master').where({ type: 'trigger' }).pluck<string[]>('name');
  for (const name of triggers) await db.raw('drop trigger ??', [name]);
  await db.raw('pragma foreign_keys = off');
  for (const statement of statements) await db.raw(statement);
  await db.destroy();
  const named = join(data, 'mlfi.yml');
  writeFileSync(named, `data_dir: ${data}\n`);
  const loaded = loadConfig(named, {});
  if (loaded.kind === 'refused') throw new Error('the configuration is right');
  const { config } = loaded;
  return { file, named, config, said: async () => (await checkStore(config)).damaged.map(({ message }) => message) };
}

it('calls a store sound that is, also one of an earlier release that has fewer columns', async () => {
  const { file, config, said } = await damagedBy();
  expect(await said()).toEqual([]);
  writeFileSync(file, released);
  expect((await checkStore(config)).damaged.map(({ place }) => place.table)).toEqual([]);
});

it.each([
  ['incident', "update incident set closed_at_ms = 'x' where id = (select min(id) from incident)"],
  ['incident', 'update incident set opened_at_ms = 7 where id = (select min(id) from incident)'],
  ['incident_timeline', "update incident_timeline set kind = 'bogus' where sequence = 1"],
  ['incident_timeline', "update incident_timeline set at_ms = 'x' where sequence = 1"],
  ['recommendation', "update recommendation set state = 'bogus' where id = (select min(id) from recommendation)"],
  ['recommendation', 'update recommendation set priority = 9 where id = (select min(id) from recommendation)'],
  ['execution', "update execution set state = 'bogus'"],
  ['execution', "update execution set executor = 'zzz'"],
  ['execution', "update execution set model = ''"],
  ['external_alert', "update external_alert set model = 'Bad Name!' where fingerprint = 'f1'"],
  ['vote', "update vote set subject = 'somebody' where id = (select min(id) from vote)"],
])('names a row of %s whose column says otherwise than its document: %s', async (table, statement) => {
  const said = await (await damagedBy(statement)).said();
  expect(said).toEqual([expect.stringContaining(`table ${table}, row `)]);
});

it('leaves out a line of a timeline that is none, and nothing else of its incident', async () => {
  const { file } = await damagedBy("update incident_timeline set at_ms = 'x', kind = 'bogus' where sequence = 1");
  const aside: string[] = [];
  const store = await openStore({ kind: 'sqlite', file }, 'read', ({ place }) => aside.push(place.table));
  const incidents = await store.incidents.list({ limit: 10 });
  expect(incidents).toHaveLength(2);
  for (const { id, timeline } of incidents) {
    expect(timeline.length).toBeGreaterThan(0);
    expect((await store.incidents.get(id))?.timeline).toEqual(timeline);
    for (const { atMs } of timeline) expect(atMs).toBeTypeOf('number');
  }
  expect(new Set(aside)).toEqual(new Set(['incident_timeline']));
  await store.close();
});

it('names executions anew by their recommendation when their model is let go of', async () => {
  const { file, config, said } = await damagedBy("update execution set model = ''");
  const [message = ''] = await said();
  expect(message).toContain('its column model says otherwise');
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  const [model = ''] = await db('recommendation')
    .whereIn('id', db('execution').select('recommendation'))
    .pluck<string[]>('model');
  await db.destroy();
  expect(await dropModel(config, model)).toMatchObject({ kept: 0 });
  expect(await said()).toEqual([]);
});

it.each(['Bad Name!', "it's", ''])(
  'lets go of what has the name “%s” by the command that the check prints',
  async (name) => {
    const value = name.replaceAll("'", "''");
    const { named, said } = await damagedBy(
      `update incident set model = '${value}' where id = (select min(id) from incident)`,
    );
    const [message = ''] = await said();
    const command = /"mlfi (store repair --drop-model .+)"\. "mlfi/.exec(message)?.[1] ?? expect.fail(message);
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' });
    const words = stdout.split('\n').slice(0, -1);
    expect(words).toEqual(['store', 'repair', '--drop-model', name]);
    const ran = spawnSync(process.execPath, ['--import', 'tsx', 'exporter/src/main.ts', ...words, '-c', named], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
    });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(await said()).toEqual([]);
  },
);
