import type { Knex } from 'knex';
import { OutcomeUnknown } from '../domain/errors.js';
import { within } from '../domain/within.js';
import { mapped, StoreAway } from './border.js';

/** Rows a process writes its ids to, in turn: more than it has commits under way at the same time. */
const SLOTS = 64;
/** A commit that is not answered within this is asked for: its connection may be lost, or its server process stand still. */
const ANSWERED_WITHIN_MS = 5_000;
/** Whoever wrote it waits no longer than this to learn whether it happened, the time for the answer included. */
const WAITED_FOR_MS = 10_000;
const ASKED_EVERY_MS = 250;
/** Afterwards it is asked for until it is known, less often. */
const ASKED_LATER_EVERY_MS = 2_000;
const UNKNOWN =
  'the store does not say whether it has stored this; send it again, with the same batch_id it is counted once';

/**
 * Tells whether a commit whose answer was lost has happened: each writes an id of its own with what it writes, and whoever lost
 * the answer looks for the id. The row is locked until the lost transaction is over, so that nothing is read too early.
 */
export class CommitOutcomes {
  private commits = 0;
  /** Slots of commits that are under way, or asked for: no other takes them meanwhile. */
  private readonly taken = new Set<number>();
  private isClosed = false;

  /**
   * @param owner names this process, other than any before it
   * @param asking runs what asks in a transaction that waits for no lock for long: it is one of few connections
   */
  constructor(
    private readonly db: Knex,
    private readonly owner: string,
    private readonly asking: <T>(work: (on: Knex.Transaction) => Promise<T>) => Promise<T>,
    private readonly sleep: (ms: number) => Promise<void> = (ms) =>
      new Promise((resolve) => void setTimeout(resolve, ms).unref()),
  ) {}

  /**
   * Runs a transaction, and takes it for done when it was, whatever became of the answer.
   * @param transaction runs what it is given in a transaction
   * @throws what the transaction throws, when it has not been committed; OutcomeUnknown when the store does not say in time
   */
  async resolved<T>(
    transaction: (work: (on: Knex.Transaction) => Promise<T>) => Promise<T>,
    work: (on: Knex.Transaction) => Promise<T>,
  ): Promise<T> {
    const { slot, id } = this.next();
    const finished: { readonly value: T }[] = [];
    let commits = (): void => undefined;
    let holdsSlot = false;
    const isFinished = new Promise<void>((resolve) => (commits = resolve));
    const answered = transaction(async (on) => {
      finished.length = 0;
      holdsSlot = true;
      const written = on('commit_id').insert({ owner: this.owner, slot, id }).onConflict(['owner', 'slot']).merge();
      await mapped('the store', 'a commit', written);
      const value = await work(on);
      finished.push({ value });
      commits();
      return value;
    }).then(
      (value): Answer<T> => ({ value }),
      (error: unknown): Answer<T> => ({ error }),
    );
    await Promise.race([isFinished, answered]);
    const untilMs = performance.now() + WAITED_FOR_MS;
    const answer = await within<Answer<T>>(ANSWERED_WITHIN_MS, answered, () => ({
      error: new StoreAway('the store has not answered in time'),
    }));
    const [done] = finished;
    if ('value' in answer || !holdsSlot || (done === undefined && !(answer.error instanceof StoreAway))) {
      this.taken.delete(slot);
      if ('value' in answer) return answer.value;
      throw answer.error;
    }
    const happened = Promise.race([saidDone(answered), this.happened(slot, id)]);
    // A server process that nobody hears of any more may hold the slot's row.
    void happened.then(() => this.taken.delete(slot));
    // Nothing was committed before the work was done.
    if (done === undefined) throw answer.error;
    const hasHappened = await within<boolean | null>(
      Math.max(1, Math.ceil(untilMs - performance.now())),
      happened,
      () => null,
    );
    if (hasHappened === null) throw new OutcomeUnknown(UNKNOWN, happened);
    if (!hasHappened) throw answer.error;
    return done.value;
  }

  /** Asks for nothing more. @param isThere whether the store can be written: this process commits no more */
  async close(isThere: boolean): Promise<void> {
    this.isClosed = true;
    if (isThere) await this.db('commit_id').where({ owner: this.owner }).delete();
  }

  /** @throws StoreAway when as many commits as there are slots have no answer */
  private next(): { readonly slot: number; readonly id: number } {
    if (this.taken.size === SLOTS) throw new StoreAway('too many commits have no answer yet');
    do this.commits += 1;
    while (this.taken.has(this.commits % SLOTS));
    const id = this.commits;
    this.taken.add(id % SLOTS);
    return { slot: id % SLOTS, id };
  }

  /** Asks until the store says whether a commit has happened. */
  private async happened(slot: number, id: number): Promise<boolean> {
    const untilMs = performance.now() + WAITED_FOR_MS;
    while (!this.isClosed) {
      const found = await this.find(slot).catch(() => null);
      if (found !== null) return found === id;
      await this.sleep(performance.now() < untilMs ? ASKED_EVERY_MS : ASKED_LATER_EVERY_MS);
    }
    return never();
  }

  /** The id of the last commit under the slot; 0 for none. @throws while one is not over */
  private find(slot: number): Promise<number> {
    return this.asking(async (on) => {
      await on('commit_id').insert({ owner: this.owner, slot, id: 0 }).onConflict(['owner', 'slot']).ignore();
      const row: unknown = await on('commit_id').where({ owner: this.owner, slot }).first('id');
      return typeof row === 'object' && row !== null && 'id' in row ? Number(row.id) : 0;
    });
  }
}

type Answer<T> = { readonly value: T } | { readonly error: unknown };

const never = (): Promise<never> => new Promise(() => undefined);

/** An answer that comes after all; an error says nothing of what became of the commit. */
const saidDone = async (answered: Promise<Answer<unknown>>): Promise<boolean> =>
  'value' in (await answered) ? true : never();
