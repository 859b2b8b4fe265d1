import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import knex, { type Knex } from 'knex';
import type { Store } from '../domain/ports.js';
import { alertRepository } from './alerts.js';
import { apiKeyRepository } from './api-keys.js';
import { auditRepository } from './audit.js';
import { baselineRepository } from './baselines.js';
import { tellingUnavailable } from './availability.js';
import { batchRepository } from './batches.js';
import { readDecisionCounts } from './decision-counts.js';
import { governanceTransaction } from './governance.js';
import { incidentRepository } from './incidents.js';
import { ledgerRepository } from './ledger.js';
import { lessonRepository } from './lessons.js';
import { migrationSource } from './migrations/index.js';
import { modelRepository } from './models.js';
import { alertFeedbackRepository } from './alert-feedback.js';
import { settingRepository } from './settings.js';
import { validationRepository } from './validations.js';
import { windowRepository } from './windows.js';
import { lockWriter } from './writer-lock.js';

export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgresql'; readonly url: string; readonly poolSize: number };

/** A server that does not answer by then counts as away. */
const CONNECTION_MS = 5_000;
/** One number every mlfi process agrees on: governance transactions queue behind it. */
const GOVERNANCE_LOCK = 7_305_611;

/**
 * Opens the store and brings its schema up to date.
 * @param access `read` takes no writer's lock and changes nothing, for a look beside a running service
 * @throws Error with the remedy when it cannot be opened, belongs to another process, or is from a newer mlfi
 */
export async function openStore(location: StoreLocation, access: 'write' | 'read' = 'write'): Promise<Store> {
  const unlock = location.kind === 'sqlite' && access === 'write' ? await lockSqlite(location.file) : NOTHING_LOCKED;
  const db = location.kind === 'sqlite' ? sqlite(location.file) : postgresql(location.url, location.poolSize);
  try {
    if (access === 'write') await db.migrate.latest({ migrationSource });
    else await db.raw('select 1 from audit limit 1');
  } catch (error) {
    await db.destroy();
    await unlock();
    throw new Error(openingProblem(location, error));
  }
  return tellingUnavailable(storeOn(db, location.kind, unlock));
}

const NOTHING_LOCKED = (): Promise<void> => Promise.resolve();

function lockSqlite(file: string): Promise<() => Promise<void>> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return lockWriter(file);
}

/** One connection: its queue makes every transaction wait for the one before. FULL: what is acknowledged survives power loss. */
function sqlite(file: string): Knex {
  return knex({
    client: 'sqlite3',
    connection: { filename: file },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate: (
        connection: { exec(sql: string, done: (error: Error | null) => void): void },
        done: (error: Error | null, connection: unknown) => void,
      ) => {
        connection.exec(
          'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;',
          (error) => done(error, connection),
        );
      },
    },
  });
}

function postgresql(url: string, poolSize: number): Knex {
  return knex({
    client: 'pg',
    connection: { connectionString: url, connectionTimeoutMillis: CONNECTION_MS, keepAlive: true },
    acquireConnectionTimeout: 2 * CONNECTION_MS,
    pool: { min: 0, max: poolSize },
  });
}

function openingProblem(location: StoreLocation, error: unknown): string {
  const place = location.kind === 'sqlite' ? location.file : 'the PostgreSQL database';
  const said = error instanceof Error ? error.message : String(error);
  if (said.includes('migration directory is corrupt'))
    return `${place} was written by a newer version of mlfi; start that version, or restore an older backup`;
  if (said.includes('SQLITE_NOTADB') || said.includes('malformed'))
    return `${place} is damaged or is no SQLite file; restore a backup, or move it away to start anew`;
  if (said.includes('SQLITE_CANTOPEN'))
    return `${place} cannot be opened; check that the folder exists and may be written`;
  // A connection error of pg may repeat the connection string.
  if (location.kind === 'postgresql')
    return `${place} cannot be used (${error instanceof Error && 'code' in error ? String(error.code) : 'no answer'}); check database.url`;
  return `${place} cannot be opened: ${said}`;
}

function storeOn(db: Knex, kind: StoreLocation['kind'], unlock: () => Promise<void>): Store {
  return {
    models: modelRepository(db),
    baselines: baselineRepository(db),
    windows: windowRepository(db),
    ledger: ledgerRepository(db),
    batches: batchRepository(db),
    incidents: incidentRepository(db),
    audit: auditRepository(db),
    lessons: lessonRepository(db),
    alertFeedback: alertFeedbackRepository(db),
    validations: validationRepository(db),
    apiKeys: apiKeyRepository(db),
    settings: settingRepository(db),
    alerts: alertRepository(db),
    decisionCounts: () => readDecisionCounts(db),
    governance: (work) =>
      db.transaction(async (transaction) => {
        if (kind === 'postgresql') await transaction.raw('select pg_advisory_xact_lock(?)', [GOVERNANCE_LOCK]);
        return work(governanceTransaction(transaction));
      }),
    atomic: (work) =>
      db.transaction((transaction) =>
        work({
          baselines: baselineRepository(transaction),
          windows: windowRepository(transaction),
          ledger: ledgerRepository(transaction),
          batches: batchRepository(transaction),
          settings: settingRepository(transaction),
        }),
      ),
    async check() {
      await db('setting').insert({ name: 'checked', value: 'true' }).onConflict('name').merge();
    },
    async close() {
      await db.destroy();
      await unlock();
    },
  };
}
