import type { Knex } from '../../../../node_modules/knex/types/index.js';

export interface NamedMigration extends Knex.Migration {
  readonly name: string;
}
