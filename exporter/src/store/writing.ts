import { setImmediate } from 'node:timers/promises';
import type { Knex } from 'knex';
import { inTime, inTransaction, mapped, StoreAway, StoreHeld } from './border.js';
import type { HeldFiles } from './held-files.js';
import type { Postgresql } from './postgresql.js';
import type { PostgresqlWriter } from './postgresql-writer.js';

/** A store that does not take a write within this is away. */
const CHECK_MS = 5_000;
const CHECKED_AGAIN_MS = 1_000;
/** So long after a lock was waited for in vain, the same is done with less patience: many locked rows would add up. */
const IMPATIENT_FOR_MS = 10_000;
const IMPATIENT_LOCK_MS = 250;
/** What commits write: locked as a whole by another session, none gets through. */
const COMMITTED = [
  ...['batch', 'window_profile', 'baseline', 'learning', 'ledger', 'waiting_label', 'label_evidence', 'commit_id'],
  ...['call_counters', 'feature_kinds', 'log_positions', 'drift_monitor', 'model'],
];

/** How a store is written, and by whom: by one process at a time. */
export interface Writing {
  /** Why nothing can be written, as far as is known; null when nothing is known against it. */
  awayBecause(): string | null;
  /** Whether another process is known to have taken it over. */
  isAnothers(): boolean;
  /** @throws StoreAway while it is known that the database answers nobody: who reads is not kept waiting either */
  expectAnswer(): void;
  /** Runs `work` in a transaction: all of it or nothing. @throws StoreAway at once when it is known that nothing can be written */
  transaction<T>(operation: string, work: (on: Knex.Transaction) => Promise<T>): Promise<T>;
  /** Runs what is written by itself, where need be in a transaction as well. */
  singly<T>(operation: string, work: (on: Knex) => Promise<T>): Promise<T>;
  /** @throws Error when nothing can be written; asked anew, whatever is known */
  check(): Promise<void>;
  /** Lets another process write. @returns what whoever stops mlfi is to be told, null when all was well */
  close(): Promise<string | null>;
}

const write = (on: Knex): PromiseLike<unknown> =>
  on('setting').insert({ name: 'checked', value: 'true' }).onConflict('name').merge();

/** One file, held by a lock of the operating system beside it. */
export class SqliteWriting implements Writing {
  constructor(
    private readonly db: Knex,
    private readonly place: string,
    private readonly held: HeldFiles,
  ) {}

  /** It is asked each time: a file does not keep anybody waiting. */
  awayBecause(): null {
    return null;
  }

  isAnothers(): boolean {
    return false;
  }

  expectAnswer(): void {
    // Nobody has to be asked over a network.
  }

  async transaction<T>(operation: string, work: (on: Knex.Transaction) => Promise<T>): Promise<T> {
    await this.held.stillThere();
    return inTransaction<Knex.Transaction, T>(this.place, operation, (run) => this.db.transaction(run), work);
  }

  async singly<T>(_operation: string, work: (on: Knex) => Promise<T>): Promise<T> {
    await this.held.stillThere();
    return work(this.db);
  }

  async check(): Promise<void> {
    await this.held.stillThere();
    await mapped(this.place, 'a check', inTime(CHECK_MS, write(this.db)));
  }

  close(): Promise<string | null> {
    return this.held.stoppedBecause();
  }
}

/** A database that others reach as well, and that can be away: each transaction begins by holding it against them. */
export class PostgresqlWriting implements Writing {
  private failed: string | null = null;
  private checking: Promise<void> | null = null;
  /** When an operation last waited for a lock in vain. */
  private readonly heldAtMs = new Map<string, number>();
  private readonly timer = setInterval(() => {
    if (this.failed !== null && this.writer.refusal() === null) this.check().catch(() => undefined);
  }, CHECKED_AGAIN_MS).unref();

  constructor(
    private readonly db: Postgresql['db'],
    private readonly place: string,
    private readonly writer: PostgresqlWriter,
  ) {}

  awayBecause(): string | null {
    return this.writer.refusal() ?? this.failed;
  }

  isAnothers(): boolean {
    return this.writer.isAnothers;
  }

  expectAnswer(): void {
    this.writer.expectAnswer();
  }

  async transaction<T>(operation: string, work: (on: Knex.Transaction) => Promise<T>): Promise<T> {
    // Whoever tries again and again must not keep the process from finding out that the database is back.
    if (this.awayBecause() !== null) await setImmediate();
    this.expect(this.awayBecause());
    const isImpatient = performance.now() - (this.heldAtMs.get(operation) ?? -Infinity) < IMPATIENT_FOR_MS;
    try {
      return await this.begin(operation, work, isImpatient ? IMPATIENT_LOCK_MS : null);
    } catch (error) {
      if (error instanceof StoreAway) this.failed = reasonOf(error);
      if (error instanceof StoreHeld) this.heldAtMs.set(operation, performance.now());
      // It may have been this one connection, or one row.
      if (error instanceof StoreAway || error instanceof StoreHeld) this.check().catch(() => undefined);
      throw error;
    }
  }

  singly<T>(operation: string, work: (on: Knex) => Promise<T>): Promise<T> {
    return this.transaction(operation, work);
  }

  check(): Promise<void> {
    this.checking ??= this.checkNow().finally(() => (this.checking = null));
    return this.checking;
  }

  close(): Promise<null> {
    clearInterval(this.timer);
    return Promise.resolve(null);
  }

  private async checkNow(): Promise<void> {
    await this.writer.regain();
    this.expect(this.writer.refusal());
    try {
      await inTime(
        CHECK_MS,
        this.begin(
          'a check',
          (on) =>
            mapped(
              this.place,
              'a check',
              on.raw(`lock table ${COMMITTED.join(', ')} in row exclusive mode`).then(() => write(on)),
            ),
          1_000,
        ),
      );
      this.failed = null;
    } catch (error) {
      this.failed = reasonOf(error);
      throw error;
    }
  }

  private expect(why: string | null): void {
    if (why !== null) throw new StoreAway(`${CANNOT}${why}`);
  }

  /** @param lockMs how long a lock is waited for; null for as long as the connection does */
  private begin<T>(operation: string, work: (on: Knex.Transaction) => Promise<T>, lockMs: number | null): Promise<T> {
    return inTransaction<Knex.Transaction, T>(
      this.place,
      operation,
      (run) => this.db.transaction(run),
      async (on) => {
        if (lockMs !== null) await mapped(this.place, operation, on.raw(`set local lock_timeout = ${lockMs}`));
        await mapped(this.place, operation, this.writer.hold(on));
        const done = await work(on);
        // PostgreSQL answers COMMIT without an error where a statement failed and nobody said so: nothing is committed then.
        await mapped(this.place, operation, on.raw('select 1'));
        return done;
      },
    );
  }
}

const CANNOT = 'the store cannot be used: ';

const reasonOf = (error: unknown): string => {
  const said = error instanceof Error ? error.message : String(error);
  return said.startsWith(CANNOT) ? said.slice(CANNOT.length) : said;
};
