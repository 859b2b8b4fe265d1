import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiKeyUseCases, type ApiKeyUseCases } from '../../../../exporter/src/application/api-keys.js';
import { SYSTEM } from '../../../../exporter/src/domain/actor.js';
import { apiKeyId } from '../../../../exporter/src/domain/identifiers.js';
import { DecisionsRefused, Unavailable } from '../../../../exporter/src/domain/errors.js';
import type { Clock, Logger, Store } from '../../../../exporter/src/domain/ports.js';
import { findApiKey, newApiKeySecret } from '../../../../exporter/src/http/identity/api-keys.js';
import { provisionApiKeys } from '../../../../exporter/src/http/identity/provisioned-api-keys.js';
import { auditBy } from '../../../../exporter/src/governance/transition.js';
import { openStore } from '../../../../exporter/src/store/open-store.js';

const clock: Clock = { now: () => 1_000, sleep: () => Promise.resolve() };
const textOf = (letter: string): string => `mlfi_${letter.repeat(12)}_${letter.repeat(43)}`;
const idOf = (letter: string) => apiKeyId(letter.repeat(12));
let folder: string;
let store: Store;
let keys: ApiKeyUseCases;
let audited: string[];
let isRefused: boolean;
let refusal: Error;
let warned: string[];

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => void warned.push(`${JSON.stringify(fields)} ${message}`),
  error: () => undefined,
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-keys-'));
  store = await openStore({ kind: 'sqlite', file: join(folder, 'mlfi.sqlite') });
  keys = apiKeyUseCases({ store, clock, logger, newApiKeySecret });
  audited = [];
  isRefused = false;
  refusal = new Error('killed here');
  warned = [];
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const provisionTexts = (texts: readonly { readonly name: string; readonly text: string }[]): Promise<void> =>
  provisionApiKeys(
    texts.map(({ name, text }) => ({ name, scopes: ['read'], text })),
    {
      store,
      clock,
      logger,
      auditNote: (kind, fields) => async (transaction) => {
        if (isRefused) throw refusal;
        await auditBy(transaction, 1_000, kind, SYSTEM, fields);
        audited.push(`${kind} ${JSON.stringify(fields['key']).slice(1, 2)}`);
      },
    },
  );
const provision = (...names: string[]): Promise<void> =>
  provisionTexts(names.map((name) => ({ name, text: textOf(name) })));
const knows = async (text: string): Promise<string> =>
  (await findApiKey({ keys: store.apiKeys, clock, noteUse: (key) => keys.noteUse(key) }, text)) === null
    ? 'refused'
    : 'known';

describe('configured API keys', () => {
  it('are known from the start, by their hash alone', async () => {
    await provision('a');
    expect(await knows(textOf('a'))).toBe('known');
    expect(JSON.stringify(await store.apiKeys.get(idOf('a')))).not.toContain('a'.repeat(43));
  });

  it('are revoked when they are no longer configured, and come back when they are', async () => {
    await provision('a', 'b');
    await provision('b');
    expect(await knows(textOf('a'))).toBe('refused');
    expect(await knows(textOf('b'))).toBe('known');
    await provision('a', 'b');
    expect(await knows(textOf('a'))).toBe('known');
  });

  it('are audited when that changes something, and only then', async () => {
    await provision('a', 'b');
    await provision('a', 'b');
    await provision('b');
    expect(audited).toEqual(['api-key-created a', 'api-key-created b', 'api-key-revoked a']);
  });

  it('are in force, or revoked, with their entry in the audit log or not at all', async () => {
    isRefused = true;
    await expect(provision('a')).rejects.toThrow('killed here');
    expect(await knows(textOf('a'))).toBe('refused');
    isRefused = false;
    await provision('a');
    isRefused = true;
    await expect(provision('b')).rejects.toThrow('killed here');
    expect([await knows(textOf('a')), await knows(textOf('b'))]).toEqual(['known', 'refused']);
    isRefused = false;
    await provision('b');
    expect(audited).toEqual(['api-key-created a', 'api-key-created b', 'api-key-revoked a']);
  });

  it('agree with the configuration though the audit log takes nothing, and that is told', async () => {
    await provision('a');
    isRefused = true;
    refusal = new DecisionsRefused('the audit log is broken at entry 2');
    await provision('b');
    expect([await knows(textOf('a')), await knows(textOf('b'))]).toEqual(['refused', 'known']);
    expect(warned).toEqual([
      expect.stringContaining('not on record in the audit log: the audit log is broken at entry 2'),
      expect.stringContaining('aaaa'),
    ]);
  });

  it('change not at all where the store failed in the middle', async () => {
    await provision('a');
    isRefused = true;
    refusal = new Unavailable('another session has locked the audit log');
    await expect(provision('b')).rejects.toThrow('another session has locked the audit log');
    expect([await knows(textOf('a')), await knows(textOf('b'))]).toEqual(['known', 'refused']);
    expect(warned).toEqual([]);
  });

  it('stay revoked over restarts when a person revoked them, until they were taken out', async () => {
    await provision('a');
    await keys.revoke(idOf('a'), SYSTEM);
    await provision('a');
    expect(await knows(textOf('a'))).toBe('refused');
    expect(warned).toHaveLength(1);
    await provision();
    await provision('a');
    expect(await knows(textOf('a'))).toBe('known');
  });

  it('keep when they were used last', async () => {
    await provision('a');
    await knows(textOf('a'));
    await provision('a');
    expect((await store.apiKeys.get(idOf('a')))?.key.lastUsedAtMs).toBe(1_000);
  });

  it('are rotated in the configuration alone, which would bring the old one back', async () => {
    await provision('a');
    await expect(keys.rotate(idOf('a'), 0, SYSTEM)).rejects.toThrow(/written in the configuration/);
  });

  it('leave keys made through the API alone', async () => {
    const { text } = await keys.create('by hand', ['read'], null, SYSTEM);
    await provision('a');
    await provision();
    expect(await knows(text)).toBe('known');
  });

  it('are refused by name when their text is none, without repeating it', async () => {
    const wrong = provisionTexts([{ name: 'prometheus', text: 'hunter2' }]);
    await expect(wrong).rejects.toThrow(/"prometheus" is not of the form/);
    await expect(wrong).rejects.not.toThrow(/hunter2/);
  });
});
