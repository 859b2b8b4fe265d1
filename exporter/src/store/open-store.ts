import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import knex, { type Knex } from 'knex';
import type { GovernanceTransaction, IncrementStore, IncrementTransaction, Store } from '../domain/ports.js';
import { alertRepository } from './alerts.js';
import { apiKeyRepository } from './api-keys.js';
import { auditRepository } from './audit.js';
import { baselineRepository } from './baselines.js';
import { batchRepository } from './batches.js';
import { called, guarded, mapped, writingBy } from './border.js';
import { checkDocuments, type OwnersCodecs, type StoreCheck } from './check.js';
import { POSTGRESQL_LIMITS, SQLITE_LIMITS } from './chunks.js';
import { CommitOutcomes } from './commit-outcome.js';
import { readDecisionCounts } from './decision-counts.js';
import { decisionRepository } from './decisions.js';
import { governanceTransaction } from './governance.js';
import { damagedTables, damageIn, rebuildIndexes } from './integrity.js';
import type { SetAside } from './documents.js';
import { expectNoLogAlone, fileItself, HeldFiles } from './held-files.js';
import { incidentRepository } from './incidents.js';
import { labelEvidenceRepository } from './label-evidence.js';
import { ledgerRepository } from './ledger.js';
import { lessonRepository } from './lessons.js';
import { NOT_TOLD } from './knex-log.js';
import { eraseFreedPages } from './migrations/130-log-file-headers.js';
import { MIGRATIONS, migrationSource } from './migrations/index.js';
import { modelRepository } from './models.js';
import { modelStateRepository } from './model-states.js';
import { codeOf, copyingProblem, openingProblem, placeOf, type StoreLocation } from './opening-problem.js';
import { alertFeedbackRepository } from './alert-feedback.js';
import { postgresql } from './postgresql.js';
import { DatabaseInUse, PostgresqlWriter } from './postgresql-writer.js';
import { rebuildInto } from './rebuild-sqlite.js';
import { settingRepository } from './settings.js';
import { validationRepository } from './validations.js';
import { windowRepository } from './windows.js';
import { LockPatience, type SqliteConnection } from './lock-patience.js';
import { lockWriter } from './writer-lock.js';
import { PostgresqlWriting, SqliteWriting, type Writing } from './writing.js';

export type { StoreLocation } from './opening-problem.js';

/** One number every mlfi process agrees on: governance transactions queue behind it. */
const GOVERNANCE_LOCK = 7_305_611;
/** How long whoever asks what became of a commit waits for it to be over, each time. */
const ASKING_LOCK_MS = 250;

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
  const { db, held, writer, unlock, expectAnswers } = await openDatabase(location, access);
  if (access === 'write') expectAnswers();
  const place = placeOf(location);
  const writing =
    writer === null ? new SqliteWriting(db, place, await held()) : new PostgresqlWriting(db, place, writer);
  return storeOn(db, location, writing, unlock, (damaged) => onDamaged(damaged.inStore(place)));
}

/**
 * Reaches a database; where it may be written its schema is this release's. The caller destroys `db`, then calls `unlock`.
 * @throws as `openStore` does
 */
export async function openDatabase(location: StoreLocation, access: 'write' | 'read'): Promise<Reached> {
  const reached = await reach(location, access);
  const { db, writer, unlock } = reached;
  try {
    if (access === 'write') {
      // Nobody else holds the writer's lock, so that whoever was changing the schema was killed meanwhile.
      await db.migrate.forceFreeMigrationsLock({ migrationSource });
      await db.migrate.latest({ migrationSource });
      if (location.kind === 'sqlite') await eraseFreedPages(db);
      await writer?.claim();
    } else await db.raw('select 1 from audit limit 1');
    return reached;
  } catch (error) {
    await db.destroy();
    await unlock();
    throw new Error(openingProblem(location, error));
  }
}

/** A database and what keeps others from writing it. */
interface Reached {
  readonly db: Knex;
  /** Of PostgreSQL that is written. */
  readonly writer: PostgresqlWriter | null;
  readonly held: () => Promise<HeldFiles>;
  readonly unlock: () => Promise<void>;
  /** Once the schema is up to date. */
  readonly expectAnswers: () => void;
}

async function reach(location: StoreLocation, access: 'write' | 'read'): Promise<Reached> {
  const nothingHeld = {
    writer: null,
    held: () => Promise.resolve(HeldFiles.NONE),
    unlock: NOTHING_LOCKED,
    // A file keeps nobody waiting, and who only looks may take long.
    expectAnswers: () => undefined,
  };
  if (location.kind === 'sqlite') {
    if (access === 'read') return { ...nothingHeld, db: sqlite(location.file) };
    makeFolder(dirname(location.file));
    const file = fileItself(location.file);
    const unlock = await lockSqlite(file);
    return { ...nothingHeld, db: sqlite(file), held: () => HeldFiles.of(file), unlock };
  }
  const connections = postgresql(location.url, location.poolSize);
  if (access === 'read') return { ...nothingHeld, db: connections.db };
  try {
    const writer = await lockPostgresql(location, () => connections.dropAll());
    const expectAnswers = (): void => connections.expectAnswers();
    return { ...nothingHeld, db: connections.db, writer, unlock: () => writer.release(), expectAnswers };
  } catch (error) {
    await connections.db.destroy();
    throw error;
  }
}

async function lockPostgresql(
  location: StoreLocation & { kind: 'postgresql' },
  onLost: () => void,
): Promise<PostgresqlWriter> {
  try {
    return await PostgresqlWriter.lock(location.url, onLost);
  } catch (error) {
    throw error instanceof DatabaseInUse ? error : new Error(openingProblem(location, error));
  }
}

/** Reads every document of a store of this or an earlier release; takes no lock and changes nothing. */
export async function checkDocumentsAt(location: StoreLocation, owners: OwnersCodecs): Promise<StoreCheck> {
  if (location.kind === 'sqlite' && !existsSync(location.file))
    throw new Error(`there is no store at ${location.file}`);
  const db = location.kind === 'sqlite' ? sqlite(location.file) : postgresql(location.url, location.poolSize).db;
  try {
    const tables = await damagedTables(db, location.kind, null);
    await expectKnown(db, placeOf(location));
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

/** @throws Error when a newer mlfi wrote the store: what this one makes of its documents says nothing */
async function expectKnown(db: Knex, place: string): Promise<void> {
  if (!(await db.schema.hasTable('knex_migrations'))) return;
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const made = await db('knex_migrations')
    .select<{ name: string }[]>('name')
    .catch((error: unknown) => {
      if (damageIn(error) === null) throw error;
      return [];
    });
  if (made.some(({ name }) => !known.has(name)))
    throw new Error(`${place} was written by a newer version of mlfi; check it with that version`);
}

/** Copies a store of SQLite into a new file, beside a running service. @throws Error when the file exists or cannot be written */
export async function backupSqlite(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new Error(`there is no store at ${from}`);
  if (existsSync(to)) throw new Error(`${to} exists already; name a new file`);
  if (!existsSync(dirname(to))) throw new Error(`${dirname(to)} is not there; name a file in a folder that is`);
  const db = sqlite(from);
  // Half a copy never has the name of a whole one.
  const unfinished = `${to}.unfinished`;
  try {
    if (existsSync(unfinished)) rmSync(unfinished);
    // The mode of a file is settled before its content.
    closeSync(openSync(unfinished, 'wx', 0o600));
    await db.raw('VACUUM INTO ?', [unfinished]);
    renameSync(unfinished, to);
  } catch (error) {
    if (existsSync(unfinished)) rmSync(unfinished);
    throw new Error(copyingProblem({ kind: 'sqlite', file: from }, to, error));
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
    const { db, unlock } = await reach(location, 'write');
    try {
      await rebuildIndexes(db);
      return null;
    } catch (error) {
      throw new Error(openingProblem(location, error));
    } finally {
      await db.destroy();
      await unlock();
    }
  }
  const file = fileItself(location.file);
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

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(
      `the folder ${folder} cannot be made (${codeOf(error)}); make it, and let mlfi's user write it, or choose another data_dir`,
      { cause: error },
    );
  }
}

async function lockSqlite(file: string): Promise<() => Promise<void>> {
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

function storeOn(
  db: Knex,
  location: StoreLocation,
  writing: Writing,
  unlock: () => Promise<void>,
  setAside: SetAside,
): Store {
  const place = placeOf(location);
  const limits = location.kind === 'sqlite' ? SQLITE_LIMITS : POSTGRESQL_LIMITS;
  const guard = <T extends object>(name: string, repository: T): T => guarded(repository, place, name);
  const asked = <T extends object>(name: string, repository: T): T =>
    guarded(repository, place, name, () => writing.expectAnswer());
  /** What is asked of the database itself, each write by itself. */
  const singly = <T extends object>(name: string, repository: (on: Knex) => T): T =>
    asked(
      name,
      writingBy(repository(db), (method, given) =>
        writing.singly(`${name}.${String(method)}`, (on) => called(guard(name, repository(on)), method, given)),
      ),
    );
  /** What is asked in a transaction. */
  const within =
    (transaction: Knex.Transaction): typeof singly =>
    (name, repository) =>
      guard(name, repository(transaction));
  const ofIncrements = (by: typeof singly): IncrementStore => ({
    baselines: by('baselines', baselineRepository),
    windows: by('windows', (on) => windowRepository(on, limits)),
    ledger: by('ledger', (on) => ledgerRepository(on, location.kind, limits)),
    labelEvidence: by('label evidence', labelEvidenceRepository),
    batches: by('batches', (on) => batchRepository(on, limits)),
    settings: by('settings', settingRepository),
    callCounters: by('call counters', (on) => modelStateRepository(on, 'call_counters')),
    featureKinds: by('feature kinds', (on) => modelStateRepository(on, 'feature_kinds')),
    driftMonitors: by('drift monitors', (on) => modelStateRepository(on, 'drift_monitor')),
    logPositions: by('log positions', (on) => modelStateRepository(on, 'log_positions')),
  });
  /** What is written with decisions, and by itself. */
  const ofDecisions = (by: typeof singly) => ({
    apiKeys: by('API keys', apiKeyRepository),
    models: by('models', (on) => modelRepository(on, place, limits)),
    incidents: by('incidents', (on) => incidentRepository(on, limits, setAside)),
    lessons: by('lessons', (on) => lessonRepository(on, setAside)),
    decisions: by('decisions', (on) => decisionRepository(on, setAside)),
    alertFeedback: by('alert feedback', (on) => alertFeedbackRepository(on, setAside)),
    validations: by('validations', (on) => validationRepository(on, setAside)),
  });
  const governed = async <T>(on: Knex.Transaction, work: (with_: GovernanceTransaction) => Promise<T>): Promise<T> => {
    if (location.kind === 'postgresql')
      await mapped(place, 'waiting for other decisions', on.raw('select pg_advisory_xact_lock(?)', [GOVERNANCE_LOCK]));
    return work({
      ...guard('governance', governanceTransaction(on, setAside)),
      ...ofDecisions(within(on)),
      settings: guard('settings', settingRepository(on)),
    });
  };
  const increments = (on: Knex.Transaction): IncrementTransaction => ({
    ...ofIncrements(within(on)),
    governance: (work) => governed(on, work),
  });
  // A commit of SQLite is answered in this process: there is nothing to lose on the way.
  const asking = <T>(work: (on: Knex.Transaction) => Promise<T>): Promise<T> =>
    db.transaction((on) => on.raw(`set local lock_timeout = ${ASKING_LOCK_MS}`).then(() => work(on)));
  const outcomes = location.kind === 'postgresql' ? new CommitOutcomes(db, randomUUID(), asking) : null;
  const committed = <T>(work: (on: Knex.Transaction) => Promise<T>): Promise<T> =>
    writing.transaction('a commit', work);
  return {
    ...ofIncrements(singly),
    ...ofDecisions(singly),
    audit: singly('audit', auditRepository),
    alerts: singly('alerts', (on) => alertRepository(on, setAside)),
    governance: (work) => writing.transaction('a decision', (on) => governed(on, work)),
    atomic: (_shard, _epoch, work) =>
      outcomes === null
        ? committed((on) => work(increments(on)))
        : outcomes.resolved(committed, (on) => work(increments(on))),
    ...asked('store', {
      decisionCounts: () => readDecisionCounts(db),
      damagedTables: (among: readonly string[] | null) => damagedTables(db, location.kind, among),
    }),
    awayBecause: () => writing.awayBecause(),
    isAnothers: () => writing.isAnothers(),
    check: () => writing.check(),
    async close() {
      const why = await writing.close();
      await outcomes?.close(writing.awayBecause() === null).catch(() => undefined);
      await db.destroy();
      await unlock();
      if (why !== null) throw new Error(why);
    },
  };
}

/** The store as people know it; a PostgreSQL address may hold a password. */
