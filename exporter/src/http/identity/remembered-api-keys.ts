import type { ApiKeyCredential, ApiKeyRepository } from '../../domain/api-key.js';
import { Unavailable } from '../../domain/errors.js';
import type { ApiKeyId } from '../../domain/identifiers.js';
import type { Store } from '../../domain/ports.js';
import { within } from '../../domain/within.js';

/** How long a caller who is known waits for a store that does not answer; a tenth of it where it is known to be away. */
const ASKED_MS = 1_000;

/** API keys of which what the store said last is remembered. */
export interface RememberedApiKeys extends ApiKeyRepository {
  /** A key as it was last, or as it is; a flood of ids that are not there costs the store nothing. */
  recall(id: ApiKeyId): Promise<ApiKeyCredential | null>;
}

/**
 * A store whose API keys stay valid while it is away: what it said last of a key counts then. While it answers, only its word
 * counts, so that a key revoked through another instance is refused at once. A key that is being changed is forgotten: were
 * the store to go away in that moment, the key would be refused rather than outlive its revocation.
 */
export function rememberingApiKeys(store: Store, askedMs = ASKED_MS): Store & { readonly apiKeys: RememberedApiKeys } {
  const remembered = new Map<ApiKeyId, ApiKeyCredential>();
  /** Grows with every change: an answer that was asked for before one is not remembered. */
  let changes = 0;
  /** Ids of which there may be a key; whole once they were listed. No key is ever taken out of the store. */
  const there = new Set<ApiKeyId>();
  let listed: Promise<void> | null = null;
  const forget = (id: ApiKeyId): void => {
    changes += 1;
    there.add(id);
    remembered.delete(id);
  };
  const { apiKeys } = store;
  const mayBeThere = async (id: ApiKeyId): Promise<boolean> => {
    listed ??= apiKeys.list().then((keys) => keys.forEach((key) => void there.add(key.id)));
    try {
      await listed;
    } catch {
      listed = null;
      return true;
    }
    return there.has(id);
  };
  const get = async (id: ApiKeyId): Promise<ApiKeyCredential | null> => {
    const before = remembered.get(id);
    const asked = changes;
    try {
      const credential = await (before === undefined
        ? apiKeys.get(id)
        : within(store.awayBecause() === null ? askedMs : askedMs / 10, apiKeys.get(id), notInTime));
      if (credential === null) remembered.delete(id);
      else if (asked === changes) remembered.set(id, credential);
      return credential;
    } catch (error) {
      if (before !== undefined && error instanceof Unavailable && remembered.has(id)) return before;
      throw error;
    }
  };
  return {
    ...store,
    apiKeys: {
      ...forgetting(apiKeys, forget),
      list: () => apiKeys.list(),
      noteUse: (id, atMs) => apiKeys.noteUse(id, atMs),
      get,
      async recall(id) {
        return remembered.get(id) ?? ((await mayBeThere(id)) ? get(id) : null);
      },
    },
    async governance(work) {
      const touched = new Set<ApiKeyId>();
      try {
        return await store.governance((transaction) =>
          work({ ...transaction, apiKeys: forgetting(transaction.apiKeys, (id) => void touched.add(id)) }),
        );
      } finally {
        // Only now: what is read before the commit is what was before it.
        touched.forEach(forget);
      }
    },
  };
}

/** The same keys, telling which ones are changed before and after it happens. */
function forgetting(keys: ApiKeyRepository, forget: (id: ApiKeyId) => void): ApiKeyRepository {
  const changing = async <T>(id: ApiKeyId, change: () => Promise<T>): Promise<T> => {
    forget(id);
    try {
      return await change();
    } finally {
      forget(id);
    }
  };
  return {
    list: () => keys.list(),
    get: (id) => keys.get(id),
    noteUse: (id, atMs) => keys.noteUse(id, atMs),
    insert: (credential) => changing(credential.key.id, () => keys.insert(credential)),
    provision: (credential) => changing(credential.key.id, () => keys.provision(credential)),
    revoke: (id, atMs) => changing(id, () => keys.revoke(id, atMs)),
    replace: (id, by, expiresAtMs, nowMs) => changing(id, () => keys.replace(id, by, expiresAtMs, nowMs)),
  };
}

const notInTime = (): never => {
  throw new Unavailable('the store does not answer');
};
