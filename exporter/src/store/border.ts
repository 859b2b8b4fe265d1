import type { Knex } from 'knex';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { Conflict, Invalid, isAppError, Unavailable } from '../domain/errors.js';
import { within } from '../domain/within.js';

/** A statement the database refused. Neither SQL nor values are in it: knex writes both into its messages. */
class StoreFailed extends Error {
  /** @param code the database's own code, e.g. `SQLITE_CONSTRAINT` or `23502` */
  constructor(
    store: string,
    operation: string,
    readonly code: string,
  ) {
    super(`${store}: ${operation} failed (${code})`);
    this.name = 'StoreFailed';
  }
}

/** The database itself takes nothing now. */
export class StoreAway extends Unavailable {}

/** What is to be written cannot be now; what else there is perhaps can. */
export class StoreHeld extends Unavailable {}

const HELD: Readonly<Record<string, string>> = {
  '55P03': 'another session of the database has locked what is to be written; end that',
  '57014': 'the database broke it off; was it cancelled, or is statement_timeout too short?',
};

/** Codes of a store that cannot be used now. */
const AWAY = [
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES)$/,
  // PostgreSQL: connection exceptions, lost resources, operator intervention, read-only.
  // https://www.postgresql.org/docs/current/errcodes-appendix.html
  /^(08...|53...|57...|25006)$/,
  /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|PROTOCOL|MISUSE|CORRUPT|NOTADB)$/,
];
const CONNECTION_LOST =
  /connection (terminated|ended)|timeout|client has encountered a connection error|not queryable|acquiring a connection|unable to acquire/i;

const REASONS: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full',
  SQLITE_BUSY: 'another program has locked the file (a backup, or a tool that has it open); end that',
  SQLITE_LOCKED: 'another program has locked the file (a backup, or a tool that has it open); end that',
  SQLITE_IOERR: 'the disk answers with errors',
  SQLITE_CANTOPEN: 'the file cannot be opened; was its folder moved?',
  SQLITE_READONLY: 'the file may not be written',
  SQLITE_CORRUPT: 'the file is damaged; "mlfi store check" says which part; restore a backup',
  SQLITE_NOTADB: 'the file is damaged; restore a backup',
  '53100': 'its disk is full',
  '53300': 'it has no connection left',
  '25006': 'it takes reads only',
};

/** The end of the message is SQLite's, what is before it may hold anything. */
const UNIQUE_IN_SQLITE = / - SQLITE_CONSTRAINT: UNIQUE constraint failed: [\w., ]+$/;

/**
 * What a database's error is to the rest of mlfi. The only place that reads such errors: none leaves the store as it came.
 * @param store the file, or the name of the database
 * @param operation what was asked of the store, e.g. `baselines.save`
 */
function storeError(store: string, operation: string, error: unknown): Error {
  if (error instanceof StoreDocumentDamaged) return error.store === null ? error.inStore(store) : error;
  if (error instanceof Error && isOurs(error)) return error;
  const message = error instanceof Error ? error.message : '';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '23505' || UNIQUE_IN_SQLITE.test(message))
    return new Conflict(`${operation}: there is one with this identity already`);
  if (code === '22021') return new Invalid('a text holds a character that cannot be stored (NUL, or no valid UTF-8)');
  const held = HELD[code];
  if (held !== undefined) return new StoreHeld(held);
  if (AWAY.some((codes) => codes.test(code)) || (code === '' && CONNECTION_LOST.test(message)))
    return new StoreAway(`the store cannot be used: ${REASONS[code] ?? (code === '' ? 'no answer in time' : code)}`);
  return new StoreFailed(store, operation, code === '' ? nameOf(error) : code);
}

/** Waits for what was asked of a database, so long. @throws StoreAway when nothing came in time */
export const inTime = <T>(ms: number, asked: PromiseLike<T>): Promise<T> =>
  within(ms, asked, () => {
    throw new StoreAway(`the store has not answered within ${ms / 1_000} s`);
  });

/** Waits for what was asked of a database. @throws what `storeError` makes of its error */
export async function mapped<T>(store: string, operation: string, asked: PromiseLike<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw storeError(store, operation, error);
  }
}

/** Told already, or a fault of the program: no driver throws those. */
const isOurs = (error: Error): boolean =>
  error instanceof StoreFailed ||
  isAppError(error) ||
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError;

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'no error');

/**
 * The same repository; what its methods throw is what `storeError` makes of it.
 * @param first throws where nothing is to be asked
 */
export function guarded<T extends object>(
  repository: T,
  store: string,
  name: string,
  first: () => void = () => undefined,
): T {
  return new Proxy(repository, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]): Promise<unknown> => {
        try {
          first();
          return await Reflect.apply(member, target, given);
        } catch (error) {
          throw storeError(store, `${name}.${String(key)}`, error);
        }
      };
    },
  });
}

/** What a repository only reads by; whatever else it has writes. */
const READS =
  /^(at|checkpoints|current|find|get|head|isActionUnderWay|labelledAmong|labelsWaiting|learning|list|newest|newestOutlines|openFor|range|read|versions|waitingAmong)$/;

/** The same repository, whose writes are made by `write`. */
export function writingBy<T extends object>(
  repository: T,
  write: (method: PropertyKey, given: readonly unknown[]) => Promise<unknown>,
): T {
  return new Proxy(repository, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== 'function' || READS.test(String(key))) return member;
      return (...given: unknown[]): Promise<unknown> => write(key, given);
    },
  });
}

/** Calls a method by its name. */
export async function called(repository: object, method: PropertyKey, given: readonly unknown[]): Promise<unknown> {
  const member: unknown = Reflect.get(repository, method);
  return typeof member === 'function' ? await Reflect.apply(member, repository, given) : undefined;
}

/**
 * Runs a transaction of a repository, or a part of one: all of `work` or nothing.
 * @throws what `work` throws, not that SQLite had rolled back already
 */
export async function wholly<T>(db: Knex, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
  const thrown: { error: unknown }[] = [];
  try {
    return await db.transaction((transaction) =>
      work(transaction).catch((error: unknown) => {
        thrown.push({ error });
        throw error;
      }),
    );
  } catch (error) {
    const [own] = thrown;
    throw own === undefined ? error : own.error;
  }
}

/**
 * Runs a transaction. What `work` itself throws passes as it is, also where the transaction could not be rolled back: SQLite has
 * done that itself when the disk was full. What begin and commit throw is mapped.
 * @param begin opens the transaction and commits what it is given
 */
export async function inTransaction<Transaction, T>(
  store: string,
  operation: string,
  begin: (run: (transaction: Transaction) => Promise<T>) => Promise<T>,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const thrown: { error: unknown }[] = [];
  try {
    return await begin(async (transaction) => {
      try {
        return await work(transaction);
      } catch (error) {
        thrown.push({ error });
        throw error;
      }
    });
  } catch (error) {
    const [own] = thrown;
    throw own === undefined ? storeError(store, operation, error) : own.error;
  }
}
