import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../exporter/src/config/load.js';
import { Unavailable } from '../../exporter/src/domain/errors.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { checkStore } from '../../exporter/src/service/offline-store.js';
import { expectStore } from '../../exporter/src/service/store-expected.js';
import { inTransaction } from '../../exporter/src/store/border.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { runService, type RunningService } from './running-service.js';

const ROOT = join(import.meta.dirname, '../..');
const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
const KEYS = [{ name: 'test', key: KEY, scopes: ['read', 'ingest', 'operate'] }];

let folder: string;
let copies = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-rows-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store of today with the models of 0.1.0, changed by `edit`. @returns its folder */
async function storeWith(edit: (db: Knex) => Promise<unknown>): Promise<string> {
  const directory = join(folder, String((copies += 1)));
  mkdirSync(directory);
  const file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(join(ROOT, 'test/data/store/0.1.0.sqlite.gz'))));
  await (await openStore({ kind: 'sqlite', file })).close();
  await editing(directory, edit);
  return directory;
}

async function editing(directory: string, edit: (db: Knex) => Promise<unknown>): Promise<void> {
  const filename = join(directory, 'mlfi.sqlite');
  const db = knex({ client: 'sqlite3', connection: { filename }, useNullAsDefault: true });
  await edit(db);
  await db.destroy();
}

async function damagedIn(directory: string): Promise<readonly string[]> {
  const loaded = parseConfig('test', `data_dir: ${directory}\n`, {}, directory);
  if (loaded.kind === 'refused') throw new Error('the configuration is right');
  return (await checkStore(loaded.config)).damaged.map(({ message }) => message);
}

/** Sets a field of the table's first document, whatever forbids that. */
const setField =
  (table: string, path: string, value: string | number, among = '1 = 1') =>
  async (db: Knex): Promise<void> => {
    for (const { name } of await db('sqlite_master')
      .where({ type: 'trigger', tbl_name: table })
      .select<{ name: string }[]>('name'))
      await db.raw(`drop trigger ${name}`);
    await db.raw(
      `update ${table} set document = json_set(document, ?, ?) where rowid = (select min(rowid) from ${table} where ${among})`,
      [path, value],
    );
    const [{ changed } = { changed: 0 }] = await db.select<{ changed: number }[]>(db.raw('changes() as changed'));
    expect(changed).toBe(1);
  };

it.each([
  ['model', '$.id', 'another', 'id'],
  ['baseline', '$.rest.version', 77, 'version'],
  ['incident', '$.value.id', 'another', 'id'],
  ['incident', '$.value.modelId', 'another', 'model'],
  ['recommendation', '$.value.incidentId', 'another', 'incident'],
  ['vote', '$.recommendationId', 'another', 'recommendation'],
  ['execution', '$.id', 'another', 'id'],
])('names a document of %s that names another row by %s', async (table, path, value, column) => {
  const directory = await storeWith(async (db) => {
    const first = await db(table).first<{ document: string } | undefined>('document');
    // Documents of the first version have no envelope.
    await setField(table, first?.document.includes('"$version"') ? path : path.replace('$.value', '$'), value)(db);
  });
  const damaged = await damagedIn(directory);
  expect(damaged).toHaveLength(1);
  expect(damaged[0]).toContain(`: table ${table}, row `);
  expect(damaged[0]).toContain(`it names another ${column} than its row`);
});

it.each([
  { what: 'names another', edit: setField('model', '$.id', 'prices', "id = 'fraud'") },
  { what: 'has counters below 0', edit: setField('call_counters', '$.calls', -5, "model = 'fraud'") },
  { what: 'has counters that count halves', edit: setField('call_counters', '$.probes', 0.5, "model = 'fraud'") },
])('leaves a model out whose document $what, and says so', async ({ edit }) => {
  const directory = await storeWith(edit);
  const running = await runService({ data_dir: directory, api_keys: KEYS });
  try {
    expect((await running.request('GET', '/-/ready', undefined, KEY)).body).toContain('cannot be read: fraud\n');
    expect((await running.request('GET', '/metrics', undefined, KEY)).body).toMatch(/^mlfi_models_unrestored 1$/m);
    const sent = await running.request('POST', '/api/v1/models/fraud/observations', [{ prediction: 'yes' }], KEY);
    expect(sent.status).toBe(503);
    expect((await running.request('GET', '/api/v1/models/prices', undefined, KEY)).status).toBe(200);
  } finally {
    await running.close();
  }
  expect(await damagedIn(directory)).toHaveLength(1);
});

it('starts though the most urgent decision of a model cannot be read, and says what to do', async () => {
  const directory = await storeWith(async (db) => {
    const triggers = await db('sqlite_master').where({ type: 'trigger', tbl_name: 'recommendation' }).select('name');
    for (const { name } of triggers as { name: string }[]) await db.raw(`drop trigger ${name}`);
    expect(await db('recommendation').update({ document: '{}', state: 'pending' })).toBeGreaterThan(0);
  });
  const running = await runService({ data_dir: directory, api_keys: KEYS });
  try {
    expect((await running.request('GET', '/metrics', undefined, KEY)).status).toBe(200);
    expect((await running.request('GET', '/api/v1/models', undefined, KEY)).status).toBe(200);
  } finally {
    await running.close();
  }
  expect((await damagedIn(directory))[0]).toContain('table recommendation');
});

describe('a damaged row that a request touches', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await runService();
    for (const id of ['a', 'b']) await running.request('POST', '/api/v1/models', { id });
  });
  afterAll(() => running.close());

  const send = (model: string, path: string, body: unknown) =>
    running.request('POST', `/api/v1/models/${model}/${path}`, body);
  const sendRow = (model: string, batchId: string, id: string) =>
    send(model, `observations?batch_id=${batchId}`, [{ prediction: 'yes', confidence: 0.9, prediction_id: id }]);

  it('is named with the remedy when its batch comes again; others are taken', async () => {
    expect((await sendRow('a', 'z0', 'p0')).status).toBe(200);
    await editing(running.directory, (db) => db('batch').where({ batch_id: 'z0' }).update({ result: 'x' }));
    const [again, other, elsewhere] = await Promise.all([
      sendRow('a', 'z0', 'p0'),
      sendRow('a', 'z1', 'p1'),
      sendRow('b', 'z0', 'p0'),
    ]);
    expect(again.status).toBe(503);
    expect(JSON.stringify(again.body)).toMatch(/table batch, row z0: damaged .*restore a backup/);
    expect(JSON.stringify(again.body)).not.toContain('send it again');
    expect([other.status, elsewhere.status]).toEqual([200, 200]);
  });

  it('is named with the remedy when a label meets it in the ledger; others are taken', async () => {
    expect((await sendRow('a', 'l0', 'q0')).status).toBe(200);
    await editing(running.directory, (db) => db('ledger').where({ model: 'a' }).update({ confidence_tenth: 'x' }));
    expect((await sendRow('a', 'l1', 'q1')).status).toBe(200);
    const label = (id: string) => [{ prediction_id: id, label: 'yes' }];
    const [touching, other] = await Promise.all([send('a', 'labels', label('q0')), send('a', 'labels', label('q1'))]);
    expect(touching.status).toBe(503);
    expect(JSON.stringify(touching.body)).toMatch(/table ledger, row a [\w-]+: damaged .*restore a backup/);
    expect(other).toMatchObject({ status: 200, body: { labels_matched: 1 } });
    expect((await damagedIn(running.directory)).some((message) => message.includes('table ledger, row a '))).toBe(true);
  });
});

describe('a transaction that SQLite has rolled back itself', () => {
  it('fails with the reason, and a model is removed whole or not at all', async () => {
    // As on a full disk: the transaction is over, and with it the savepoint of the removal.
    const directory = await storeWith((db) =>
      db.raw(`create trigger full before delete on model begin select raise(rollback, 'full'); end`),
    );
    const store = await openStore({ kind: 'sqlite', file: join(directory, 'mlfi.sqlite') });
    const id = modelId('fraud');
    const removed = store.governance((transaction) => transaction.models.remove(id));
    await expect(removed).rejects.toThrow('models.remove failed (SQLITE_CONSTRAINT)');
    await expect(store.models.remove(id)).rejects.toThrow('models.remove failed (SQLITE_CONSTRAINT)');
    expect(await store.models.get(id)).not.toBeNull();
    expect(await store.baselines.current(id)).not.toBeNull();
    await store.close();
  });

  it('is told by its reason where the rollback fails too', async () => {
    const full = new Unavailable('the store cannot be used: the disk is full');
    const failing = inTransaction<null, never>(
      'store',
      'a decision',
      async (run) => {
        await run(null).catch(() => undefined);
        throw Object.assign(new Error('cannot rollback - no transaction is active'), { code: 'SQLITE_ERROR' });
      },
      () => Promise.reject(full),
    );
    await expect(failing).rejects.toBe(full);
  });
});

describe('a store that is not where it was', () => {
  it('is refused when its file was emptied, and a new one is begun when the file is away', async () => {
    const first = await runService();
    const file = join(first.directory, 'mlfi.sqlite');
    const emptied = first.restart(() => truncateSync(file));
    await expect(emptied).rejects.toThrow(/mlfi\.sqlite is empty.*restore a backup, or delete the empty file/);
    rmSync(file);
    const again = await runService({ data_dir: first.directory });
    expect((await again.request('GET', '/-/ready')).status).toBe(200);
    await again.close();
    rmSync(first.directory, { recursive: true, force: true });
  });

  it('is said as a warning when it is begun, the louder where mlfi has run before', () => {
    const directory = join(folder, 'none');
    const loaded = parseConfig('test', `data_dir: ${directory}\n`, {}, directory);
    if (loaded.kind === 'refused') throw new Error('the configuration is right');
    const said: string[] = [];
    const logger = { warn: (_: object, message: string) => void said.push(message) };
    expectStore(loaded.config, logger);
    mkdirSync(directory);
    writeFileSync(join(directory, 'audit-signing-key.pem'), 'a key');
    expectStore(loaded.config, logger);
    expect(said).toEqual([
      expect.stringMatching(/^there is no store: .*see that its volume is mounted/),
      expect.stringMatching(/^there is no store, though mlfi has run here before: .*restore it$/),
    ]);
    writeFileSync(join(directory, 'mlfi.sqlite'), 'something');
    expectStore(loaded.config, logger);
    expect(said).toHaveLength(2);
  });

  it('says that a SQLite store is left behind where database.url is set', () => {
    const directory = join(folder, 'left-behind');
    mkdirSync(directory);
    const loaded = parseConfig(
      'test',
      `data_dir: ${directory}\ndatabase: { url: 'postgres://mlfi@127.0.0.1/mlfi' }\n`,
      {},
      directory,
    );
    if (loaded.kind === 'refused') throw new Error('the configuration is right');
    const said: string[] = [];
    const logger = { warn: (_: object, message: string) => void said.push(message) };
    expectStore(loaded.config, logger);
    expect(said).toEqual([]);
    writeFileSync(join(directory, 'mlfi.sqlite'), 'something');
    expectStore(loaded.config, logger);
    expect(said).toEqual([
      expect.stringMatching(/^database\.url is set, so that .*mlfi\.sqlite is not read: .*models/),
    ]);
  });

  it('is neither ready nor takes rows when its folder is moved away, and is and does when it is back', async () => {
    const running = await runService();
    const away = `${running.directory}.away`;
    expect((await running.request('GET', '/-/ready')).status).toBe(200);
    expect((await running.request('POST', '/api/v1/models', { id: 'moved' })).status).toBe(201);
    renameSync(running.directory, away);
    expect(existsSync(running.directory)).toBe(false);
    expect((await running.request('GET', '/-/ready')).status).toBe(503);
    const rows = [{ prediction: 'yes' }];
    const refused = await running.request('POST', '/api/v1/models/moved/observations', rows);
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).toContain('its file was moved or replaced');
    renameSync(away, running.directory);
    expect((await running.request('GET', '/-/ready')).status).toBe(200);
    expect(await running.request('POST', '/api/v1/models/moved/observations', rows)).toMatchObject({
      status: 200,
      body: { accepted: 1, duplicate: false },
    });
    await running.close();
  });
});
