import { z } from 'zod';
import type { Actor } from '../domain/actor.js';
import { SYSTEM } from '../domain/actor.js';
import { API_SCOPES, isInForce, type ApiKey, type ApiScope } from '../domain/api-key.js';
import { Conflict, NotFound } from '../domain/errors.js';
import type { AuditNote } from '../domain/audit-note.js';
import type { ApiKeyId } from '../domain/identifiers.js';
import type { JsonObject } from '../domain/json.js';
import type { Store } from '../domain/ports.js';
import { setting } from '../domain/setting.js';
import { auditBy } from '../governance/transition.js';
import { auditWhereTaken } from './audit-where-taken.js';
import type { ApplicationPorts } from './ports.js';

/** Ids of the keys that came from the configuration. */
export const PROVISIONED_KEYS = setting('provisioned-api-keys', z.array(z.string()));

/** How old the time of last use may be before it is written again: a busy key costs one write a minute. */
const USE_WRITTEN_EVERY_MS = 60_000;

/** A key and its text, which is known only now. */
export interface IssuedApiKey {
  readonly key: ApiKey;
  readonly text: string;
}

/**
 * Credentials of machines. Making, first using and rotating one is in the audit log, or did not happen; so is revoking one, unless
 * the log takes nothing.
 */
export interface ApiKeyUseCases {
  list(): Promise<readonly ApiKey[]>;
  /** @param expiresAtMs null for a key that does not expire */
  create(name: string, scopes: readonly ApiScope[], expiresAtMs: number | null, by: Actor): Promise<IssuedApiKey>;
  /** The first key, with every scope, when there is none yet. */
  createFirst(): Promise<IssuedApiKey | null>;
  /**
   * Makes a key with the same name, scopes and lifetime, and lets the old one end after the overlap.
   * @throws NotFound; Conflict when it is not in force, was rotated before, or belongs to the configuration
   */
  rotate(id: ApiKeyId, overlapMs: number, by: Actor): Promise<IssuedApiKey>;
  /**
   * Ends a key at once; one that has ended already stays as it is.
   * @throws NotFound; Conflict when it would take away its own right to make keys, and no other key has it
   */
  revoke(id: ApiKeyId, by: Actor): Promise<void>;
  /** Keeps the time of use, at most once a minute, and the first use on record. */
  noteUse(key: ApiKey): Promise<void>;
}

const NO_ADMIN =
  'no API key in force has the scope "admin": keys cannot be made, rotated or revoked through the API; write one of your own, name it under api_keys with scopes: [read, operate, admin], and start again';

const fieldsOf = ({ id, name, scopes, expiresAtMs }: ApiKey): JsonObject => ({
  key: id,
  name,
  scopes: [...scopes],
  expiresAtMs,
});

/** @returns the use cases of `/api/v1/keys` */
export function apiKeyUseCases({
  store,
  clock,
  logger,
  newApiKeySecret,
}: Pick<ApplicationPorts, 'clock' | 'logger' | 'newApiKeySecret'> & {
  readonly store: Pick<Store, 'apiKeys' | 'settings' | 'governance'>;
}): ApiKeyUseCases {
  const known = async (id: ApiKeyId): Promise<ApiKey> => {
    const credential = await store.apiKeys.get(id);
    if (credential === null) throw new NotFound(`there is no API key "${id}"`, 'id');
    return credential.key;
  };
  const create: ApiKeyUseCases['create'] = async (name, scopes, expiresAtMs, by) => {
    const { id, secretHash, text } = newApiKeySecret();
    const key = newKey(id, name, scopes, clock.now(), expiresAtMs);
    await store.governance(async (transaction) => {
      await transaction.apiKeys.insert({ key, secretHash });
      await auditBy(transaction, key.createdAtMs, 'api-key-created', by, fieldsOf(key));
    });
    return { key, text };
  };
  return {
    list: () => store.apiKeys.list(),
    create,
    async createFirst() {
      const keys = await store.apiKeys.list();
      if (keys.length === 0) return create('first key', API_SCOPES, null, SYSTEM);
      if (!keys.some((key) => key.scopes.includes('admin') && isInForce(key, clock.now()))) logger.warn({}, NO_ADMIN);
      return null;
    },
    async rotate(id, overlapMs, by) {
      const old = await known(id);
      const nowMs = clock.now();
      if ((await store.settings.get(PROVISIONED_KEYS))?.includes(id) === true)
        throw new Conflict(
          'this key is written in the configuration (api_keys): add the new one there beside it, and take the old one out when nobody uses it',
          'id',
        );
      const { id: successorId, secretHash, text } = newApiKeySecret();
      const lifetimeMs = old.expiresAtMs === null ? null : old.expiresAtMs - old.createdAtMs;
      const expiresAtMs = lifetimeMs === null ? null : nowMs + lifetimeMs;
      const successor = newKey(successorId, old.name, old.scopes, nowMs, expiresAtMs);
      await store.governance(async (transaction) => {
        if (!(await transaction.apiKeys.replace(id, successorId, nowMs + overlapMs, nowMs)))
          throw new Conflict(whyNotReplaced((await transaction.apiKeys.get(id))?.key ?? old, nowMs), 'id');
        await transaction.apiKeys.insert({ key: successor, secretHash });
        await auditBy(transaction, nowMs, 'api-key-rotated', by, {
          ...fieldsOf(successor),
          replaces: id,
          oldEndsAtMs: Math.min(old.expiresAtMs ?? Infinity, nowMs + overlapMs),
        });
      });
      return { key: successor, text };
    },
    async revoke(id, by) {
      const { name } = await known(id);
      await store.governance(async (transaction) => {
        const nowMs = clock.now();
        if (by.subject === `key:${id}` && !(await transaction.apiKeys.list()).some(isOtherAdmin(id, nowMs)))
          throw new Conflict(
            `this is the last key of scope "admin", and would lock itself out: replace it (mlfi key rotate ${id} --overlap 0s), or revoke it with another admin key or as an admin in Grafana`,
            'id',
          );
        if (!(await transaction.apiKeys.revoke(id, nowMs))) return;
        const note: AuditNote = (within) => auditBy(within, nowMs, 'api-key-revoked', by, { key: id, name });
        await auditWhereTaken(transaction, note, { key: id }, logger);
      });
    },
    async noteUse({ id, name, scopes, lastUsedAtMs }) {
      const nowMs = clock.now();
      if (lastUsedAtMs !== null) {
        if (nowMs - lastUsedAtMs > USE_WRITTEN_EVERY_MS) await store.apiKeys.noteUse(id, nowMs);
        return;
      }
      const actor: Actor = { kind: 'api-key', subject: `key:${id}`, name };
      await store.governance(async (transaction) => {
        if (await transaction.apiKeys.noteUse(id, nowMs))
          await auditBy(transaction, nowMs, 'api-key-first-used', actor, { key: id, scopes: [...scopes] });
      });
    },
  };
}

/** A key nobody has used. */
export const newKey = (
  id: ApiKeyId,
  name: string,
  scopes: readonly ApiScope[],
  createdAtMs: number,
  expiresAtMs: number | null,
): ApiKey => ({
  id,
  name,
  scopes,
  createdAtMs,
  expiresAtMs,
  lastUsedAtMs: null,
  revokedAtMs: null,
  replacedBy: null,
});

const isOtherAdmin =
  (id: ApiKeyId, nowMs: number) =>
  (key: ApiKey): boolean =>
    key.id !== id && key.scopes.includes('admin') && isInForce(key, nowMs);

const whyNotReplaced = (key: ApiKey, nowMs: number): string =>
  key.replacedBy !== null && isInForce(key, nowMs)
    ? `this key was rotated already: ${key.replacedBy} takes its place`
    : 'this key is revoked or has expired; make a new one';
