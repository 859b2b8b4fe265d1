import type { JSONWebKeySet, JWK } from 'jose';
import type { Clock, HttpClient } from '../../domain/ports.js';

/** How long keys are used without asking again; Grafana says the same in its Cache-Control. */
const FRESH_MS = 3_600_000;
/** With Grafana out of reach, keys are trusted this long; it gives every key 30 days. */
const STALE_MS = 86_400_000;
/** Asking again because a token does not fit is limited, so that nobody can make mlfi flood Grafana. */
const ASK_AGAIN_MS = { withKeys: 10_000, withoutKeys: 1_000 };
const TIMEOUT_MS = 5_000;
const LARGEST_ANSWER_BYTES = 262_144;

/** The keys Grafana signs its ID tokens with (a JWKS), remembered. */
export interface SigningKeys {
  /** Null when Grafana could not be asked and nothing is remembered. */
  get(url: string): Promise<JSONWebKeySet | null>;
  /** Asks again, because a token's key is unknown or its signature does not fit; null when it is too early or Grafana is silent. */
  refresh(url: string): Promise<JSONWebKeySet | null>;
}

interface Remembered {
  readonly keys: JSONWebKeySet;
  readonly atMs: number;
}

export function createSigningKeys(http: HttpClient, clock: Clock): SigningKeys {
  let remembered: { readonly url: string; readonly value: Remembered } | null = null;
  let asking: Promise<Remembered | null> | null = null;
  let askedAtMs = -Infinity;

  const ask = (url: string): Promise<Remembered | null> => {
    askedAtMs = clock.now();
    asking ??= fetchKeys(http, url)
      .then((keys) => {
        if (keys === null) return null;
        const value = { keys, atMs: clock.now() };
        remembered = { url, value };
        return value;
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  };
  const known = (url: string): Remembered | null => (remembered?.url === url ? remembered.value : null);

  return {
    async get(url) {
      const now = clock.now();
      const held = known(url);
      if (held !== null && now - held.atMs < FRESH_MS) return held.keys;
      const fresh = await ask(url);
      if (fresh !== null) return fresh.keys;
      return held !== null && now - held.atMs < STALE_MS ? held.keys : null;
    },
    async refresh(url) {
      const pause = (known(url)?.keys.keys.length ?? 0) > 0 ? ASK_AGAIN_MS.withKeys : ASK_AGAIN_MS.withoutKeys;
      if (asking === null && clock.now() - askedAtMs < pause) return null;
      return (await ask(url))?.keys ?? null;
    },
  };
}

/** Before its first token Grafana answers `{"keys":null}`: no keys yet, which is no error. */
async function fetchKeys(http: HttpClient, url: string): Promise<JSONWebKeySet | null> {
  const answer = await http.call({
    method: 'GET',
    url,
    headers: { accept: 'application/json' },
    body: null,
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: LARGEST_ANSWER_BYTES,
  });
  if (answer.kind === 'failure' || answer.status !== 200) return null;
  try {
    const parsed: unknown = JSON.parse(answer.body);
    if (typeof parsed !== 'object' || parsed === null || !('keys' in parsed)) return null;
    if (parsed.keys === null) return { keys: [] };
    return Array.isArray(parsed.keys) ? { keys: parsed.keys.filter(isSigningKey) } : null;
  } catch {
    return null;
  }
}

const isSigningKey = (key: unknown): key is JWK =>
  typeof key === 'object' && key !== null && 'kty' in key && key.kty === 'EC' && 'crv' in key && key.crv === 'P-256';
