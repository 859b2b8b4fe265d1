import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import knex from 'knex';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { auditVerify } from '../../exporter/src/cli/audit.js';
import { verifyExportedLog } from '../../exporter/src/governance/audit/files.js';
import { first } from '../../exporter/src/store/migrations/001-first.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

let running: RunningService;
let anchor: Server;
const anchored: { readonly type: string; readonly size: number; readonly note: string }[] = [];

beforeAll(async () => {
  anchor = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      anchored.push(JSON.parse(body) as (typeof anchored)[number]);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => anchor.listen(0, '127.0.0.1', resolve));
  const { port } = anchor.address() as AddressInfo;
  running = await runService({ audit: { webhook: `http://127.0.0.1:${port}/` } });
});
afterAll(async () => {
  await running.close();
  anchor.close();
});

const register = async (id: string): Promise<void> => {
  expect((await running.request('POST', '/api/v1/models', { id })).status).toBe(201);
};
const checkpointed = async (): Promise<{ readonly key: string; readonly note: string }> => {
  const { body } = await running.request('POST', '/api/v1/audit/checkpoints', {});
  const { key, checkpoint } = body as { key: string; checkpoint: { note: string } | null };
  return { key, note: checkpoint?.note ?? '' };
};
const exported = async (): Promise<string> => {
  const response = await fetch(`${running.service.address}/api/v1/audit/export`, {
    headers: { authorization: `Bearer ${running.key}` },
  });
  return response.text();
};

/** That the first key was made, and used for the first time. */
const OF_THE_KEY = 2;

it('signs the log, sends the checkpoint out, and both verifiers hold the export against it offline', async () => {
  for (const id of ['one', 'two', 'three']) await register(id);
  const { key, note } = await checkpointed();
  expect(note.split('\n').slice(0, 2)).toEqual(['mlfi', String(OF_THE_KEY + 3)]);
  expect((await eventually('the anchor', 5_000, async () => anchored[0] ?? null)).note).toBe(note);
  expect(readFileSync(join(running.directory, 'audit-checkpoint'), 'utf8')).toBe(note);
  expect(statSync(join(running.directory, 'audit-signing-key.pem')).mode & 0o077).toBe(0);
  await register('four');

  const text = await exported();
  const held = { head: null, checkpoints: note, key, earlier: null };
  expect(await verifyExportedLog(text, held)).toMatchObject({ kind: 'intact', entries: OF_THE_KEY + 4 });
  const [file, notes] = [join(running.directory, 'export.ndjson'), join(running.directory, 'notes')];
  writeFileSync(file, text);
  writeFileSync(notes, note);
  const script = join(import.meta.dirname, '../../clients/python/verify_audit.py');
  const python = spawnSync('python3', [script, file, '--checkpoints', notes, '--key', key], { encoding: 'utf8' });
  expect([python.status, python.stdout]).toEqual([0, `intact: ${OF_THE_KEY + 4} entries\n`]);
  // The command asks the mlfi it is pointed at, and says which log it checked.
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const commands = {
    verifyExportedAudit: verifyExportedLog,
    verifyStoredAudit: () => Promise.reject(new Error('asked')),
  };
  const environment = { MLFI_URL: running.service.address, MLFI_TOKEN: running.key };
  expect(await auditVerify(commands, { checkpoints: notes, key }, environment)).toBe(0);
  expect(said.mock.lastCall?.[0]).toMatch(
    new RegExp(`^intact: ${OF_THE_KEY + 4} entries, .* \\(the log of ${running.service.address}\\)$`),
  );
  said.mockRestore();
  const [, ...rest] = text.split('\n');
  expect(await verifyExportedLog(rest.join('\n'), held)).toMatchObject({ kind: 'broken', atSequence: 1 });
});

it('stops executions when a restored backup is behind the newest checkpoint, until a person has looked', async () => {
  const database = join(running.directory, 'mlfi.sqlite');
  const backup = join(running.directory, 'backup.sqlite');
  await running.restart(() => copyFileSync(database, backup));
  expect((await running.request('GET', '/api/v1/kill-switch')).body).toEqual({
    configured: false,
    on: false,
    reason: null,
    by: null,
    at_ms: null,
  });
  await register('five');
  await checkpointed();
  await running.restart(() => {
    copyFileSync(backup, database);
    for (const ending of ['-wal', '-shm']) if (existsSync(database + ending)) rmSync(database + ending);
  });
  expect((await running.request('GET', '/api/v1/kill-switch')).body).toMatchObject({ on: true, by: 'mlfi' });
  const { entries } = (await running.request('GET', '/api/v1/audit?limit=1000')).body as {
    entries: { body: { kind: string; reason?: string } }[];
  };
  expect(entries.at(-1)?.body).toMatchObject({ kind: 'kill-switch' });
  expect(entries.at(-1)?.body.reason).toContain(`entry ${OF_THE_KEY + 5} is missing`);
  const release = { on: false, reason: 'the backup of noon was restored on purpose' };
  expect((await running.request('PUT', '/api/v1/kill-switch', release)).status).toBe(403);
  expect((await running.request('PUT', '/api/v1/kill-switch', release, TOKENS.ada)).body).toMatchObject({
    on: false,
    by: 'Ada',
    reason: release.reason,
  });
});

it('takes over a store of the first version; what was pending there can only expire', async () => {
  const file = join(running.directory, 'old.sqlite');
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  await db.migrate.latest({
    migrationSource: {
      getMigrations: () => Promise.resolve([first]),
      getMigrationName: ({ name }: typeof first) => name,
      getMigration: (migration: typeof first) => Promise.resolve(migration),
    },
  });
  const document = JSON.stringify({
    ...{ id: 'old', modelId: 'm', incidentId: 'i', action: 'retrain', revision: 1, createdAtMs: 1, expiresAtMs: 5 },
    ...{ requiredApprovals: 1, digest: 'd', state: 'pending', cause: 'concept-drift', title: 't', priority: 'HIGH' },
    ...{ why: 'w', steps: [], expectedEffect: 'e', risk: 'r', verificationText: 'v' },
    ...{ verification: null, plan: null, trackRecord: null },
  });
  const row = { id: 'old', incident: 'i', model: 'm', state: 'pending', created_at_ms: 1, document };
  await db('recommendation').insert(row);
  await db.destroy();
  const store = await openStore({ kind: 'sqlite', file });
  const [old] = await store.governance((transaction) => transaction.recommendations({ limit: 10 }));
  expect(old).toMatchObject({
    id: 'old',
    state: 'pending',
    expiresAtMs: 5,
    policy: { version: 'before-010', approvers: { users: [], emails: [], roles: [] } },
    proposedBy: { kind: 'system' },
  });
  await store.close();
});

it('shows what was learnt and lets a person reset it, on record', async () => {
  const before = (await running.request('GET', '/api/v1/learning')).body as { version: string };
  expect(before).toMatchObject({ since_ms: null, actions: [] });
  const reset = { reason: 'the labels of October were wrong' };
  expect((await running.request('POST', '/api/v1/learning/reset', reset)).status).toBe(403);
  const after = await running.request('POST', '/api/v1/learning/reset', reset, TOKENS.ada);
  expect(after.status).toBe(200);
  expect((after.body as { version: string; since_ms: number }).version).not.toBe(before.version);
  const { entries } = (await running.request('GET', '/api/v1/audit?limit=1000')).body as {
    entries: { body: { kind: string } }[];
  };
  expect(entries.at(-1)?.body).toMatchObject({ kind: 'learning-reset', by: { subject: 'local:ada', issuer: 'local' } });
});
