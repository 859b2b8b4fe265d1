import type { Knex } from 'knex';
import type { ApiKeyCredential, ApiKeyRepository } from '../domain/api-key.js';
import { apiKeyId } from '../domain/identifiers.js';
import { apiKeyCodec } from './codecs/api-key.js';
import { readDocument } from './documents.js';

interface Row {
  readonly id: string;
  readonly document: string;
  readonly expires_at_ms: number | null;
  readonly last_used_at_ms: number | null;
  readonly revoked_at_ms: number | null;
  readonly replaced_by: string | null;
}
const COLUMNS = ['id', 'document', 'expires_at_ms', 'last_used_at_ms', 'revoked_at_ms', 'replaced_by'] as const;

function read(row: Row): ApiKeyCredential {
  const { id, document } = row;
  const { secretHash, ...made } = readDocument(
    apiKeyCodec,
    document,
    { table: 'api_key', row: id, model: null },
    { id },
  );
  return {
    key: {
      ...made,
      expiresAtMs: row.expires_at_ms,
      lastUsedAtMs: row.last_used_at_ms,
      revokedAtMs: row.revoked_at_ms,
      replacedBy: row.replaced_by === null ? null : apiKeyId(row.replaced_by),
    },
    secretHash,
  };
}

const rowOf = ({ key, secretHash }: ApiKeyCredential): Row => {
  const { id, name, scopes, createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs, replacedBy } = key;
  return {
    id,
    document: apiKeyCodec.encode({ id, name, secretHash, scopes, createdAtMs }),
    expires_at_ms: expiresAtMs,
    last_used_at_ms: lastUsedAtMs,
    revoked_at_ms: revokedAtMs,
    replaced_by: replacedBy,
  };
};

export function apiKeyRepository(db: Knex): ApiKeyRepository {
  const keys = (id: string): Knex.QueryBuilder => db('api_key').where({ id });
  return {
    async list() {
      const rows = await db('api_key')
        .orderBy('id')
        .select<Row[]>(...COLUMNS);
      return rows.map((row) => read(row).key);
    },
    async get(id) {
      const row = await db('api_key')
        .where({ id })
        .first<Row | undefined>(...COLUMNS);
      return row === undefined ? null : read(row);
    },
    async insert(credential) {
      await db('api_key').insert(rowOf(credential));
    },
    async provision(credential) {
      await db('api_key')
        .insert(rowOf(credential))
        .onConflict('id')
        .merge(['document', 'revoked_at_ms', 'expires_at_ms']);
    },
    async noteUse(id, atMs) {
      const first: number = await keys(id).whereNull('last_used_at_ms').update({ last_used_at_ms: atMs });
      if (first > 0) return true;
      await keys(id).where('last_used_at_ms', '<', atMs).update({ last_used_at_ms: atMs });
      return false;
    },
    async revoke(id, atMs) {
      const ended: number = await keys(id).whereNull('revoked_at_ms').update({ revoked_at_ms: atMs });
      return ended > 0;
    },
    async replace(id, by, expiresAtMs, nowMs) {
      const replaced: number = await keys(id)
        .whereNull('revoked_at_ms')
        .whereNull('replaced_by')
        .where((inForce) => void inForce.whereNull('expires_at_ms').orWhere('expires_at_ms', '>', nowMs))
        .update({
          replaced_by: by,
          expires_at_ms: db.raw('case when expires_at_ms < ? then expires_at_ms else ? end', [
            expiresAtMs,
            expiresAtMs,
          ]),
        });
      return replaced > 0;
    },
  };
}
