import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiKeyUseCases, type ApiKeyUseCases } from '../../../../exporter/src/application/api-keys.js';
import { SYSTEM } from '../../../../exporter/src/domain/actor.js';
import type { Clock, Logger, Store } from '../../../../exporter/src/domain/ports.js';
import { newApiKeySecret } from '../../../../exporter/src/http/identity/api-keys.js';
import {
  createAuthenticator,
  createRecogniser,
  type AuthenticationPorts,
} from '../../../../exporter/src/http/identity/authenticate.js';
import { limitedAuthentication } from '../../../../exporter/src/http/identity/limited-authentication.js';
import { rememberingApiKeys } from '../../../../exporter/src/http/identity/remembered-api-keys.js';
import { openStore } from '../../../../exporter/src/store/open-store.js';

const clock: Clock = { now: () => 1_000, sleep: () => Promise.resolve() };
const PROXY = '192.0.2.1';
let folder: string;
let opened: Store;
let keys: ApiKeyUseCases;
let asked: string[];
let warned: object[];
let authenticate: (headers: IncomingHttpHeaders, address: string) => Promise<{ readonly kind: string }>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-limit-'));
  opened = await openStore({ kind: 'sqlite', file: join(folder, 'mlfi.sqlite') });
  asked = [];
  warned = [];
  const { apiKeys } = opened;
  const store = rememberingApiKeys({
    ...opened,
    apiKeys: {
      ...apiKeys,
      list: () => (asked.push('list'), apiKeys.list()),
      get: (id) => (asked.push('get'), apiKeys.get(id)),
    },
  });
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields) => void warned.push(fields),
    error: () => undefined,
  };
  keys = apiKeyUseCases({ store, clock, logger, newApiKeySecret });
  const ports: AuthenticationPorts = {
    keys: store.apiKeys,
    clock,
    noteUse: () => Promise.resolve(),
    settings: () => ({ grafana: null, localPeople: [] }),
    verifyToken: () => Promise.reject(new Error('no Grafana')),
  };
  authenticate = limitedAuthentication(createAuthenticator(ports), createRecogniser(ports), 3, {
    clock,
    logger,
    onRefusedCredential: () => undefined,
  });
});
afterEach(async () => {
  await opened.close();
  rmSync(folder, { recursive: true });
});

const outcomeOf = (text: string): Promise<string> =>
  authenticate({ authorization: `Bearer ${text}` }, PROXY).then(
    ({ kind }) => kind,
    (error: unknown) => String(error),
  );

it('asks the store about no key that is not there, once too many were wrong, and lets every right one pass', async () => {
  const [old, ended] = [
    await keys.create('old', ['read'], null, SYSTEM),
    await keys.create('ended', ['read'], null, SYSTEM),
  ];
  await keys.revoke(ended.key.id, SYSTEM);
  for (let i = 0; i < 3; i += 1) expect(await outcomeOf(newApiKeySecret().text)).toBe('refused');
  asked = [];
  for (let i = 0; i < 200; i += 1) expect(await outcomeOf(newApiKeySecret().text)).toMatch(/not known here/);
  expect(asked).toEqual(['list']);
  expect(await outcomeOf(old.text)).toBe('known');
  const made = await keys.create('new', ['read'], null, SYSTEM);
  expect(await outcomeOf(made.text)).toBe('known');
  asked = [];
  const guess = `${old.text.slice(0, 18)}${'x'.repeat(43)}`;
  for (let i = 0; i < 20; i += 1)
    expect([await outcomeOf(guess), await outcomeOf(ended.text)]).toEqual(
      Array(2).fill(expect.stringMatching(/not known here/)),
    );
  // What is known of the one that was revoked was asked for once.
  expect(asked).toEqual(['get']);
});

it('names the key that is wrong, for an address may be a proxy that many share', async () => {
  const forgotten = newApiKeySecret();
  for (let i = 0; i < 3; i += 1) await outcomeOf(forgotten.text);
  expect(warned).toEqual([{ address: PROXY, key: forgotten.id, per_minute: 3 }]);
});

it('takes a header without a key for none, and for Grafana’s only what comes through it', async () => {
  const headers = { authorization: 'Bearer ' };
  expect(await authenticate(headers, '192.0.2.9')).toEqual({ kind: 'absent' });
  expect(await authenticate({ ...headers, 'x-route-grant': 'read' }, '192.0.2.9')).toMatchObject({ kind: 'refused' });
});
