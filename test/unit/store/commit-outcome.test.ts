import knex from 'knex';
import { expect, it } from 'vitest';
import { CommitOutcomes } from '../../../exporter/src/store/commit-outcome.js';

it('says of a commit that happened that it did, however many came while it was asked for', async () => {
  const db = knex({
    client: 'sqlite3',
    connection: { filename: ':memory:' },
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  });
  await db.schema.createTable('commit_id', (table) => {
    table.text('owner');
    table.integer('slot');
    table.integer('id');
    table.unique(['owner', 'slot']);
  });
  // The first look finds no table; then it is back, and as many others commit as there are slots.
  const again = async (): Promise<void> => {
    await db.schema.renameTable('away', 'commit_id');
    for (let i = 0; i < 64; i += 1)
      await outcomes.resolved(
        (work) => db.transaction(work),
        () => Promise.resolve('other'),
      );
  };
  const outcomes: CommitOutcomes = new CommitOutcomes(db, 'me', (work) => db.transaction(work), again);
  const lost = outcomes.resolved(
    async (work) => {
      await db.transaction(work);
      await db.schema.renameTable('commit_id', 'away');
      throw new Error('the answer to COMMIT is lost');
    },
    () => Promise.resolve('stored'),
  );
  await expect(lost).resolves.toBe('stored');
  await db.destroy();
});
