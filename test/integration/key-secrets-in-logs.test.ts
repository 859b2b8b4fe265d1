import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const SECRET = 'A'.repeat(43);

let directory: string;
let port: number;
let service: ServiceProcess;
/** All that any of the processes wrote. */
let said = '';
const start = async (): Promise<void> => {
  service = startServiceProcess(directory, port, {
    api_keys: [{ name: 'root', scopes: ['read', 'admin'], key: KEY }],
    logging: { level: 'debug' },
  });
  await service.ready();
};
const stop = async (): Promise<void> => {
  service.child.kill('SIGTERM');
  await service.exited;
  said += service.said();
};
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-key-logs-'));
  port = await freePort();
  await start();
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exited;
  rmSync(directory, { recursive: true, force: true });
});

async function call(
  method: string,
  path: string,
  body?: object,
  bearer = KEY,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
const store = () =>
  knex({ client: 'sqlite3', connection: { filename: join(directory, 'mlfi.sqlite') }, useNullAsDefault: true });
const row = z.looseObject({ id: z.string(), document: z.string() });
const issued = z.object({ id: z.string(), key: z.string() });

it('writes neither a key nor its hash into a log at any level: made, used, rotated, revoked, mistyped, damaged, and with the store away', async () => {
  const made = issued.parse(
    JSON.parse((await call('POST', '/api/v1/keys', { name: 'sender', scopes: ['read'] })).text),
  );
  expect((await call('GET', '/api/v1/models', undefined, made.key)).status).toBe(200);
  const rotated = issued.parse(
    JSON.parse((await call('POST', `/api/v1/keys/${made.id}/rotations`, { overlap_seconds: 60 })).text),
  );
  expect((await call('GET', '/api/v1/models', undefined, rotated.key)).status).toBe(200);
  const mistyped = `${rotated.key.slice(0, -1)}${rotated.key.endsWith('x') ? 'y' : 'x'}`;
  expect((await call('GET', '/api/v1/models', undefined, mistyped)).status).toBe(403);
  expect((await call('DELETE', `/api/v1/keys/${made.id}`)).status).toBeLessThan(300);
  await stop();

  const db = store();
  const rows = z.array(row).parse(await db('api_key').select());
  const hashes = rows.map(
    ({ document }) => z.object({ secretHash: z.string() }).parse(JSON.parse(document)).secretHash,
  );
  expect(hashes.length).toBeGreaterThan(1);
  // Each is damaged in another way: no JSON any more, and a field of another kind beside the hash.
  for (const [i, { id, document }] of rows.entries())
    await db('api_key')
      .where({ id })
      .update({
        document: i % 2 === 0 ? document.slice(0, -1) : document.replace(/"scopes":\[[^\]]*\]/, '"scopes":7'),
      });
  await db.destroy();
  await start().catch(() => undefined);
  for (const bearer of [rotated.key, made.key, KEY, mistyped])
    await call('GET', '/api/v1/keys', undefined, bearer).catch(() => undefined);
  await stop();

  const emptied = store();
  await emptied('api_key').delete();
  await emptied.destroy();
  await start();
  const away = store();
  await away.schema.renameTable('api_key', 'api_key_away');
  await away.destroy();
  for (const bearer of [KEY, rotated.key]) await call('GET', '/api/v1/keys', undefined, bearer);
  await call('POST', '/api/v1/keys', { name: 'another', scopes: ['read'] });
  await stop();

  expect(said).toContain('"level"');
  const secrets = [made.key, rotated.key, mistyped].map((key) => key.slice(-43));
  expect([SECRET, ...secrets, ...hashes].filter((secret) => said.includes(secret))).toEqual([]);
  expect(said).not.toMatch(/secretHash/i);
});
