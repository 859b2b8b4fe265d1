import type { Knex } from 'knex';

/** A connection of node-sqlite3, as far as it is used here. */
export interface SqliteConnection {
  exec(sql: string, done: (error: Error | null) => void): void;
  configure(option: 'busyTimeout', ms: number): void;
}

/** A backup or a look into the file holds its lock for moments. */
const PATIENT_MS = 5_000;
/** Who has waited that long in vain waits for somebody who does not let go. */
const IMPATIENT_MS = 100;
const WRITES = /^\s*(insert|update|delete)/i;

/**
 * How long a statement waits while another program has locked the file. All statements share one connection, so that each
 * wait holds up every read behind it, and a stop, which writes once for each model, all the longer: the first waits long,
 * those after it hardly, until a write is through again.
 */
export class LockPatience {
  private connection: SqliteConnection | null = null;
  private isPatient = true;

  /** Takes over a connection that was just opened. */
  of(connection: SqliteConnection): void {
    this.connection = connection;
    this.set(true);
  }

  /** Learns from what becomes of the statements. */
  follow(db: Knex): void {
    db.on('query-error', (error: unknown) => {
      if (error instanceof Error && 'code' in error && (error.code === 'SQLITE_BUSY' || error.code === 'SQLITE_LOCKED'))
        this.set(false);
    });
    db.on('query-response', (_: unknown, { sql }: { sql: string }) => {
      if (!this.isPatient && WRITES.test(sql)) this.set(true);
    });
  }

  private set(isPatient: boolean): void {
    this.isPatient = isPatient;
    this.connection?.configure('busyTimeout', isPatient ? PATIENT_MS : IMPATIENT_MS);
  }
}
