import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite3 from 'sqlite3';
import { codeOf } from './opening-problem.js';

/** Several processes that reach for the lock in the same instant wait this long for one of them to have it. */
const CONTENTION_MS = 2_000;

/**
 * Lets one process at a time write a SQLite file. The lock is SQLite's own exclusive lock on an empty database beside the
 * file, held by an open connection: the operating system gives it back when its holder dies, whatever killed it, and no
 * process number is compared (in a container every mlfi is process 1).
 * @param contentionMs how long to wait for whoever reaches for it in the same instant
 * @returns the function that gives the lock back
 * @throws Error when another live process holds it, or the file system has no locks
 */
export async function lockWriter(file: string, contentionMs = CONTENTION_MS): Promise<() => Promise<void>> {
  const lock = await open(`${file}.writer`).catch((error: unknown) => {
    throw lockProblem(file, error);
  });
  try {
    await run(lock, `PRAGMA busy_timeout=${contentionMs}`);
    await run(lock, 'PRAGMA locking_mode=EXCLUSIVE');
    await run(lock, 'BEGIN EXCLUSIVE');
  } catch (error) {
    await close(lock);
    throw lockProblem(file, error);
  }
  // What releases up to 0.1.0 left behind: a file with a process number.
  rmSync(`${file}.lock`, { force: true });
  return () => close(lock);
}

function lockProblem(file: string, error: unknown): Error {
  if (codeOf(error) === 'SQLITE_BUSY')
    return new Error(
      `${file} is in use by another mlfi (or on a network share whose lock service does not answer); stop it, or choose another data_dir. One database has one mlfi.`,
      { cause: error },
    );
  const said = error instanceof Error ? error.message : String(error);
  if (codeOf(error) === 'SQLITE_IOERR' || said.includes('locking protocol'))
    return new Error(
      `${file} lies on a file system without file locks (a network share?); put data_dir on a local disk, or use PostgreSQL (database.url)`,
      { cause: error },
    );
  if (/^SQLITE_(CANTOPEN|READONLY)$/.test(codeOf(error)))
    return new Error(
      `${file} cannot be opened for writing: mlfi's user must be able to write the folder ${dirname(file)} and what is in it; check their owner and mode`,
      { cause: error },
    );
  if (codeOf(error) === 'SQLITE_FULL')
    return new Error(`${file} cannot be locked for writing: the disk is full`, { cause: error });
  return new Error(`${file} cannot be locked for writing: ${said}`, { cause: error });
}

function open(file: string): Promise<sqlite3.Database> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file, (error) => (error === null ? resolve(database) : reject(error)));
  });
}

function run(database: sqlite3.Database, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    database.exec(sql, (error) => (error === null ? resolve() : reject(error)));
  });
}

function close(database: sqlite3.Database): Promise<void> {
  return new Promise((resolve, reject) => {
    database.close((error) => (error === null ? resolve() : reject(error)));
  });
}
