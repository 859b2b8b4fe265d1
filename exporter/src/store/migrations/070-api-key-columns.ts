import type { Knex } from 'knex';
import { z } from 'zod';
import { parsedJson } from './parsed-json.js';
import type { NamedMigration } from './migration.js';

const used = z.looseObject({ lastUsedAtMs: z.number().nullable(), revokedAtMs: z.number().nullable() });

/** What changes of a key becomes columns: as parts of one document, writing the last use could undo a revocation. */
export const apiKeyColumns: NamedMigration = {
  name: '070-api-key-columns',
  async up(knex: Knex) {
    await knex.schema.alterTable('api_key', (table) => {
      table.double('expires_at_ms');
      table.double('last_used_at_ms');
      table.double('revoked_at_ms');
      table.text('replaced_by');
    });
    const rows = await knex('api_key').select<{ id: string; document: string }[]>('id', 'document');
    for (const { id, document } of rows) {
      const { data } = used.safeParse(parsedJson(document));
      // A damaged one stays as it is, and the store says so when it is read.
      if (data === undefined) continue;
      const { lastUsedAtMs, revokedAtMs, ...made } = data;
      await knex('api_key')
        .where({ id })
        .update({ document: JSON.stringify(made), last_used_at_ms: lastUsedAtMs, revoked_at_ms: revokedAtMs });
    }
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
