import { z } from 'zod';
import { apiKeyId } from '../../domain/identifiers.js';
import type { ApiKey, ApiKeyRepository, ApiScope, Clock, SettingRepository } from '../../domain/ports.js';
import { setting } from '../../domain/setting.js';
import { readApiKey } from './api-keys.js';

/** A key the operator made and wrote down, e.g. for Prometheus. */
export interface ProvisionedKey {
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly text: string;
}

/** Ids of the keys that came from the configuration. */
export const PROVISIONED_KEYS = setting('provisioned-api-keys', z.array(z.string()));

/**
 * Makes the store's keys agree with the configured ones: new ones are added, changed names and scopes taken over, and those
 * that are no longer configured revoked. Keys made through the API are left alone.
 * @throws Error that names the key whose text is none
 */
export async function provisionApiKeys(
  configured: readonly ProvisionedKey[],
  keys: ApiKeyRepository,
  settings: SettingRepository,
  clock: Clock,
): Promise<void> {
  const before = (await settings.get(PROVISIONED_KEYS)) ?? [];
  const now: string[] = [];
  for (const { name, scopes, text } of configured) {
    const read = readApiKey(text);
    if (read === null)
      throw new Error(
        `api_keys: the key "${name}" is not of the form mlfi_<12 characters>_<43 characters of base64url>; see docs/add-to-existing.md for how to make one`,
      );
    const known = await keys.get(read.id);
    await keys.save({
      ...read,
      name,
      scopes,
      createdAtMs: known?.createdAtMs ?? clock.now(),
      lastUsedAtMs: known?.lastUsedAtMs ?? null,
      revokedAtMs: null,
    });
    now.push(read.id);
  }
  for (const id of before.filter((gone) => !now.includes(gone))) {
    const key: ApiKey | null = await keys.get(apiKeyId(id));
    if (key !== null) await keys.save({ ...key, revokedAtMs: clock.now() });
  }
  if (now.length > 0 || before.length > 0) await settings.set(PROVISIONED_KEYS, now);
}
