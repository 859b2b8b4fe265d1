import { Unavailable } from '../domain/errors.js';
import type { Store } from '../domain/ports.js';

/** Of the system, pg, knex and SQLite: the store cannot be reached or written now, and nothing is wrong with what was asked. */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'SQLITE_BUSY',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
]);
/**
 * SQLSTATE: connection exceptions (08), lost resources (53), operator intervention (57P), read-only transaction (25006),
 * lock not available (55P03). https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATE = /^(08...|53...|57P..|57014|25006|55P03)$/;
const MESSAGES =
  /connection terminated|timeout expired|client has encountered a connection error|not queryable|acquiring a connection|unable to acquire/i;

/** True when the same call may succeed later, unchanged. */
export function isStoreAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isStoreAway)) return true;
  const code = 'code' in error ? String(error.code) : '';
  return CODES.has(code) || SQLSTATE.test(code) || MESSAGES.test(error.message);
}

/** The store, whose calls are refused as `Unavailable` while it is away; any other error is passed on as it is. */
export function tellingUnavailable(store: Store): Store {
  const retold = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      throw new Unavailable('the store cannot be reached now; send the request again', 5);
    }
  };
  const made = new WeakMap<object, object>();
  const guarded = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name, receiver): unknown {
        const found: unknown = Reflect.get(target, name, receiver);
        if ((typeof found !== 'object' && typeof found !== 'function') || found === null) return found;
        const known = made.get(found);
        if (known !== undefined) return known;
        const guard =
          typeof found === 'object'
            ? guarded(found)
            : (...args: unknown[]): unknown => {
                const result: unknown = Reflect.apply(found, target, args);
                return result instanceof Promise ? retold(result) : result;
              };
        made.set(found, guard);
        return guard;
      },
    });
  return guarded(store);
}
