import { Unavailable } from '../../domain/errors.js';
import type { ApiKeyId } from '../../domain/identifiers.js';
import type { ApiKey, ApiKeyRepository } from '../../domain/ports.js';

/** How long a caller who is known waits for a store that does not answer. */
const ASKED_MS = 1_000;

/**
 * API keys that stay valid while the store is away: what it said last of a key counts then. While it answers, only its word
 * counts, so that a key revoked through another instance is refused at once.
 */
export function rememberedApiKeys(keys: ApiKeyRepository, askedMs = ASKED_MS): ApiKeyRepository {
  const remembered = new Map<ApiKeyId, ApiKey>();
  const remember = (key: ApiKey): ApiKey => {
    remembered.set(key.id, key);
    return key;
  };
  return {
    async list() {
      return (await keys.list()).map(remember);
    },
    async get(id) {
      const before = remembered.get(id);
      try {
        const key = await (before === undefined ? keys.get(id) : within(askedMs, keys.get(id)));
        if (key !== null) return remember(key);
        remembered.delete(id);
        return null;
      } catch (error) {
        if (before !== undefined && error instanceof Unavailable) return before;
        throw error;
      }
    },
    async save(key) {
      await keys.save(key);
      remember(key);
    },
  };
}

/** @throws Unavailable after `ms`; what `work` says then is not heard */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unavailable('the store does not answer')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
