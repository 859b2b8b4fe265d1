import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Unavailable } from '../../exporter/src/domain/errors.js';
import { ONLY_EPOCH, ONLY_SHARD } from '../../exporter/src/domain/ports.js';
import { setting } from '../../exporter/src/domain/setting.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { eventually } from './running-service.js';
import { freePort } from './servers/free-port.js';
import { postgresBinaries, startPostgres, type Postgres } from './servers/postgres.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const NOTED = setting('noted', z.string());
const ENTRY = { sequence: 1, previousHash: '0', body: new Uint8Array([1]), hash: '1' };
/** As PostgreSQL shows it: what mlfi locks of a database. */
const HOLDER = `select l.pid from pg_locks l where l.locktype = 'advisory' and l.granted and l.classid = 7305612
  and l.database = (select oid from pg_database where datname = current_database())`;

describe.skipIf(postgresBinaries() === null)('one database has one mlfi', () => {
  let postgres: Postgres;
  let folder: string;
  let url: string;
  let sql: pg.Client;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-two-'));
    postgres = await startPostgres(postgresBinaries() ?? '');
    url = postgres.freshDatabase();
    sql = new pg.Client({ connectionString: url });
    sql.on('error', () => undefined);
    await sql.connect();
  }, 60_000);
  afterAll(async () => {
    await sql.end().catch(() => undefined);
    postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const endLock = async (): Promise<void> => {
    const { rows } = await sql.query<{ pid: number }>(HOLDER);
    expect(rows).toHaveLength(1);
    await sql.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await eventually('the lock is free', 5_000, async () =>
      (await sql.query(HOLDER)).rows.length === 0 ? true : null,
    );
  };

  it('commits nothing, and says so, where a statement failed and nobody was told', async () => {
    const store = await openStore({ kind: 'postgresql', url, poolSize: 4 });
    await sql.query('begin; lock table audit in share mode');
    const change = store.governance(async (transaction) => {
      await transaction.settings.set(NOTED, 'changed');
      await transaction.insertAudit(ENTRY).catch(() => undefined);
    });
    await expect(change).rejects.toThrow('25P02');
    await sql.query('rollback');
    expect(await store.settings.get(NOTED)).toBeNull();
    await store.close();
  });

  it('refuses a second one in words, and lets it in once the first has gone', async () => {
    const first = await openStore({ kind: 'postgresql', url, poolSize: 4 });
    await expect(openStore({ kind: 'postgresql', url, poolSize: 4 })).rejects.toThrow(
      /^the PostgreSQL database is in use by another mlfi \("mlfi on .+", from 127\.0\.0\.1, PostgreSQL process \d+, since .+\); stop it, or choose another database\. .+ select pg_terminate_backend\(\d+\)$/,
    );
    const reader = await openStore({ kind: 'postgresql', url, poolSize: 1 }, 'read');
    await reader.close();
    const second = openStore({ kind: 'postgresql', url, poolSize: 4 });
    await first.close();
    await (await second).close();
  }, 30_000);

  it('refuses writes while the lock is lost, and takes it again', async () => {
    const store = await openStore({ kind: 'postgresql', url, poolSize: 4 });
    await store.settings.set(NOTED, 'before');
    await endLock();
    await expect(store.settings.set(NOTED, 'lost')).rejects.toThrow(Unavailable);
    await eventually('the lock', 5_000, () => Promise.resolve(store.awayBecause() === null ? true : null));
    await store.settings.set(NOTED, 'after');
    expect(await store.settings.get(NOTED)).toBe('after');
    await store.close();
  }, 30_000);

  it('commits nothing of one that has not noticed that another took over', async () => {
    const first = await openStore({ kind: 'postgresql', url, poolSize: 4 });
    const turns: (() => void)[] = [];
    const written = first.atomic(ONLY_SHARD, ONLY_EPOCH, async ({ settings }) => {
      await new Promise<void>((resolve) => void turns.push(resolve));
      await settings.set(NOTED, 'in time');
    });
    await eventually('a transaction', 5_000, () => Promise.resolve(turns.length > 0 ? true : null));
    let isTaken = false;
    const taking = sql.query("update writer set owner = 'another'").then(() => (isTaken = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isTaken, 'while a commit is under way').toBe(false);
    turns[0]?.();
    await Promise.all([written, taking]);
    expect(first.awayBecause()).toBeNull();
    await expect(first.settings.set(NOTED, 'too late')).rejects.toThrow('another mlfi has written it since');
    await expect(first.check()).rejects.toThrow('another mlfi has written it since');
    expect(await first.settings.get(NOTED)).toBe('in time');
    await first.close();
  }, 30_000);

  it('loses no acknowledged row when one stands still, another takes over, and the first goes on', async () => {
    const start = async (name: string): Promise<ServiceProcess> =>
      startServiceProcess(join(folder, name), await freePort(), {
        database: { url },
        api_keys: [{ name: 'all', scopes: ['read', 'ingest', 'operate', 'admin'], key: KEY }],
      });
    const call = (service: ServiceProcess, path: string, body?: string) =>
      fetch(`${service.address}${path}`, {
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
    let acknowledged = 0;
    const send = async (service: ServiceProcess, batch: string): Promise<number> => {
      const rows = JSON.stringify(Array.from({ length: 10 }, () => ({ prediction: 'yes', confidence: 0.5 })));
      const { status } = await call(service, `/api/v1/models/two/observations?batch_id=${batch}`, rows);
      if (status === 200) acknowledged += 10;
      return status;
    };
    const services: ServiceProcess[] = [];
    try {
      const first = await start('first');
      services.push(first);
      await first.ready();
      expect((await call(first, '/api/v1/models', JSON.stringify({ id: 'two' }))).status).toBe(201);
      expect(await send(first, 'a')).toBe(200);
      first.child.kill('SIGSTOP');
      await endLock();
      const second = await start('second');
      services.push(second);
      await second.ready();
      expect(await send(second, 'b')).toBe(200);
      first.child.kill('SIGCONT');
      expect(await Promise.all(['c', 'd', 'e'].map((batch) => send(first, batch)))).toEqual([503, 503, 503]);
      const told = await eventually('the reason', 5_000, async () => {
        const ready = await call(first, '/-/ready');
        const text = await ready.text();
        return text.includes('another mlfi') ? [ready.status, text] : null;
      });
      expect(told).toEqual([
        503,
        expect.stringMatching(/another mlfi (\(.*mlfi on .+ has taken it over|has written it since)/),
      ]);
      expect(await (await call(first, '/metrics')).text()).toMatch(/^mlfi_store_up 0$/m);
      expect(await send(second, 'f')).toBe(200);
      for (const { child } of services) child.kill('SIGKILL');
      const last = await start('second');
      services.push(last);
      await last.ready();
      const model = (await (await call(last, '/api/v1/models/two')).json()) as { total_samples: number };
      expect([model.total_samples, acknowledged]).toEqual([30, 30]);
    } finally {
      for (const { child } of services) child.kill('SIGKILL');
    }
  }, 120_000);
});
