import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import knex, { type Knex } from 'knex';
import { Unavailable } from '../domain/errors.js';
import type { GovernanceTransaction, IncrementStore, IncrementTransaction, Store } from '../domain/ports.js';
import { alertRepository } from './alerts.js';
import { apiKeyRepository } from './api-keys.js';
import { auditRepository } from './audit.js';
import { baselineRepository } from './baselines.js';
import { batchRepository } from './batches.js';
import { beforeWrites, guarded, inTransaction, storeError } from './border.js';
import { checkDocuments, type OwnersCodecs, type StoreCheck } from './check.js';
import { POSTGRESQL_LIMITS, SQLITE_LIMITS } from './chunks.js';
import { CommitOutcomes } from './commit-outcome.js';
import { readDecisionCounts } from './decision-counts.js';
import { decisionRepository } from './decisions.js';
import { governanceTransaction } from './governance.js';
import { damagedTables, rebuildIndexes } from './integrity.js';
import type { SetAside } from './documents.js';
import { expectNoLogAlone, HeldFiles } from './held-files.js';
import { incidentRepository } from './incidents.js';
import { labelEvidenceRepository } from './label-evidence.js';
import { ledgerRepository } from './ledger.js';
import { lessonRepository } from './lessons.js';
import { eraseFreedPages } from './migrations/130-log-file-headers.js';
import { migrationSource } from './migrations/index.js';
import { modelRepository } from './models.js';
import { modelStateRepository } from './model-states.js';
import { alertFeedbackRepository } from './alert-feedback.js';
import { rebuildInto } from './rebuild-sqlite.js';
import { settingRepository } from './settings.js';
import { validationRepository } from './validations.js';
import { windowRepository } from './windows.js';
import { LockPatience, type SqliteConnection } from './lock-patience.js';
import { lockWriter } from './writer-lock.js';

export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgresql'; readonly url: string; readonly poolSize: number };

/** One number every mlfi process agrees on: governance transactions queue behind it. */
const GOVERNANCE_LOCK = 7_305_611;
/** A store that does not take a write within this is away. */
const CHECK_MS = 5_000;
/** A connection that is not there within this is not waited for. */
const CONNECT_MS = 5_000;

/**
 * Opens the store and brings its schema up to date.
 * @param access `read` takes no writer's lock and changes nothing, for a look beside a running service
 * @param onDamaged is told of rows that cannot be read and are left out of lists, each time
 * @throws Error with the remedy when it cannot be opened, belongs to another process, or is from a newer mlfi
 */
export async function openStore(
  location: StoreLocation,
  access: 'write' | 'read' = 'write',
  onDamaged: SetAside = () => undefined,
): Promise<Store> {
  const unlock = location.kind === 'sqlite' && access === 'write' ? await lockSqlite(location.file) : NOTHING_LOCKED;
  const db = location.kind === 'sqlite' ? sqlite(location.file) : postgresql(location.url, location.poolSize);
  try {
    if (access === 'write') {
      // Nobody else holds the writer's lock, so that whoever was changing the schema was killed meanwhile.
      if (location.kind === 'sqlite') await db.migrate.forceFreeMigrationsLock({ migrationSource });
      await db.migrate.latest({ migrationSource });
      if (location.kind === 'sqlite') await eraseFreedPages(db);
    } else await db.raw('select 1 from audit limit 1');
  } catch (error) {
    await db.destroy();
    await unlock();
    throw new Error(openingProblem(location, error));
  }
  const held = location.kind === 'sqlite' && access === 'write' ? await HeldFiles.of(location.file) : HeldFiles.NONE;
  return storeOn(db, location, held, unlock, (damaged) => onDamaged(damaged.inStore(placeOf(location))));
}

/** Reads every document of a store of this or an earlier release; takes no lock and changes nothing. */
export async function checkDocumentsAt(location: StoreLocation, owners: OwnersCodecs): Promise<StoreCheck> {
  if (location.kind === 'sqlite' && !existsSync(location.file))
    throw new Error(`there is no store at ${location.file}`);
  const db = location.kind === 'sqlite' ? sqlite(location.file) : postgresql(location.url, location.poolSize);
  try {
    const tables = await damagedTables(db, location.kind, null);
    const { documents, damaged, unreadable } = await checkDocuments(db, owners);
    const more = unreadable.filter(({ table }) => !tables.some((known) => known.table === table));
    return {
      documents,
      damaged: damaged.map((each) => each.inStore(placeOf(location))),
      unreadable: [...tables, ...more],
    };
  } catch (error) {
    throw new Error(openingProblem(location, error));
  } finally {
    await db.destroy();
  }
}

/** Copies a store of SQLite into a new file, beside a running service. @throws Error when the file exists or cannot be written */
export async function backupSqlite(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new Error(`there is no store at ${from}`);
  if (existsSync(to)) throw new Error(`${to} exists already; name a new file`);
  const db = sqlite(from);
  try {
    // The mode of a file is settled before its content.
    makePrivate(to);
    await db.raw('VACUUM INTO ?', [to]);
  } catch (error) {
    rmSync(to, { force: true });
    throw new Error(openingProblem({ kind: 'sqlite', file: from }, error));
  } finally {
    await db.destroy();
  }
}

/**
 * Builds the indexes anew, with the service stopped. A SQLite store is written into a new file; the old one is kept beside it.
 * @returns where the old file is kept, null on PostgreSQL
 * @throws Error in words when a table itself is damaged; then nothing was changed
 */
export async function rebuildIndexesAt(location: StoreLocation): Promise<string | null> {
  if (location.kind === 'postgresql') {
    const db = postgresql(location.url, location.poolSize);
    try {
      await rebuildIndexes(db);
      return null;
    } catch (error) {
      throw new Error(openingProblem(location, error));
    } finally {
      await db.destroy();
    }
  }
  const { file } = location;
  if (!existsSync(file)) throw new Error(`there is no store at ${file}`);
  const unlock = await lockSqlite(file);
  const fresh = `${file}.rebuilt`;
  try {
    rmSync(fresh, { force: true });
    makePrivate(fresh);
    const db = sqlite(fresh);
    try {
      await rebuildInto(db, file);
    } finally {
      await db.destroy();
    }
    return exchange(file, fresh);
  } catch (error) {
    for (const end of ['', '-wal', '-shm']) rmSync(`${fresh}${end}`, { force: true });
    throw error;
  } finally {
    await unlock();
  }
}

/** Puts the rebuilt file in the place of the old one. @returns where the old one is kept */
function exchange(file: string, fresh: string): string {
  const kept = `${file}.damaged`;
  if (existsSync(kept)) throw new Error(`${kept} exists already; move it away first`);
  // The old write-ahead log belongs to the old file.
  for (const end of ['-wal', '-shm']) if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${kept}${end}`);
  renameSync(file, kept);
  renameSync(fresh, file);
  return kept;
}

const NOTHING_LOCKED = (): Promise<void> => Promise.resolve();

async function lockSqlite(file: string): Promise<() => Promise<void>> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  expectNoLogAlone(file);
  for (const owned of [file, `${file}.writer`]) makePrivate(owned);
  // Of a store that was made with another mode, and not closed.
  for (const end of ['-wal', '-shm', '.writer-journal']) if (existsSync(`${file}${end}`)) makePrivate(`${file}${end}`);
  return lockWriter(file);
}

/**
 * Readable by mlfi's user alone; SQLite gives -wal and -shm that it makes the mode of the file itself. A file that is there is not opened:
 * closing it again would give back every lock this process holds on it.
 */
function makePrivate(file: string): void {
  try {
    if (existsSync(file)) chmodSync(file, 0o600);
    else closeSync(openSync(file, 'ax', 0o600));
  } catch {
    // Opening it says what is wrong, in words.
  }
}

/** One connection: its queue makes every transaction wait for the one before. FULL: what is acknowledged survives power loss. */
function sqlite(file: string): Knex {
  const patience = new LockPatience();
  const db = knex({
    client: 'sqlite3',
    log: NOT_TOLD,
    connection: { filename: file },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate: (connection: SqliteConnection, done: (error: Error | null, connection: unknown) => void) => {
        patience.of(connection);
        connection.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;', (error) =>
          done(error, connection),
        );
      },
    },
  });
  patience.follow(db);
  return db;
}

/** Every error reaches the caller, who tells it once; knex would print it besides. */
const NOT_TOLD = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

function postgresql(url: string, poolSize: number): Knex {
  return knex({
    client: 'pg',
    log: NOT_TOLD,
    connection: { connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true },
    acquireConnectionTimeout: CONNECT_MS,
    pool: { min: 0, max: poolSize },
  });
}

function openingProblem(location: StoreLocation, error: unknown): string {
  const place = location.kind === 'sqlite' ? location.file : 'the PostgreSQL database';
  const said = error instanceof Error ? error.message : String(error);
  if (said.includes('migration directory is corrupt'))
    return `${place} was written by a newer version of mlfi; start that version, or restore an older backup`;
  if (/SQLITE_(NOTADB|CORRUPT)/.test(said) || said.includes('malformed'))
    return `${place} is damaged or is no SQLite file; restore a backup, or move it away to start anew`;
  if (said.includes('SQLITE_CANTOPEN'))
    return `${place} cannot be opened; check that the folder exists and may be written`;
  if (said.includes('SQLITE_FULL'))
    return `${place} cannot be opened: the disk is full; make room, and start mlfi again`;
  if (said.includes('SQLITE_READONLY'))
    return `${place} may not be written; check its owner and mode, and those of its folder`;
  if (said.includes('SQLITE_IOERR'))
    return `${place} cannot be read or written: the disk, or the network share it lies on, answers with errors`;
  if (/SQLITE_(BUSY|LOCKED)/.test(said))
    return `${place} is locked by another program (a backup, or a tool that has it open); end that, and start mlfi again`;
  if (said.includes('Migration table is already locked'))
    return `${place} is being brought up to date by another mlfi; wait for it, and start this one again. If none runs, one was killed meanwhile: run "update knex_migrations_lock set is_locked = 0" in the database first`;
  // A connection error of pg may repeat the connection string.
  if (location.kind === 'postgresql')
    return `${place} cannot be used (${error instanceof Error && 'code' in error ? String(error.code) : 'no answer'}); check database.url`;
  // What is before the database's own words is SQL.
  return `${place} cannot be opened: ${said.slice(said.lastIndexOf(' - ') + 1).replace(/^- /, '')}`;
}

type Guard = <T extends object>(name: string, repository: T) => T;

function storeOn(
  db: Knex,
  location: StoreLocation,
  held: HeldFiles,
  unlock: () => Promise<void>,
  setAside: SetAside,
): Store {
  const place = placeOf(location);
  const limits = location.kind === 'sqlite' ? SQLITE_LIMITS : POSTGRESQL_LIMITS;
  const guard: Guard = (name, repository) => guarded(repository, place, name);
  /** Where each write is a transaction of its own. */
  const guardSingly: Guard = (name, repository) =>
    guard(
      name,
      beforeWrites(repository, () => held.stillThere()),
    );
  const ofIncrements = (on: Knex, by: Guard): IncrementStore => ({
    baselines: by('baselines', baselineRepository(on)),
    windows: by('windows', windowRepository(on, limits)),
    ledger: by('ledger', ledgerRepository(on, location.kind, limits)),
    labelEvidence: by('label evidence', labelEvidenceRepository(on)),
    batches: by('batches', batchRepository(on)),
    settings: by('settings', settingRepository(on)),
    callCounters: by('call counters', modelStateRepository(on, 'call_counters')),
    featureKinds: by('feature kinds', modelStateRepository(on, 'feature_kinds')),
    driftMonitors: by('drift monitors', modelStateRepository(on, 'drift_monitor')),
  });
  const governed = async <T>(on: Knex.Transaction, work: (with_: GovernanceTransaction) => Promise<T>): Promise<T> => {
    if (location.kind === 'postgresql')
      await mapped(place, 'waiting for other decisions', on.raw('select pg_advisory_xact_lock(?)', [GOVERNANCE_LOCK]));
    return work({
      ...guard('governance', governanceTransaction(on, setAside)),
      apiKeys: guard('API keys', apiKeyRepository(on)),
      models: guard('models', modelRepository(on, place)),
      incidents: guard('incidents', incidentRepository(on, limits, setAside)),
      lessons: guard('lessons', lessonRepository(on, setAside)),
      decisions: guard('decisions', decisionRepository(on, setAside)),
      alertFeedback: guard('alert feedback', alertFeedbackRepository(on, setAside)),
      validations: guard('validations', validationRepository(on, setAside)),
      settings: guard('settings', settingRepository(on)),
    });
  };
  const increments = (on: Knex.Transaction): IncrementTransaction => ({
    ...ofIncrements(on, guard),
    governance: (work) => governed(on, work),
  });
  const transaction = async <T>(operation: string, work: (on: Knex.Transaction) => Promise<T>): Promise<T> => {
    await held.stillThere();
    return inTransaction<Knex.Transaction, T>(place, operation, (run) => db.transaction(run), work);
  };
  // A commit of SQLite is answered in this process: there is nothing to lose on the way.
  const outcomes = location.kind === 'postgresql' ? new CommitOutcomes(db, randomUUID()) : null;
  const committed = <T>(work: (on: Knex.Transaction) => Promise<T>): Promise<T> => transaction('a commit', work);
  return {
    ...ofIncrements(db, guardSingly),
    models: guardSingly('models', modelRepository(db, place)),
    incidents: guardSingly('incidents', incidentRepository(db, limits, setAside)),
    decisions: guardSingly('decisions', decisionRepository(db, setAside)),
    audit: guardSingly('audit', auditRepository(db)),
    lessons: guardSingly('lessons', lessonRepository(db, setAside)),
    alertFeedback: guardSingly('alert feedback', alertFeedbackRepository(db, setAside)),
    validations: guardSingly('validations', validationRepository(db, setAside)),
    apiKeys: guardSingly('API keys', apiKeyRepository(db)),
    alerts: guardSingly('alerts', alertRepository(db, setAside)),
    governance: (work) => transaction('a decision', (on) => governed(on, work)),
    atomic: (_shard, _epoch, work) =>
      outcomes === null
        ? committed((on) => work(increments(on)))
        : outcomes.resolved(committed, (on) => work(increments(on))),
    ...guard('store', {
      decisionCounts: () => readDecisionCounts(db),
      damagedTables: (among: readonly string[] | null) => damagedTables(db, location.kind, among),
      check: async () => {
        await held.stillThere();
        await within(CHECK_MS, db('setting').insert({ name: 'checked', value: 'true' }).onConflict('name').merge());
      },
    }),
    async close() {
      const why = await held.stoppedBecause();
      await outcomes?.close().catch(() => undefined);
      await db.destroy();
      await unlock();
      if (why !== null) throw new Error(why);
    },
  };
}

/** The store as people know it; a PostgreSQL address may hold a password. */
const placeOf = (location: StoreLocation): string =>
  location.kind === 'sqlite' ? location.file : 'the PostgreSQL database';

async function mapped<T>(place: string, operation: string, asked: PromiseLike<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw storeError(place, operation, error);
  }
}

/** @throws Unavailable when nothing came in time; what was asked goes on, and nobody waits for it */
async function within(ms: number, asked: PromiseLike<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unavailable(`the store has not answered within ${ms / 1_000} s`)), ms);
  });
  try {
    await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
