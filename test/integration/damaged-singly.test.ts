import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import knex from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../exporter/src/store/open-store.js';
import { runService, TOKENS, type RunningService } from './running-service.js';

const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
const REASON = 'it does what it says';

let directory: string;
let running: RunningService;
/** One incident cannot be read, and one recommendation of the other. */
let damaged: { incident: string; recommendation: string };
let sound: { incident: string; recommendation: string };

interface Answer {
  readonly status: number;
  readonly body: { readonly error?: { readonly code: string; readonly message: string } };
}

const ask = (method: string, path: string, body?: object): Promise<Answer> =>
  running.request(method, path, body, method === 'GET' ? KEY : TOKENS.ada) as Promise<Answer>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-singly-'));
  const file = join(directory, 'mlfi.sqlite');
  writeFileSync(file, gunzipSync(readFileSync(join(import.meta.dirname, '../data/store/0.1.0.sqlite.gz'))));
  await (await openStore({ kind: 'sqlite', file })).close();
  running = await runService({
    data_dir: directory,
    api_keys: [{ name: 'test', key: KEY, scopes: ['read', 'propose', 'operate'] }],
  });
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  const first = async (table: string, where: object): Promise<string> =>
    (await db(table).where(where).orderBy('id').first<{ id: string }>('id')).id;
  const incident = await first('recommendation', { state: 'pending' }).then(
    async (id) => (await db('recommendation').where({ id }).first<{ incident: string }>('incident')).incident,
  );
  const [one = '', other = ''] = await db('recommendation')
    .where({ incident, state: 'pending' })
    .orderBy('id')
    .pluck<string[]>('id');
  const otherIncident = (await db('incident').whereNot({ id: incident }).first<{ id: string }>('id')).id;
  await db.raw('drop trigger recommendation_no_update');
  await db('recommendation').where({ id: one }).update({ document: '{"canary": 1' });
  await db('incident').where({ id: otherIncident }).update({ document: '{"canary": 1' });
  await db('setting').insert({ name: 'kill_switch', value: '{}' }).onConflict('name').merge();
  damaged = { incident: otherIncident, recommendation: one };
  sound = { incident, recommendation: other };
  await db.destroy();
});
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true, force: true });
});

const refused = (place: string, way: string) => ({
  status: 503,
  body: {
    error: expect.objectContaining({
      code: 'unavailable',
      message: expect.stringMatching(
        new RegExp(
          `cannot be read: (mlfi\\.sqlite: )?table ${place}: damaged .*restore a backup.*${way}.*mlfi store check`,
        ),
      ) as string,
    }) as object,
  },
});

describe('a damaged row that is asked for by itself', () => {
  it.each(['', '/report', '/feedback', '/similar'])(
    'is told as that, with the way back: an incident%s',
    async (part) => {
      const answer = await ask('GET', `/api/v1/incidents/${damaged.incident}${part}`);
      expect(answer).toMatchObject(refused(`incident, row ${damaged.incident}`, 'mlfi store repair --drop-model'));
      expect(JSON.stringify(answer.body)).not.toMatch(/canary|tmp/);
    },
  );

  it('is told as that where people say something of an incident, or propose for it', async () => {
    const { incident: id } = damaged;
    const expected = refused(`incident, row ${id}`, 'mlfi store repair --drop-model');
    const useful = { incident_id: id, useful: true, reason: REASON };
    expect(await ask('POST', '/api/v1/feedback', useful)).toMatchObject(expected);
    const proposed = { incident_id: id, action: 'retrain', why: REASON };
    expect(await ask('POST', '/api/v1/recommendations', proposed)).toMatchObject(expected);
  });

  it('is told as that where somebody decides', async () => {
    const { recommendation: id } = damaged;
    const expected = refused(`recommendation, row ${id}`, '');
    expect(await ask('GET', `/api/v1/recommendations/${id}`)).toMatchObject(expected);
    const vote = { recommendation_id: id, verdict: 'approve', digest: '0'.repeat(64), reason: REASON };
    expect(await ask('POST', '/api/v1/votes', vote)).toMatchObject(expected);
    for (const path of ['withdrawals', 'revocations'])
      expect(await ask('POST', `/api/v1/${path}`, { recommendation_id: id, reason: REASON })).toMatchObject(expected);
    const outcome = { recommendation_id: id, outcome: 'succeeded', reason: REASON };
    expect(await ask('POST', '/api/v1/outcomes', outcome)).toMatchObject(expected);
  });

  it('hides nothing of its neighbours', async () => {
    for (const part of ['', '/feedback', '/similar', '/report', '/report?format=json', '/report?format=html'])
      expect((await ask('GET', `/api/v1/incidents/${sound.incident}${part}`)).status, part).toBe(200);
    expect((await ask('GET', `/api/v1/recommendations/${sound.recommendation}`)).status).toBe(200);
  });

  it('is told as that of the kill switch, until somebody has set it', async () => {
    const path = '/api/v1/kill-switch';
    expect(await ask('GET', path)).toMatchObject(refused('setting, row kill_switch', ''));
    expect((await ask('PUT', path, { on: false, reason: REASON })).status).toBe(200);
    expect((await ask('GET', path)).status).toBe(200);
  });

  it('is told as that of the audit log', async () => {
    const db = knex({
      client: 'sqlite3',
      connection: { filename: join(directory, 'mlfi.sqlite') },
      useNullAsDefault: true,
    });
    await db.raw('drop trigger audit_no_update');
    await db('audit')
      .where({ sequence: 2 })
      .update({ body: Buffer.from([0]) });
    await db.destroy();
    expect(await ask('GET', '/api/v1/audit')).toMatchObject(refused('audit, row 2', ''));
    expect((await ask('GET', '/api/v1/audit?limit=1')).status).toBe(200);
    expect(await ask('GET', '/api/v1/audit/verify')).toMatchObject({ status: 200, body: { kind: 'broken' } });
  });
});
