import type { Knex } from 'knex';
import { OutcomeUnknown } from '../domain/errors.js';

/** Rows a process writes its ids to, in turn: more than it has commits under way at the same time. */
const SLOTS = 64;
/** How long an unknown outcome is asked for: a server that was killed has recovered by then, or nobody waits any more. */
const ASKED_FOR_MS = 60_000;
const ASKED_EVERY_MS = 250;
const UNKNOWN =
  'the store does not say whether it has stored this; send it again, with the same batch_id it is counted once';

/**
 * Tells whether a commit whose answer was lost has happened: each writes an id of its own with what it writes, and whoever lost
 * the answer looks for the id. The row is locked until the lost transaction is over, so that nothing is read too early.
 */
export class CommitOutcomes {
  private commits = 0;
  /** Slots of commits that are asked for: no other takes them meanwhile. */
  private readonly asked = new Set<number>();

  /** @param owner names this process, other than any before it */
  constructor(
    private readonly db: Knex,
    private readonly owner: string,
    private readonly sleep: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {}

  /**
   * Runs a transaction, and takes it for done when it was, whatever became of the answer.
   * @param transaction runs what it is given in a transaction
   * @throws what the transaction throws, when it has not been committed; OutcomeUnknown when the store does not say
   */
  async resolved<T>(
    transaction: (work: (on: Knex.Transaction) => Promise<T>) => Promise<T>,
    work: (on: Knex.Transaction) => Promise<T>,
  ): Promise<T> {
    do this.commits += 1;
    while (this.asked.has(this.commits % SLOTS));
    const slot = this.commits % SLOTS;
    const id = this.commits;
    const finished: { readonly value: T }[] = [];
    try {
      return await transaction(async (on) => {
        finished.length = 0;
        await on('commit_id').insert({ owner: this.owner, slot, id }).onConflict(['owner', 'slot']).merge();
        const value = await work(on);
        finished.push({ value });
        return value;
      });
    } catch (error) {
      const [done] = finished;
      // Nothing was committed before the work was done.
      if (done === undefined) throw error;
      this.asked.add(slot);
      const hasHappened = await this.happened(slot, id).finally(() => this.asked.delete(slot));
      if (hasHappened === null) throw new OutcomeUnknown(UNKNOWN);
      if (!hasHappened) throw error;
      return done.value;
    }
  }

  /** This process commits no more. */
  async close(): Promise<void> {
    await this.db('commit_id').where({ owner: this.owner }).delete();
  }

  /** @returns null where the store does not say within the time */
  private async happened(slot: number, id: number): Promise<boolean | null> {
    for (let waitedMs = 0; waitedMs < ASKED_FOR_MS; waitedMs += ASKED_EVERY_MS) {
      const found = await this.find(slot).catch(() => null);
      if (found !== null) return found === id;
      await this.sleep(ASKED_EVERY_MS);
    }
    return null;
  }

  /** The id of the last commit under the slot; 0 for none. Waits for one that is not over. */
  private async find(slot: number): Promise<number> {
    await this.db('commit_id').insert({ owner: this.owner, slot, id: 0 }).onConflict(['owner', 'slot']).ignore();
    const row: unknown = await this.db('commit_id').where({ owner: this.owner, slot }).first('id');
    return typeof row === 'object' && row !== null && 'id' in row ? Number(row.id) : 0;
  }
}
