import { NotFound } from '../domain/errors.js';
import type { ApiKeyId } from '../domain/identifiers.js';
import type { ApiKey, ApiScope, Store } from '../domain/ports.js';
import type { ApplicationPorts } from './ports.js';

/** Credentials of machines. */
export interface ApiKeyUseCases {
  list(): Promise<readonly ApiKey[]>;
  /** @returns the key and its text, which is known only now */
  create(name: string, scopes: readonly ApiScope[]): Promise<{ readonly key: ApiKey; readonly text: string }>;
  /** @throws NotFound */
  revoke(id: ApiKeyId): Promise<void>;
}

/** @returns the use cases of `/api/v1/keys` */
export function apiKeyUseCases({
  store,
  clock,
  createApiKey,
}: Pick<ApplicationPorts, 'clock' | 'createApiKey'> & { readonly store: Pick<Store, 'apiKeys'> }): ApiKeyUseCases {
  return {
    list: () => store.apiKeys.list(),
    create: createApiKey,
    async revoke(id) {
      const key = await store.apiKeys.get(id);
      if (key === null) throw new NotFound(`there is no API key "${id}"`, 'id');
      await store.apiKeys.save({ ...key, revokedAtMs: clock.now() });
    },
  };
}
