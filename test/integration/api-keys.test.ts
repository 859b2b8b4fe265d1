import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeyUseCases, type ApiKeyUseCases, type IssuedApiKey } from '../../exporter/src/application/api-keys.js';
import type { Actor } from '../../exporter/src/domain/actor.js';
import { Conflict, Unavailable } from '../../exporter/src/domain/errors.js';
import type { Clock, Store } from '../../exporter/src/domain/ports.js';
import { findApiKey, newApiKeySecret } from '../../exporter/src/http/identity/api-keys.js';
import { rememberingApiKeys } from '../../exporter/src/http/identity/remembered-api-keys.js';
import { openStore } from '../../exporter/src/store/open-store.js';
import { silentLogger } from './governance/harness.js';
import { testStores } from './servers/stores.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

const ADA: Actor = { kind: 'user', subject: 'local:ada', name: 'Ada' };
const MINUTE_MS = 60_000;
const stores = testStores();
beforeAll(() => stores.start(), 60_000);
afterAll(() => stores.stop());

interface AuditedKey {
  readonly kind: string;
  readonly key: string;
  readonly by: { readonly subject: string };
}
async function auditedIn(store: Store): Promise<AuditedKey[]> {
  const entries = await store.audit.read(1, 1_000);
  return entries.map(({ body }) => JSON.parse(Buffer.from(body).toString('utf8')) as AuditedKey);
}

describe.each(stores.kinds)('API keys on %s', (kind) => {
  let store: Store;
  let keys: ApiKeyUseCases;
  let nowMs = 1_000_000;
  const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
  const uses = async (issued: IssuedApiKey, of: Store = store): Promise<boolean> =>
    (await findApiKey({ keys: of.apiKeys, clock, noteUse: (key) => keys.noteUse(key) }, issued.text)) !== null;
  beforeAll(async () => {
    store = await openStore(stores.fresh(kind));
    keys = apiKeyUseCases({ store, clock, logger: silentLogger, newApiKeySecret });
  }, 60_000);
  afterAll(() => store.close());
  const issue = (expiresAtMs: number | null = null): Promise<IssuedApiKey> =>
    keys.create('sender', ['ingest'], expiresAtMs, ADA);
  const auditOf = async ({ key }: IssuedApiKey): Promise<string[]> =>
    (await auditedIn(store))
      .filter((entry) => entry.key === key.id)
      .map((entry) => `${entry.kind} ${entry.by.subject}`);

  it.runIf(kind === 'SQLite')(
    'keeps a new data folder to itself whatever the umask: 0700, and 0600 in it',
    async () => {
      const folder = join(mkdtempSync(join(tmpdir(), 'mlfi-modes-')), 'data');
      const umask = process.umask(0);
      const made = await openStore({ kind: 'sqlite', file: join(folder, 'mlfi.sqlite') }).finally(() =>
        process.umask(umask),
      );
      const modeOf = (name: string): string => (statSync(join(folder, name)).mode & 0o777).toString(8);
      const modes = [modeOf('.'), ...readdirSync(folder).map((name) => `${name} ${modeOf(name)}`)];
      await made.close();
      rmSync(folder, { recursive: true });
      expect(modes).toEqual([
        '700',
        ...['', '-shm', '-wal', '.writer', '.writer-journal'].map((end) => `mlfi.sqlite${end} 600`),
      ]);
    },
  );

  it('audits making, the first use and revoking, each once', async () => {
    const issued = await issue();
    expect([await uses(issued), await uses(issued)]).toEqual([true, true]);
    await keys.revoke(issued.key.id, ADA);
    await keys.revoke(issued.key.id, ADA);
    expect(await auditOf(issued)).toEqual([
      'api-key-created local:ada',
      `api-key-first-used key:${issued.key.id}`,
      'api-key-revoked local:ada',
    ]);
  });

  it('writes the last use without a look at the rest of the key: a revocation meanwhile stays', async () => {
    const issued = await issue();
    await uses(issued);
    const asItWas = (await store.apiKeys.get(issued.key.id))?.key ?? issued.key;
    nowMs += 2 * MINUTE_MS;
    await keys.revoke(issued.key.id, ADA);
    // The request was let in before the revocation, and says so only now.
    await keys.noteUse(asItWas);
    expect((await store.apiKeys.get(issued.key.id))?.key).toMatchObject({ lastUsedAtMs: nowMs, revokedAtMs: nowMs });
    expect(await uses(issued)).toBe(false);
  });

  it('rotates with an overlap: both count until the old one ends', async () => {
    const old = await issue();
    const successor = await keys.rotate(old.key.id, MINUTE_MS, ADA);
    expect(successor.key).toMatchObject({ name: 'sender', scopes: ['ingest'], expiresAtMs: null });
    expect([await uses(old), await uses(successor)]).toEqual([true, true]);
    nowMs += MINUTE_MS - 1;
    expect(await uses(old)).toBe(true);
    nowMs += 1;
    expect([await uses(old), await uses(successor)]).toEqual([false, true]);
    expect((await store.apiKeys.get(old.key.id))?.key.replacedBy).toBe(successor.key.id);
    await expect(keys.rotate(old.key.id, 0, ADA)).rejects.toThrow(/revoked or has expired/);
  });

  it('gives a successor the lifetime of the old key, and no overlap that outlives the old one', async () => {
    const old = await issue(nowMs + 10 * MINUTE_MS);
    nowMs += 9 * MINUTE_MS;
    const successor = await keys.rotate(old.key.id, 5 * MINUTE_MS, ADA);
    expect(successor.key.expiresAtMs).toBe(nowMs + 10 * MINUTE_MS);
    expect((await store.apiKeys.get(old.key.id))?.key.expiresAtMs).toBe(nowMs + MINUTE_MS);
  });

  it('stays right when 50 calls use, rotate and revoke one key at once', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('use', 'use', 'use', 'rotate', 'revoke'), { minLength: 50, maxLength: 50 }),
        async (scheduler, calls) => {
          const issued = await issue();
          const successors: IssuedApiKey[] = [];
          const refused: unknown[] = [];
          const made = {
            use: () => uses(issued),
            rotate: () => keys.rotate(issued.key.id, MINUTE_MS, ADA).then((successor) => successors.push(successor)),
            revoke: () => keys.revoke(issued.key.id, ADA),
          };
          const running = calls.map((call) =>
            scheduler
              .schedule(Promise.resolve(), call)
              .then(async () => void (await made[call]()))
              .catch((error: unknown) => void refused.push(error)),
          );
          await scheduler.waitFor(Promise.all(running));
          const audited = (await auditOf(issued)).map((entry) => entry.split(' ')[0]);
          const count = (kind_: string): number => audited.filter((entry) => entry === kind_).length;
          const isRevoked = calls.includes('revoke');
          const { key } = (await store.apiKeys.get(issued.key.id)) ?? issued;
          expect(refused.filter((error) => !(error instanceof Conflict))).toEqual([]);
          expect(key.revokedAtMs !== null).toBe(isRevoked);
          expect(await uses(issued)).toBe(!isRevoked);
          expect(count('api-key-created')).toBe(1);
          expect(count('api-key-first-used')).toBe(key.lastUsedAtMs === null ? 0 : 1);
          expect(count('api-key-revoked')).toBe(isRevoked ? 1 : 0);
          expect(successors.length).toBe(key.replacedBy === null ? 0 : 1);
          expect(key.replacedBy).toBe(successors[0]?.key.id ?? null);
        },
      ),
      { numRuns: kind === 'SQLite' ? 20 : 10 },
    );
  });

  it('remembers a key while the store is away, but never one that was revoked just before', async () => {
    let away = false;
    const behindASwitch = new Proxy(store.apiKeys, {
      get:
        (target, name) =>
        async (...given: unknown[]) => {
          if (away) throw new Unavailable('away');
          const method: unknown = Reflect.get(target, name);
          return typeof method === 'function' ? await (Reflect.apply(method, target, given) as Promise<unknown>) : null;
        },
    });
    const remembering = rememberingApiKeys({ ...store, apiKeys: behindASwitch });
    const through = apiKeyUseCases({ store: remembering, clock, logger: silentLogger, newApiKeySecret });
    const [kept, revoked] = [await issue(), await issue()];
    expect([await uses(kept, remembering), await uses(revoked, remembering)]).toEqual([true, true]);
    await through.revoke(revoked.key.id, ADA);
    away = true;
    expect(await uses(kept, remembering)).toBe(true);
    await expect(uses(revoked, remembering)).rejects.toThrow(Unavailable);
  });
});

describe('API keys of a running service', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await runService();
  }, 60_000);
  afterAll(() => running.close());
  const make = async (body: object): Promise<{ readonly id: string; readonly key: string }> => {
    const made = await running.request('POST', '/api/v1/keys', { name: 'dashboards', scopes: ['read'], ...body });
    expect(made.status).toBe(201);
    return made.body as { id: string; key: string };
  };
  async function stream(key: string): Promise<() => boolean> {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${running.service.address}/api/v1/events`, { headers });
    expect(response.status).toBe(200);
    let ended = false;
    void response.text().finally(() => (ended = true));
    return () => ended;
  }

  it('ends the open streams of a key that is revoked, or rotated without overlap, at once', async () => {
    for (const end of [
      (id: string) => running.request('DELETE', `/api/v1/keys/${id}`),
      (id: string) => running.request('POST', `/api/v1/keys/${id}/rotations`, { overlap_seconds: 0 }),
    ]) {
      const { id, key } = await make({});
      const ended = await stream(key);
      expect((await end(id)).status).toBeLessThan(300);
      await eventually('the end of the stream', 2_000, () => (ended() ? true : null));
      expect((await running.request('GET', '/api/v1/models', undefined, key)).status).toBe(403);
    }
  });

  it('refuses to end the last admin key by itself, and says how to go on', async () => {
    const admin = await make({ scopes: ['admin'] });
    const [, first] = running.key.split('_');
    const revoke = (id: string, bearer: string) => running.request('DELETE', `/api/v1/keys/${id}`, undefined, bearer);
    expect((await revoke(admin.id, admin.key)).status).toBe(200);
    const refused = await revoke(first ?? '', running.key);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([409, expect.stringContaining('--overlap 0s')]);
    expect((await running.request('GET', '/api/v1/keys')).status).toBe(200);
  });

  it('shows last use, expiry and successor, and never a hash', async () => {
    const { id, key } = await make({ expires_in_seconds: 3_600 });
    await running.request('GET', '/api/v1/models', undefined, key);
    await running.request('POST', `/api/v1/keys/${id}/rotations`, {});
    const listed = await running.request('GET', '/api/v1/keys');
    const { keys } = listed.body as { keys: { id: string; last_used_at_ms: number; expires_at_ms: number }[] };
    const shown = keys.find((one) => one.id === id);
    expect(shown?.last_used_at_ms).toBeGreaterThan(Date.now() - MINUTE_MS);
    expect(shown?.expires_at_ms).toBeLessThanOrEqual(Date.now() + 3_600_000);
    expect(shown).toHaveProperty('replaced_by', expect.any(String));
    expect(JSON.stringify(listed.body)).not.toMatch(/hash/i);
  });

  it('says in the audit log who made and ended a key', async () => {
    const { id } = await make({});
    await running.request('DELETE', `/api/v1/keys/${id}`);
    const { body } = await running.request('GET', '/api/v1/audit?limit=1000');
    const { entries } = body as { entries: { body: AuditedKey }[] };
    const about = entries.map((entry) => entry.body).filter((entry) => entry.key === id);
    expect(about.map((entry) => entry.kind)).toEqual(['api-key-created', 'api-key-revoked']);
    expect(about.every((entry) => entry.by.subject.startsWith('key:'))).toBe(true);
  });

  it('is looked after from the command line', { timeout: 60_000 }, async () => {
    const mlfi = (...given: string[]): Promise<string> => keyVerb(running, given);
    const [text = '', about = ''] = (await mlfi('create', 'nightly batch', 'ingest', 'read', '--expires', '90d')).split(
      '\n',
    );
    expect(text).toMatch(/^mlfi_/);
    const [, id = ''] = /id ([\w-]{12}), counts until/.exec(about) ?? [];
    expect(await mlfi('list')).toMatch(new RegExp(`${id} +nightly batch +ingest,read +never used +in force until`));
    expect((await running.request('GET', '/api/v1/models', undefined, text)).status).toBe(200);
    expect(await mlfi('rotate', id, '--overlap', '2h')).toMatch(/^mlfi_.*the old one counts for another 2h/s);
    expect(await mlfi('list')).toMatch(new RegExp(`${id} .* used 20.* in force until .*, replaced by`));
    expect(await mlfi('revoke', id)).toBe(`${id} is revoked`);
    expect(await mlfi('list')).toMatch(new RegExp(`${id} .* revoked 20`));
    expect(await mlfi('rotate', id)).toMatch(/revoked or has expired/);
    expect(await mlfi('create', 'x', 'read', '--expires', 'soon')).toMatch(/"soon" is no duration/);
    expect(await mlfi('create', 'x', 'read', '--expires', '5s')).toMatch(/^--expires: "5s" is too short/);
    expect(await mlfi('create', 'x', 'reed')).toMatch(/'reed' is invalid.*Allowed choices are read, ingest/);
  });
});

describe('wrong keys', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await runService({ http: { wrong_credentials_per_minute: 20 } });
  }, 60_000);
  afterAll(() => running.close());

  it('are refused with 429 and Retry-After beyond the limit, on every route that looks at them', async () => {
    const make = async (name: string): Promise<{ id: string; key: string }> =>
      (await running.request('POST', '/api/v1/keys', { name, scopes: ['read'] })).body as { id: string; key: string };
    const [unused, revoked] = [await make('unused'), await make('revoked')];
    await running.request('DELETE', `/api/v1/keys/${revoked.id}`);
    // As after any restart, nobody behind this address has shown a key.
    await running.restart();
    const wrong = (i: number): string => `Bearer mlfi_${String(i).padStart(12, '0')}_${'x'.repeat(43)}`;
    const call = (path: string, i: number): Promise<Response> =>
      fetch(`${running.service.address}${path}`, { headers: { authorization: wrong(i) } });
    const statuses: number[] = [];
    for (let i = 0; i < 60; i += 1) statuses.push((await call(i % 2 === 0 ? '/api/v1/models' : '/metrics', i)).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(403));
    expect(statuses.filter((status) => status === 403).length).toBeLessThanOrEqual(22);
    expect(statuses.at(-1)).toBe(429);
    for (const path of ['/api/v1/models', '/api/v1/whoami']) {
      const refused = await call(path, 99);
      expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, expect.closeTo(2, -1)]);
      expect(await refused.json()).toMatchObject({ error: { code: 'too-many-requests', field: 'authorization' } });
    }
    // Whoever is right goes on: used for the first time, by then, made just now, and people too. Nobody waits who sends nothing.
    const ask = async (bearer: string): Promise<number> =>
      (await running.request('GET', '/api/v1/models', undefined, bearer)).status;
    expect(await Promise.all([unused.key, running.key, TOKENS.ada].map(ask))).toEqual([200, 200, 200]);
    expect(await ask((await make('new')).key)).toBe(200);
    // An id that is there does not help a wrong secret, and what was right once is no longer.
    expect(await ask(revoked.key)).toBe(429);
    expect(await ask(`${unused.key.slice(0, 18)}${'x'.repeat(43)}`)).toBe(429);
    expect((await fetch(`${running.service.address}/-/healthy`)).status).toBe(200);
    const { body } = await running.request('GET', '/metrics');
    const counted = /mlfi_refused_credentials_total\{reason="too-many-attempts"\} (\d+)/.exec(String(body));
    expect(Number(counted?.[1])).toBeGreaterThan(35);
  });
});

/** What `mlfi key …` prints, a process of its own that asks the running service with its first key. */
function keyVerb({ service, key }: RunningService, given: readonly string[]): Promise<string> {
  const main = join(import.meta.dirname, '../../exporter/src/main.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', main, 'key', ...given, '--url', service.address],
      { env: { ...process.env, MLFI_TOKEN: key } },
      (_, out, error) => resolve(`${out}${error}`.trim()),
    );
  });
}
