import knex, { type Knex } from 'knex';
import { expect, it } from 'vitest';
import { StoreAway } from '../../../exporter/src/store/border.js';
import { CommitOutcomes } from '../../../exporter/src/store/commit-outcome.js';

async function database(): Promise<Knex> {
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
  return db;
}

it('says of a commit that happened that it did, however many came while it was asked for', async () => {
  const db = await database();
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

it('writes under no slot that a server process may hold of which nobody hears any more, until it is over', async () => {
  const db = await database();
  let isOver = false;
  const asking = <T>(work: (on: Knex.Transaction) => Promise<T>): Promise<T> =>
    isOver ? db.transaction(work) : Promise.reject(new Error('lock timeout'));
  const outcomes = new CommitOutcomes(db, 'me', asking, () => new Promise((resolve) => setTimeout(resolve, 1)));
  const commit = (fails: Error | null): Promise<unknown> =>
    outcomes.resolved(
      (work) => db.transaction(work),
      () => (fails === null ? Promise.resolve() : Promise.reject(fails)),
    );
  const slots = async (): Promise<number> => (await db('commit_id').where('id', '>', 0)).length;
  await expect(commit(new Error('a statement'))).rejects.toThrow('a statement');
  await expect(commit(new StoreAway('no answer in time'))).rejects.toThrow('no answer in time');
  for (let i = 0; i < 130; i += 1) await commit(null);
  expect(await slots()).toBe(63);
  isOver = true;
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 64; i += 1) await commit(null);
  expect(await slots()).toBe(64);
  await db.destroy();
});
