import { appendFileSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex, { type Knex } from 'knex';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../exporter/src/store/open-store.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { freePort } from './servers/free-port.js';

it('counts each row of files that grow once, though mlfi is killed twice while it reads', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-log-files-'));
  const logs = join(directory, 'logs');
  mkdirSync(logs);
  const key = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
  const settings = {
    models: [{ id: 'fraud' }],
    api_keys: [{ name: 'reader', scopes: ['read'], key }],
    log_files: [{ directory: logs, model: 'fraud' }],
  };
  const port = await freePort();
  const start = async (): Promise<ServiceProcess> => {
    const started = startServiceProcess(directory, port, settings);
    await started.ready();
    return started;
  };
  const kill = async ({ child, exited }: ServiceProcess): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const total = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/models/fraud`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return z.object({ total_samples: z.number() }).parse(await answer.json()).total_samples;
  };
  let written = 0;
  const write = (rows: number): void => {
    const lines = Array.from({ length: rows }, (_, i) => `${written + i},${i % 90},DE,${i % 3 ? 'no' : 'yes'}\n`);
    if (written === 0) lines.unshift('prediction_id,age,country,prediction\n');
    appendFileSync(join(logs, 'fraud.csv'), lines.join(''));
    written += rows;
  };
  write(60_000);
  let service = await start();
  try {
    for (const seen of [1, 70_000]) {
      await expect.poll(total, { timeout: 60_000 }).toBeGreaterThanOrEqual(seen);
      write(60_000);
      await kill(service);
      service = await start();
    }
    await expect.poll(total, { timeout: 60_000 }).toBeGreaterThanOrEqual(written);
    expect(await total()).toBe(written);
  } finally {
    await kill(service);
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Every byte of the store, with what is not yet written into its file. */
const bytesOf = (directory: string): string =>
  readdirSync(directory)
    .filter((name) => name.startsWith('mlfi.sqlite'))
    .map((name) => readFileSync(join(directory, name), 'latin1'))
    .join('');

it('keeps no value of a log file in the database, be its first line a row or broken', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-log-canaries-'));
  const logs = join(directory, 'logs');
  mkdirSync(logs);
  const files: Readonly<Record<string, string>> = {
    'a.ndjson':
      '{"features":{"iban":"CANARYiban1"},"prediction":"y"}\n{"features":{"iban":"CANARYiban2"},"prediction":"y"}\n',
    'b.csv': 'CANARYcsv1,33,y\nCANARYcsv2,34,n\n',
    'c.log': '[{"features":{"x":"CANARYarray"},"prediction":"y"}]\n',
    'd.csv': 'name,age,prediction\nCANARYcsv3,33,y\nCANARYcsv4,34,n\n',
    'e.log': '{"features":{"x":"CANARYbroken\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(logs, name), text);
  const service = startServiceProcess(directory, await freePort(), {
    models: [{ id: 'fraud' }],
    log_files: [{ directory: logs, model: 'fraud' }],
  });
  try {
    await service.ready();
    // All five are read, and their places stored.
    await expect.poll(() => bytesOf(directory), { timeout: 30_000 }).toMatch(/(?:"offset":[1-9].{1,250}){5}/);
    service.child.kill('SIGTERM');
    await service.exited;
    expect(bytesOf(directory)).not.toContain('CANARY');
    expect(service.said()).not.toContain('CANARY');
  } finally {
    service.child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});

it('forgets the first lines that an earlier mlfi stored, also in pages the database has freed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlfi-log-headers-'));
  const file = join(directory, 'mlfi.sqlite');
  const location = { kind: 'sqlite', file } as const;
  const directly = async (work: (db: Knex) => Promise<void>): Promise<void> => {
    const db = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true });
    await work(db).finally(() => db.destroy());
  };
  const name = 'log-file-positions';
  const kept = { offset: 7, end: null, seenAtMs: 3 };
  try {
    await (await openStore(location)).close();
    await directly(async (db) => {
      await db('knex_migrations').where({ name: '130-log-file-headers' }).delete();
      for (const times of [400, 1]) {
        const value = JSON.stringify({ 'fraud:1:2:3': { ...kept, header: 'CANARYiban '.repeat(times) } });
        await db('setting').insert({ name, value }).onConflict('name').merge();
      }
    });
    expect(bytesOf(directory)).toContain('CANARY');
    await (await openStore(location)).close();
    expect(bytesOf(directory)).not.toContain('CANARY');
    await directly(async (db) => {
      const rows = await db('setting').whereNot({ name: 'checked' }).select<{ name: string; value: string }[]>();
      expect(rows).toEqual([{ name, value: JSON.stringify({ 'fraud:1:2:3': kept }) }]);
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
