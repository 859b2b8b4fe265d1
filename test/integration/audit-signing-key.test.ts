import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SYSTEM } from '../../exporter/src/domain/actor.js';
import { auditCheckpoints } from '../../exporter/src/governance/audit/files.js';
import { auditBy } from '../../exporter/src/governance/transition.js';
import { openStore } from '../../exporter/src/store/open-store.js';

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let directory: string;
let key: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-audit-key-'));
  key = join(directory, 'keys/audit-signing-key.pem');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const keys = (): readonly string[] => readdirSync(join(directory, 'keys'));

/** Starts what signs, on the store in `directory`, with one entry in the log. @returns the verifier's key */
async function started(signs: boolean): Promise<string> {
  const store = await openStore({ kind: 'sqlite', file: join(directory, 'mlfi.sqlite') });
  const http = { call: () => Promise.reject(new Error('nothing is sent')) };
  const clock = { now: () => 1, sleep: () => Promise.resolve() };
  const settings = { dataDirectory: directory, signingKeyFile: key, name: 'mlfi' };
  const ports = { store, http, clock, logger: QUIET };
  // Where the key cannot be used, this closes the store.
  const checkpointing = await auditCheckpoints(settings, ports, () => ({ webhook: null, grafana: null }));
  try {
    await store.governance((transaction) => auditBy(transaction, 1, 'test', SYSTEM, {}));
    if (signs) expect(await checkpointing.make()).toContain('mlfi');
    return checkpointing.verifierKey;
  } finally {
    await store.close();
  }
}

it('is written whole: killed as it writes, mlfi leaves none, and the next start makes one', async () => {
  const script = `
    import { SYSTEM } from '../../exporter/src/domain/actor.js';
import { auditCheckpoints } from ${JSON.stringify(join(import.meta.dirname, '../../exporter/src/governance/audit/files.ts'))};
    const settings = { dataDirectory: ${JSON.stringify(directory)}, signingKeyFile: ${JSON.stringify(key)}, name: 'mlfi' };
    await auditCheckpoints(settings, { store: { close: async () => {} } }, () => null);`;
  // No file may have a byte: the kernel kills whoever writes one.
  const command = 'ulimit -c 0; ulimit -f 0; exec "$0" --import tsx "$1"';
  const env = { ...process.env, TSX_DISABLE_CACHE: '1' };
  const child = join(directory, 'child.mts');
  writeFileSync(child, script);
  const killed = spawnSync('bash', ['-c', command, process.execPath, child], { env, encoding: 'utf8' });
  expect(killed.signal ?? killed.stderr).toMatch(/SIGXFSZ|EFBIG/);
  expect(keys()).not.toContain('audit-signing-key.pem');
  await started(true);
  expect(readFileSync(key, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(statSync(key).mode & 0o077).toBe(0);
});

it('stays the same from start to start', async () => {
  const first = await started(true);
  expect(await started(true)).toBe(first);
  expect(keys()).toEqual(['audit-signing-key.pem']);
});

it('is begun anew where its file is empty and nothing was signed with it', async () => {
  await started(false);
  writeFileSync(key, '');
  const second = await started(false);
  expect(await started(true)).toBe(second);
  expect(keys()).toEqual(['audit-signing-key.pem']);
  expect(statSync(key).mode & 0o077).toBe(0);
});

it('is not begun anew where something was signed with it, by the log or by the note beside it', async () => {
  await started(true);
  writeFileSync(key, '');
  await expect(started(false)).rejects.toThrow(/holds no Ed25519 private key in PEM; restore it/);
  renameSync(join(directory, 'mlfi.sqlite'), join(directory, 'another.sqlite'));
  await expect(started(false)).rejects.toThrow(/restore it/);
  expect(readFileSync(key, 'utf8')).toBe('');
});
