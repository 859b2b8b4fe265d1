import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Unavailable } from '../../domain/errors.js';
import { apiKeyId } from '../../domain/identifiers.js';
import { API_SCOPES, type ApiKey, type ApiKeyRepository, type ApiScope, type Clock } from '../../domain/ports.js';

/** `mlfi_<id>_<secret>`; id 12 and secret 43 characters of base64url, of which `_` is excluded from the id. */
const KEY = /^mlfi_([A-Za-z0-9-]{12})_([A-Za-z0-9_-]{43})$/;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** What is kept of a key's text; null when it is no key. */
export function readApiKey(text: string): Pick<ApiKey, 'id' | 'secretHash'> | null {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id: apiKeyId(id), secretHash: hashOf(secret) };
}

/** Makes a key. The secret is 256 random bits, so a plain SHA-256 of it is enough to store; the text is shown once. */
export async function createApiKey(
  keys: ApiKeyRepository,
  clock: Clock,
  name: string,
  scopes: readonly ApiScope[],
): Promise<{ readonly key: ApiKey; readonly text: string }> {
  const id = randomBytes(9).toString('base64url').replaceAll('_', '-');
  const secret = randomBytes(32).toString('base64url');
  const key: ApiKey = {
    id: apiKeyId(id),
    name,
    secretHash: hashOf(secret),
    scopes,
    createdAtMs: clock.now(),
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
  await keys.save(key);
  return { key, text: `mlfi_${id}_${secret}` };
}

/** The first key, with every scope, when there is none yet; its text is to be printed once. */
export async function createFirstKey(keys: ApiKeyRepository, clock: Clock): Promise<string | null> {
  if ((await keys.list()).length > 0) return null;
  return (await createApiKey(keys, clock, 'first key', API_SCOPES)).text;
}

const LAST_USED_EVERY_MS = 60_000;

/** The key a text `mlfi_<id>_<secret>` stands for, compared in constant time; null when unknown or revoked. Use is remembered at most once a minute. */
export async function findApiKey(keys: ApiKeyRepository, clock: Clock, text: string): Promise<ApiKey | null> {
  const match = KEY.exec(text);
  if (match === null) return null;
  const [, id = '', secret = ''] = match;
  const key = await keys.get(apiKeyId(id));
  const matches = timingSafeEqual(
    Buffer.from(hashOf(secret), 'hex'),
    Buffer.from(key?.secretHash ?? hashOf(''), 'hex'),
  );
  if (key === null || !matches || key.revokedAtMs !== null) return null;
  const now = clock.now();
  if (key.lastUsedAtMs === null || now - key.lastUsedAtMs > LAST_USED_EVERY_MS)
    await keys.save({ ...key, lastUsedAtMs: now }).catch((error: unknown) => {
      // Who may is known; that it was used is told when the store is back.
      if (!(error instanceof Unavailable)) throw error;
    });
  return key;
}
