import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../exporter/src/config/load.js';
import { backupStore, checkStore } from '../../exporter/src/service/offline-store.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { freePort } from './servers/free-port.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mlfi-words-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const binaries = postgresBinaries();
const open = (url: string): Promise<unknown> => openStore({ kind: 'postgresql', url, poolSize: 2 });

it.skipIf(binaries === null)('says what of database.url is wrong', async () => {
  const postgres: Postgres = await startPostgres(binaries ?? '');
  try {
    const url = new URL(postgres.freshDatabase());
    const other = (change: (url: URL) => void): string => {
      const changed = new URL(url);
      change(changed);
      return changed.href;
    };
    const none = other((changed) => (changed.pathname = '/nowhere'));
    await expect(open(none)).rejects.toThrow(/has no database of that name; create it.*\(3D000\)/);
    const nobody = other((changed) => (changed.username = 'nobody-known'));
    await expect(open(nobody)).rejects.toThrow(/refuses the login; check user and password/);
    const tls = other((changed) => changed.searchParams.set('sslmode', 'require'));
    await expect(open(tls)).rejects.toThrow(/has no TLS/);
    const port = await freePort();
    const closed = other((changed) => (changed.port = String(port)));
    await expect(open(closed)).rejects.toThrow(/nothing listens there.*\(ECONNREFUSED\)/);
    const unknown = other((changed) => (changed.hostname = 'no-such-host.invalid'));
    await expect(open(unknown)).rejects.toThrow(/its host name is not known here/);
  } finally {
    postgres.stop();
  }
});

const sqliteAt = (directory: string) => {
  const loaded = parseConfig('test', `data_dir: ${directory}\n`, {}, directory);
  if (loaded.kind === 'refused') throw new Error('the configuration is right');
  return loaded.config;
};

it('says which folder cannot be made or written', async () => {
  const below = openStore({ kind: 'sqlite', file: '/dev/null/data/mlfi.sqlite' });
  await expect(below).rejects.toThrow(/^the folder \/dev\/null\/data cannot be made \(ENOTDIR\); make it/);
  // As where the folder may not be written, which nothing keeps root from.
  const directory = join(root, 'unwritable');
  mkdirSync(join(directory, 'mlfi.sqlite.writer'), { recursive: true });
  const unlocked = openStore({ kind: 'sqlite', file: join(directory, 'mlfi.sqlite') });
  await expect(unlocked).rejects.toThrow(/must be able to write the folder .*unwritable and what is in it/);
});

it('names the copy, not the store, where a copy cannot be written', async () => {
  const directory = join(root, 'copied');
  const file = join(directory, 'mlfi.sqlite');
  await (await openStore({ kind: 'sqlite', file })).close();
  for (const to of ['/proc/copy.sqlite', join(file, 'copy.sqlite')])
    await expect(backupStore(sqliteAt(directory), to)).rejects.toThrow(new RegExp(`^${to} cannot be written`));
});

it('does not check what a newer mlfi wrote', async () => {
  const directory = join(root, 'newer');
  const file = join(directory, 'mlfi.sqlite');
  await (await openStore({ kind: 'sqlite', file })).close();
  const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
  await db('knex_migrations').insert({ name: '999-of-tomorrow', batch: 99 });
  await db.destroy();
  await expect(checkStore(sqliteAt(directory))).rejects.toThrow(/mlfi\.sqlite was written by a newer version of mlfi/);
});
