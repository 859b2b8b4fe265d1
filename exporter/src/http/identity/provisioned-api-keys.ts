import { auditWhereTaken } from '../../application/audit-where-taken.js';
import { newKey, PROVISIONED_KEYS } from '../../application/api-keys.js';
import { SYSTEM } from '../../domain/actor.js';
import type { ApiKey, ApiKeyCredential, ApiScope } from '../../domain/api-key.js';
import type { AuditNote } from '../../domain/audit-note.js';
import { apiKeyId } from '../../domain/identifiers.js';
import type { JsonObject } from '../../domain/json.js';
import type { Clock, GovernanceTransaction, Logger, Store } from '../../domain/ports.js';
import { readApiKey } from './api-keys.js';

/** A key the operator made and wrote down, e.g. for Prometheus. */
export interface ProvisionedKey {
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly text: string;
}

export interface ProvisioningPorts {
  readonly store: Pick<Store, 'governance'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Notes for the audit log, in the transaction of the change. */
  readonly auditNote: (kind: string, fields: JsonObject) => AuditNote;
}

/** Who the audit log says changed a key of the configuration. */
export const PROVISIONING = { ...SYSTEM, name: 'mlfi, by its configuration' };

/**
 * Makes the store's keys agree with the configured ones: new ones are added, changed names and scopes taken over, and those
 * that are no longer configured revoked; all of it or nothing, and on record unless the audit log takes nothing. Keys made through the API
 * are left alone; one that a person revoked stays so until it was taken out of the configuration.
 * @throws Error that names the key whose text is none
 */
export async function provisionApiKeys(
  configured: readonly ProvisionedKey[],
  { store, clock, logger, auditNote }: ProvisioningPorts,
): Promise<void> {
  const nowMs = clock.now();
  const keys = configured.map((key) => credentialOf(key, nowMs));
  const put = (transaction: GovernanceTransaction, kind: string, fields: { readonly key: string } & JsonObject) =>
    auditWhereTaken(transaction, auditNote(kind, fields), { key: fields.key }, logger);
  const stayRevoked = await store.governance(async (transaction) => {
    const { apiKeys, settings } = transaction;
    const before = (await settings.get(PROVISIONED_KEYS)) ?? [];
    const revoked: ApiKey[] = [];
    for (const credential of keys) {
      const { key } = credential;
      const known = (await apiKeys.get(key.id))?.key ?? null;
      if (before.includes(key.id) && known !== null && known.revokedAtMs !== null) {
        revoked.push(key);
        continue;
      }
      await apiKeys.provision(credential);
      if (known !== null && isSame(known, key)) continue;
      const { id, name, scopes } = key;
      await put(transaction, 'api-key-created', { key: id, name, scopes: [...scopes], expiresAtMs: null });
    }
    const now = keys.map(({ key }): string => key.id);
    for (const id of before.filter((gone) => !now.includes(gone)))
      if (await apiKeys.revoke(apiKeyId(id), nowMs)) await put(transaction, 'api-key-revoked', { key: id });
    if (now.length > 0 || before.length > 0) await settings.set(PROVISIONED_KEYS, now);
    return revoked;
  });
  for (const { id, name } of stayRevoked)
    logger.warn(
      { key: id, name },
      'a configured API key was revoked by a person and stays so; take it out of api_keys',
    );
}

/** @throws Error that names the key whose text is none */
function credentialOf({ name, scopes, text }: ProvisionedKey, nowMs: number): ApiKeyCredential {
  const read = readApiKey(text);
  if (read === null)
    throw new Error(
      `api_keys: the key "${name}" is not of the form mlfi_<12 characters>_<43 characters of base64url>; see docs/add-to-existing.md for how to make one`,
    );
  return { key: newKey(read.id, name, scopes, nowMs, null), secretHash: read.secretHash };
}

const isSame = (known: ApiKey, key: ApiKey): boolean =>
  known.name === key.name && known.revokedAtMs === null && sameScopes(known.scopes, key.scopes);

const sameScopes = (left: readonly ApiScope[], right: readonly ApiScope[]): boolean =>
  left.length === right.length && left.every((scope) => right.includes(scope));
