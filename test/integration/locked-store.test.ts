import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import knex from 'knex';
import { afterAll, expect, it } from 'vitest';
import { Unavailable } from '../../exporter/src/domain/errors.js';
import { setting } from '../../exporter/src/domain/setting.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { z } from 'zod';

const directory = mkdtempSync(join(tmpdir(), 'mlfi-locked-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const SEEN = setting('seen', z.string());

it('waits once for a program that has locked the store, then hardly, and patiently again once it let go', async () => {
  const file = join(directory, 'mlfi.sqlite');
  const store = await openStore({ kind: 'sqlite', file });
  const other = knex({ client: 'sqlite3', connection: { filename: file }, useNullAsDefault: true, pool: { max: 1 } });
  const took = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return performance.now() - startedMs;
  };
  const refused = async (): Promise<void> => {
    const error = await store.settings.set(SEEN, 'while locked').then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Unavailable);
    expect(String(error)).toContain('another program has locked the file');
    expect(String(error)).not.toContain('SQLITE');
  };
  await store.settings.set(SEEN, 'before');
  await other.raw('BEGIN IMMEDIATE');
  const firstMs = await took(refused);
  // What a stop does, and what a page asks for meanwhile.
  const laterMs = await took(async () => {
    const writes = Array.from({ length: 10 }, refused);
    expect(await store.settings.get(SEEN)).toBe('before');
    await Promise.all(writes);
  });
  expect(laterMs).toBeLessThan(firstMs);
  await other.raw('ROLLBACK');
  await store.settings.set(SEEN, 'after');
  await other.raw('BEGIN IMMEDIATE');
  const waiting = store.settings.set(SEEN, 'at last');
  await sleep(500);
  await other.raw('ROLLBACK');
  await waiting;
  expect(await store.settings.get(SEEN)).toBe('at last');
  await other.destroy();
  await store.close();
}, 60_000);
