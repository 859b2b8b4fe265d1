import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiKeyId } from '../../../../exporter/src/domain/identifiers.js';
import type { ApiKey, ApiKeyRepository, Clock, SettingRepository } from '../../../../exporter/src/domain/ports.js';
import { createApiKey, findApiKey } from '../../../../exporter/src/http/identity/api-keys.js';
import { provisionApiKeys } from '../../../../exporter/src/http/identity/provisioned-api-keys.js';
import { settingsInMemory } from '../../store/settings-in-memory.js';

const clock: Clock = { now: () => 1_000, sleep: () => Promise.resolve() };
const textOf = (letter: string): string => `mlfi_${letter.repeat(12)}_${letter.repeat(43)}`;
let keys: ApiKeyRepository;
let settings: SettingRepository;

beforeEach(() => {
  const stored = new Map<ApiKeyId, ApiKey>();
  keys = {
    list: () => Promise.resolve([...stored.values()]),
    get: (id) => Promise.resolve(stored.get(id) ?? null),
    save: (key) => Promise.resolve(void stored.set(key.id, key)),
  };
  settings = settingsInMemory();
});

const provision = (...names: string[]): Promise<void> =>
  provisionApiKeys(
    names.map((name) => ({ name, scopes: ['read'], text: textOf(name) })),
    keys,
    settings,
    clock,
  );
const knows = async (text: string): Promise<string> =>
  (await findApiKey(keys, clock, text)) === null ? 'refused' : 'known';

describe('configured API keys', () => {
  it('are known from the start, by their hash alone', async () => {
    await provision('a');
    expect(await knows(textOf('a'))).toBe('known');
    expect(JSON.stringify(await keys.list())).not.toContain('a'.repeat(43));
  });

  it('are revoked when they are no longer configured, and come back when they are', async () => {
    await provision('a', 'b');
    await provision('b');
    expect(await knows(textOf('a'))).toBe('refused');
    expect(await knows(textOf('b'))).toBe('known');
    await provision('a', 'b');
    expect(await knows(textOf('a'))).toBe('known');
  });

  it('leave keys made through the API alone', async () => {
    const { text } = await createApiKey(keys, clock, 'by hand', ['read']);
    await provision('a');
    await provision();
    expect(await knows(text)).toBe('known');
  });

  it('are refused by name when their text is none, without repeating it', async () => {
    const wrong = provisionApiKeys([{ name: 'prometheus', scopes: ['read'], text: 'hunter2' }], keys, settings, clock);
    await expect(wrong).rejects.toThrow(/"prometheus" is not of the form/);
    await expect(wrong).rejects.not.toThrow(/hunter2/);
  });
});
