import { Socket } from 'node:net';
import { hostname } from 'node:os';
import knex, { type Knex } from 'knex';
import type { Client } from 'pg';
import { NOT_TOLD } from './knex-log.js';

/** A connection that is not there within this is not waited for. */
export const CONNECT_MS = 5_000;
/** A lock of another session is waited for this long: then whoever writes is told. */
const LOCK_MS = 3_000;
/** A transaction in which nothing is asked for so long is of a process that stands still: nobody waits for its locks any longer. */
const IDLE_MS = 20_000;
/** A connection on which nothing comes or goes for so long is lost on the way, or has nothing to do: it is given up. */
const SILENT_MS = 30_000;
const SESSION = `set lock_timeout = ${LOCK_MS}; set idle_in_transaction_session_timeout = ${IDLE_MS}`;

/** How sessions of this process are known to whoever looks at the database; at most 63 characters of ASCII. */
export const SESSION_NAME = `mlfi on ${hostname().replace(/[^\x20-\x7e]/g, '?')}`.slice(0, 63);

/** The connections to a PostgreSQL database. */
export interface Postgresql {
  readonly db: Knex;
  /** From now on nothing takes long: what gets no answer fails. A migration before may take as long as it needs. */
  expectAnswers(): void;
  /** Gives up every connection: what is asked on it fails now, and the next statement makes a new one. */
  dropAll(): void;
}

/** Makes connections when they are needed. @param poolSize how many at most */
export function postgresql(url: string, poolSize: number): Postgresql {
  const open = new Set<Socket>();
  let silentMs = 0;
  const stream = (): Socket => {
    const socket = new Socket().setTimeout(silentMs);
    open.add(socket.once('close', () => open.delete(socket)).once('timeout', () => socket.destroy()));
    return socket;
  };
  const db = knex({
    client: 'pg',
    log: NOT_TOLD,
    connection: {
      connectionString: url,
      application_name: SESSION_NAME,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream,
    },
    acquireConnectionTimeout: CONNECT_MS,
    pool: {
      min: 0,
      max: poolSize,
      createTimeoutMillis: 2 * CONNECT_MS,
      afterCreate: (client: Client, done: (error: Error | null, client: unknown) => void) => {
        client.query(SESSION).then(
          () => done(null, client),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), client),
        );
      },
    },
  });
  return {
    db,
    expectAnswers() {
      silentMs = SILENT_MS;
      for (const socket of open) socket.setTimeout(silentMs);
    },
    dropAll() {
      for (const socket of open) socket.destroy();
    },
  };
}
