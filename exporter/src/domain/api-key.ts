import type { ApiKeyId } from './identifiers.js';

/** What an API key may be for. Deciding is not among them: keys are machines. */
export const API_SCOPES = ['read', 'ingest', 'operate', 'propose', 'admin'] as const;
/** How long a key that expires may count. */
export const KEY_LIFE_SECONDS = { shortest: 60, longest: 10 * 365 * 86_400 };
export type ApiScope = (typeof API_SCOPES)[number];
/** What a route may ask for; `approve` is for people only. */
export type Scope = ApiScope | 'approve';

/** The credential of a machine, as people see it: nothing of its secret is in it, so it may be shown and logged. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly createdAtMs: number;
  /** From then on it is refused; null = never. */
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** The key that was made to take its place. */
  readonly replacedBy: ApiKeyId | null;
}

/** A key with what its secret is compared with. Only the store and the check of a credential hold one. */
export interface ApiKeyCredential {
  readonly key: ApiKey;
  /** SHA-256 of the secret, hex; the secret itself is shown once and not kept. */
  readonly secretHash: string;
}

/** Whether a key counts at `nowMs`: neither revoked nor expired. */
export const isInForce = ({ revokedAtMs, expiresAtMs }: ApiKey, nowMs: number): boolean =>
  revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);

/** Every change is one statement, so that two at once never undo each other. */
export interface ApiKeyRepository {
  list(): Promise<readonly ApiKey[]>;
  get(id: ApiKeyId): Promise<ApiKeyCredential | null>;
  /** @throws Conflict when there is a key of this id */
  insert(credential: ApiKeyCredential): Promise<void>;
  /** Adds a key, or gives the one of its id this name, these scopes and this secret, and lets it count again. */
  provision(credential: ApiKeyCredential): Promise<void>;
  /** Writes the time of use and nothing else; never an earlier one. @returns whether this was the first use */
  noteUse(id: ApiKeyId, atMs: number): Promise<boolean>;
  /** @returns whether this ended it: of many that revoke a key at once, one hears true */
  revoke(id: ApiKeyId, atMs: number): Promise<boolean>;
  /**
   * Names the key that takes its place and lets this one end at `expiresAtMs`, or when it would have anyway.
   * @returns false when it is revoked, has expired by `nowMs`, or was replaced before
   */
  replace(id: ApiKeyId, by: ApiKeyId, expiresAtMs: number, nowMs: number): Promise<boolean>;
}
