import type { Knex } from 'knex';
import type { NamedMigration } from './migration.js';

/** What a decision made before rules were copied onto revisions is governed by: nobody may vote on it any more. */
const OLD_POLICY = {
  version: 'before-010',
  approvers: { users: [], emails: [], roles: [] },
  proposerMayVote: false,
  expireAfterMs: 86_400_000,
  startWithinMs: 3_600_000,
  breakGlass: false,
};

/**
 * Execution stories, reviews and checkpoints; what was proposed can no longer be rewritten. Recommendations of before get the
 * fields they lack: pending ones among them can only be rejected by nobody and expire, and the next diagnosis proposes anew.
 */
export const decisions: NamedMigration = {
  name: '010-decisions',
  async up(knex: Knex) {
    await knex.schema.createTable('execution_attempt', (table) => {
      table.text('execution').notNullable();
      table.integer('number').notNullable();
      table.double('at_ms').notNullable();
      table.text('document').notNullable();
      table.primary(['execution', 'number']);
    });
    await knex.schema.createTable('review', (table) => {
      table.text('recommendation').primary();
      table.boolean('open').notNullable().index();
      table.text('document').notNullable();
    });
    await knex.schema.createTable('checkpoint', (table) => {
      table.integer('size').primary();
      table.double('at_ms').notNullable();
      table.text('note').notNullable();
    });
    for (const { id, document } of await knex('recommendation').select<{ id: string; document: string }[]>(
      'id',
      'document',
    )) {
      const old = JSON.parse(document) as object;
      const filled = {
        policy: OLD_POLICY,
        proposedBy: { kind: 'system', subject: 'system', name: 'mlfi' },
        modelVersion: null,
        evidence: { headline: '', findings: [] },
        followUpTo: null,
        ...old,
      };
      await knex('recommendation')
        .where({ id })
        .update({ document: JSON.stringify(filled) });
    }
    for (const table of ['execution_attempt', 'verification', 'checkpoint']) await guard(knex, table, null);
    await guard(knex, 'recommendation', ['id', 'incident', 'model', 'created_at_ms', 'document']);
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};

/** Lets the database refuse to delete rows and to change the columns (null = any). */
async function guard(knex: Knex, table: string, columns: readonly string[] | null): Promise<void> {
  const told = `what ${table} holds is never changed or deleted`;
  if ((knex.client as Knex.Client).config.client === 'pg') {
    const changed =
      columns === null
        ? 'true'
        : `(${columns.map((name) => `OLD.${name}`).join(', ')}) IS DISTINCT FROM (${columns.map((name) => `NEW.${name}`).join(', ')})`;
    await knex.raw(
      `CREATE FUNCTION ${table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '${told}'; END IF;
         IF ${changed} THEN RAISE EXCEPTION '${told}'; END IF;
         RETURN NEW; END $$`,
    );
    await knex.raw(
      `CREATE TRIGGER ${table}_guard BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_guard()`,
    );
    return;
  }
  const of = columns === null ? '' : ` OF ${columns.join(', ')}`;
  for (const [name, change] of [
    ['update', `UPDATE${of}`],
    ['delete', 'DELETE'],
  ] as const) {
    await knex.raw(
      `CREATE TRIGGER ${table}_no_${name} BEFORE ${change} ON ${table} BEGIN SELECT RAISE(ABORT, '${told}'); END`,
    );
  }
}
