import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../exporter/src/config/load.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import { verifyAudit } from '../../exporter/src/governance/audit/verify.js';
import { checkStore, dropModel } from '../../exporter/src/service/offline-store.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { runService, type RunningService } from './running-service.js';

const ROOT = join(import.meta.dirname, '../..');
const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
const DAMAGE = '{"canary-of-a-document": [1, 2';

let folder: string;
let copies = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-damage-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Place {
  readonly directory: string;
  readonly file: string;
  readonly config: string;
}

/** A store of today with the models of 0.1.0, and a configuration that names it. */
async function store(): Promise<Place> {
  const directory = join(folder, String((copies += 1)));
  mkdirSync(directory);
  const file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(join(ROOT, 'test/data/store/0.1.0.sqlite.gz'))));
  await (await openStore({ kind: 'sqlite', file })).close();
  const config = join(directory, 'mlfi.yml');
  writeFileSync(config, `data_dir: ${directory}\nlogging: { level: error }\n`);
  return { directory, file, config };
}

async function damage({ file }: Place, table: string, where: object, text = DAMAGE): Promise<void> {
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  const changed = await db(table)
    .where(where)
    .update(table === 'setting' ? { value: text } : { document: text });
  expect(changed).toBeGreaterThan(0);
  await db.destroy();
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

function mlfi(...given: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'exporter/src/main.ts', ...given], {
      cwd: ROOT,
      // The runner's own variable is no key of the configuration.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MLFI_'))),
    });
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, out, error }));
  });
}

describe.each([
  { table: 'model', where: { id: 'fraud' } },
  { table: 'drift_monitor', where: { model: 'fraud' } },
  { table: 'baseline', where: { model: 'fraud' } },
  { table: 'incident', where: { model: 'low-confidence' } },
])('a damaged document in $table', ({ table, where }) => {
  const model = Object.values(where)[0] ?? '';
  let place: Place;
  let running: RunningService;
  beforeAll(async () => {
    place = await store();
    await damage(place, table, where);
    running = await runService({
      data_dir: place.directory,
      api_keys: [{ name: 'test', key: KEY, scopes: ['read', 'ingest', 'operate'] }],
    });
  });
  afterAll(() => running.close());

  it('leaves its model out and watches the others, and says so', async () => {
    const get = async (path: string): Promise<{ status: number; body: unknown }> =>
      running.request('GET', path, undefined, KEY);
    expect(await get('/-/ready')).toEqual({
      status: 200,
      body: `ready, without models whose stored state cannot be read: ${model}\n`,
    });
    expect(String((await get('/metrics')).body)).toMatch(/^mlfi_models_unrestored 1$/m);
    const { models } = (await get('/api/v1/models')).body as { models: { id: string }[] };
    expect(models.map(({ id }) => id)).toEqual(
      ['fraud', 'listed', 'low-confidence', 'prices'].filter((id) => id !== model),
    );
    // 404 would make a sender drop what it has, and a registration would write over what can still be restored.
    const sent = await running.request('POST', `/api/v1/models/${model}/observations`, [{ prediction: 'yes' }], KEY);
    expect(sent.status).toBe(503);
    const registered = await running.request('POST', '/api/v1/models', { id: model, url: 'http://127.0.0.1:9/' }, KEY);
    expect(registered.status).toBe(409);
  });

  it('is named by the check, let go of by the repair with the service stopped, and then all is well', async () => {
    const loaded = loadConfig(place.config, {});
    if (loaded.kind === 'refused') throw new Error('the configuration is right');
    const found = await checkStore(loaded.config);
    expect(found.documents).toBeGreaterThan(50);
    expect(found.damaged).toHaveLength(1);
    expect(found.damaged[0]?.message).toContain(`${place.file}: table ${table}, row `);
    expect(found.damaged[0]?.message).toContain(`mlfi store repair --drop-model ${model}`);
    expect(found.damaged[0]?.message).not.toContain('canary');
    await expect(dropModel(loaded.config, modelId(model))).rejects.toThrow('in use by another mlfi');
    await running.service.close();
    expect(await dropModel(loaded.config, modelId(model))).toEqual({ deleted: table === 'incident' ? 1 : 0, kept: 0 });
    expect((await checkStore(loaded.config)).damaged).toEqual([]);
    const opened = await openStore({ kind: 'sqlite', file: place.file });
    expect(await verifyAudit((from, limit) => opened.audit.read(from, limit))).toMatchObject({ kind: 'intact' });
    const head = await opened.audit.head();
    expect(JSON.parse(Buffer.from(head?.body ?? []).toString())).toMatchObject({ kind: 'model-dropped', model });
    await opened.close();
    expect(await dropModel(loaded.config, modelId(model))).toBeNull();
  });
});

it('keeps a decision that is damaged, ends it when its model is let go of, says so, and starts before and after', async () => {
  const place = await store();
  const id = 'SiNuhy3vF_yA70Ywv3y53n8V';
  const onFile = async <T>(work: (db: Knex) => Promise<T>): Promise<T> => {
    const db = knex({ client: 'sqlite3', connection: { filename: place.file }, useNullAsDefault: true });
    return work(db).finally(() => db.destroy());
  };
  const row = () => onFile((db) => db('recommendation').where({ id }).first<{ state: string; document: string }>());
  await onFile(async (db) => {
    const { sql } = await db('sqlite_master').where({ name: 'recommendation_no_update' }).first<{ sql: string }>();
    await db.raw('drop trigger recommendation_no_update');
    await db('recommendation').where({ id }).update({ document: DAMAGE });
    await db.raw(sql);
  });
  const starts = async (): Promise<string> => {
    const running = await runService({
      data_dir: place.directory,
      api_keys: [{ name: 'test', key: KEY, scopes: ['read'] }],
    });
    const { body } = await running.request('GET', '/-/ready', undefined, KEY).finally(() => running.close());
    return String(body);
  };
  expect((await row()).state).toBe('pending');
  expect(await starts()).toBe('ready\n');
  const before = await mlfi('store', 'check', '-c', place.config);
  expect(before.code).toBe(1);
  expect(before.error).toContain(`table recommendation, row ${id}: damaged`);
  expect(before.error).not.toContain('--drop-model');
  expect(before.error).toContain('of decisions: what was decided is never deleted');
  const repaired = await mlfi('store', 'repair', '--drop-model', 'low-confidence', '-c', place.config);
  expect(repaired).toMatchObject({ code: 0, error: '' });
  expect(repaired.out).toContain('let go of low-confidence');
  expect(repaired.out).toContain('1 damaged decision of it stayed, no longer open');
  expect(await row()).toMatchObject({ state: 'withdrawn', document: DAMAGE });
  expect(await starts()).toBe('ready\n');
  const after = await mlfi('store', 'check', '-c', place.config);
  expect([after.code, after.out]).toEqual([1, expect.stringContaining('audit log intact')]);
});

it('takes over a store of an earlier release with damaged documents in it, and names them', async () => {
  const directory = join(folder, 'before');
  mkdirSync(directory);
  const file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(join(ROOT, 'test/data/store/0.1.0.sqlite.gz'))));
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  await db.raw('drop trigger recommendation_no_update');
  for (const table of ['incident', 'execution', 'recommendation', 'baseline'])
    await db(table).update({ document: DAMAGE });
  await db('setting').whereLike('name', 'monitor:%').update({ value: DAMAGE });
  await db.destroy();
  const config = join(directory, 'mlfi.yml');
  writeFileSync(config, `data_dir: ${directory}\n`);
  const loaded = loadConfig(config, {});
  if (loaded.kind === 'refused') throw new Error('the configuration is right');
  await (await openStore({ kind: 'sqlite', file })).close();
  const damaged = (await checkStore(loaded.config)).damaged.map(({ place }) => place.table);
  expect(damaged.sort()).toEqual([
    ...Array.from({ length: 3 }, () => 'baseline'),
    ...Array.from({ length: 4 }, () => 'drift_monitor'),
    'execution',
    ...Array.from({ length: 2 }, () => 'incident'),
    ...Array.from({ length: 7 }, () => 'recommendation'),
  ]);
});

it('has both as commands', async () => {
  const place = await store();
  await damage(place, 'baseline', { model: 'fraud' });
  const found = await mlfi('store', 'check', '-c', place.config);
  expect(found.code).toBe(1);
  expect(found.out).toMatch(/^\d+ documents read, 1 of them damaged; audit log intact, \d+ entries\n$/);
  expect(found.error).toContain(`${place.file}: table baseline, row fraud 1: damaged`);
  const repaired = await mlfi('store', 'repair', '--drop-model', 'fraud', '-c', place.config);
  expect(repaired).toMatchObject({ code: 0, error: '' });
  expect(repaired.out).toContain('let go of fraud');
});

it('does not drop a model of which nothing is damaged, and says how it is removed', async () => {
  const place = await store();
  await damage(place, 'baseline', { model: 'fraud' });
  const repaired = await mlfi('store', 'repair', '--drop-model', 'low-confidence', '-c', place.config);
  expect(repaired).toMatchObject({ code: 2, out: '' });
  expect(repaired.error).toContain('nothing that is stored of low-confidence is damaged, so it was not dropped');
  expect(repaired.error).toContain('DELETE /api/v1/models/low-confidence');
  const db = knex({ client: 'sqlite3', connection: { filename: place.file }, useNullAsDefault: true });
  const left = await db('model').where({ id: 'low-confidence' });
  await db.destroy();
  expect(left).toHaveLength(1);
});

it('does not start as a zombie where the damage is of no model: the error names file, row and way back', async () => {
  const place = await store();
  await damage(place, 'setting', { name: 'salt' });
  const { code, error } = await mlfi('serve', '-c', place.config);
  expect(code).not.toBe(0);
  expect(error).toContain(`${place.file}: table setting, row salt: damaged`);
  expect(error).toContain('restore a backup');
});

it('refuses a document of a later release in words', async () => {
  const place = await store();
  await damage(place, 'baseline', { model: 'fraud' }, '{"$version":7,"value":{}}');
  const { code, error } = await mlfi('store', 'check', '-c', place.config);
  expect(code).toBe(1);
  expect(error).toMatch(/row fraud 1: written by a newer mlfi \(.*version 7.*\); start the mlfi that wrote it/);
});

it('says of a damaged file that it is damaged', async () => {
  const place = await store();
  const bytes = readFileSync(place.file);
  bytes.fill(0x5a, 4_096, bytes.length);
  writeFileSync(place.file, bytes);
  for (const given of [['store', 'check'], ['serve']]) {
    const { code, error } = await mlfi(...given, '-c', place.config);
    expect(code).not.toBe(0);
    expect(error).toContain(place.file);
    expect(error).toMatch(/is damaged.*restore a backup/);
  }
});
