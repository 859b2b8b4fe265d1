import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isInForce, type ApiKey, type ApiKeyCredential, type ApiKeyRepository } from '../../domain/api-key.js';
import { Unavailable } from '../../domain/errors.js';
import { apiKeyId, type ApiKeyId } from '../../domain/identifiers.js';
import type { Clock } from '../../domain/ports.js';
import type { RememberedApiKeys } from './remembered-api-keys.js';

/** `mlfi_<id>_<secret>`; id 12 and secret 43 characters of base64url, of which `_` is excluded from the id. */
const KEY = /^mlfi_([A-Za-z0-9-]{12})_([A-Za-z0-9_-]{43})$/;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const NO_SECRET_HASH = hashOf('');

/** What is kept of a key's text; null when it is no key. */
export function readApiKey(text: string): { readonly id: ApiKeyId; readonly secretHash: string } | null {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id: apiKeyId(id), secretHash: hashOf(secret) };
}

/** A new key's text and what is kept of it. The secret is 256 random bits, so a plain SHA-256 of it is enough to store. */
export function newApiKeySecret(): { readonly id: ApiKeyId; readonly secretHash: string; readonly text: string } {
  // Neither `_`, which ends it, nor `-`, which would make it an option of a command line.
  const id = randomBytes(9).toString('base64url').replaceAll(/[_-]/g, '0');
  const secret = randomBytes(32).toString('base64url');
  return { id: apiKeyId(id), secretHash: hashOf(secret), text: `mlfi_${id}_${secret}` };
}

export interface ApiKeyCheck {
  readonly keys: Pick<ApiKeyRepository, 'get'>;
  readonly clock: Clock;
  /** Told of every use of a key in force. */
  readonly noteUse: (key: ApiKey) => Promise<void>;
}

/** What counts of a key now, compared in constant time whether there is one or not; null when it is none, or has ended. */
function keyOf(secretHash: string, known: ApiKeyCredential | null, nowMs: number): ApiKey | null {
  const matches = timingSafeEqual(
    Buffer.from(secretHash, 'hex'),
    Buffer.from(known?.secretHash ?? NO_SECRET_HASH, 'hex'),
  );
  return known !== null && matches && isInForce(known.key, nowMs) ? known.key : null;
}

/** Whether a text is a key in force by what is remembered; the store is asked at most about keys that are there. */
export async function isApiKey(
  { keys, clock }: { readonly keys: Pick<RememberedApiKeys, 'recall'>; readonly clock: Clock },
  text: string,
): Promise<boolean> {
  const read = readApiKey(text);
  return read !== null && keyOf(read.secretHash, await keys.recall(read.id), clock.now()) !== null;
}

/** The key a text `mlfi_<id>_<secret>` stands for, compared in constant time; null when unknown, expired or revoked. */
export async function findApiKey({ keys, clock, noteUse }: ApiKeyCheck, text: string): Promise<ApiKey | null> {
  const read = readApiKey(text);
  if (read === null) return null;
  const key = keyOf(read.secretHash, await keys.get(read.id), clock.now());
  if (key === null) return null;
  await noteUse(key).catch((error: unknown) => {
    // Who may is known; that it was used is told when the store is back.
    if (!(error instanceof Unavailable)) throw error;
  });
  return key;
}
