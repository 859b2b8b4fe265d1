import type { Knex } from 'knex';

/** Lets the database refuse to change or delete rows of a table. */
export async function forbidChanges(knex: Knex, table: string): Promise<void> {
  if ((knex.client as Knex.Client).config.client === 'pg') {
    await knex.raw(
      `CREATE FUNCTION ${table}_is_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rows of ${table} are never changed or deleted'; END $$`,
    );
    await knex.raw(
      `CREATE TRIGGER ${table}_is_history BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_is_history()`,
    );
    return;
  }
  for (const change of ['UPDATE', 'DELETE']) {
    await knex.raw(
      `CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} BEGIN SELECT RAISE(ABORT, 'rows of ${table} are never changed or deleted'); END`,
    );
  }
}
