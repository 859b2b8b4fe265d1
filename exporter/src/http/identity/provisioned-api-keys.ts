import { newKey, PROVISIONED_KEYS } from '../../application/api-keys.js';
import { SYSTEM } from '../../domain/actor.js';
import type { ApiScope } from '../../domain/api-key.js';
import { apiKeyId } from '../../domain/identifiers.js';
import type { JsonObject } from '../../domain/json.js';
import type { Clock, Logger, Store } from '../../domain/ports.js';
import type { ApiKeyRepository } from '../../domain/api-key.js';
import { readApiKey } from './api-keys.js';

/** A key the operator made and wrote down, e.g. for Prometheus. */
export interface ProvisionedKey {
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly text: string;
}

export interface ProvisioningPorts {
  readonly store: Pick<Store, 'settings'> & {
    readonly apiKeys: Pick<ApiKeyRepository, 'get' | 'provision' | 'revoke'>;
  };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: (kind: string, fields: JsonObject) => Promise<void>;
}

/** Who the audit log says changed a key of the configuration. */
export const PROVISIONING = { ...SYSTEM, name: 'mlfi, by its configuration' };

/**
 * Makes the store's keys agree with the configured ones: new ones are added, changed names and scopes taken over, and those
 * that are no longer configured revoked. Keys made through the API are left alone; one that a person revoked stays so
 * until it was taken out of the configuration.
 * @throws Error that names the key whose text is none
 */
export async function provisionApiKeys(
  configured: readonly ProvisionedKey[],
  { store, clock, logger, audit }: ProvisioningPorts,
): Promise<void> {
  const { apiKeys, settings } = store;
  const before = (await settings.get(PROVISIONED_KEYS)) ?? [];
  const now: string[] = [];
  for (const { name, scopes, text } of configured) {
    const read = readApiKey(text);
    if (read === null)
      throw new Error(
        `api_keys: the key "${name}" is not of the form mlfi_<12 characters>_<43 characters of base64url>; see docs/add-to-existing.md for how to make one`,
      );
    const { id, secretHash } = read;
    now.push(id);
    const known = await apiKeys.get(id);
    if (before.includes(id) && known !== null && known.key.revokedAtMs !== null) {
      logger.warn(
        { key: id, name },
        'a configured API key was revoked by a person and stays so; take it out of api_keys',
      );
      continue;
    }
    await apiKeys.provision({ key: newKey(id, name, scopes, clock.now(), null), secretHash });
    const isSame = known?.key.name === name && known.key.revokedAtMs === null && sameScopes(known.key.scopes, scopes);
    if (!isSame) await audit('api-key-created', { key: id, name, scopes: [...scopes], expiresAtMs: null });
  }
  for (const id of before.filter((gone) => !now.includes(gone)))
    if (await apiKeys.revoke(apiKeyId(id), clock.now())) await audit('api-key-revoked', { key: id });
  if (now.length > 0 || before.length > 0) await settings.set(PROVISIONED_KEYS, now);
}

const sameScopes = (left: readonly ApiScope[], right: readonly ApiScope[]): boolean =>
  left.length === right.length && left.every((scope) => right.includes(scope));
