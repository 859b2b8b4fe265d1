import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreLocation } from '../../../exporter/src/store/open-store.js';
import { postgresBinaries, startPostgres, type Postgres } from './postgres.js';

/** Fresh places for stores of both kinds; PostgreSQL is a real server, or left out where it is not installed. */
export interface Stores {
  readonly kinds: readonly ('SQLite' | 'PostgreSQL')[];
  fresh(kind: 'SQLite' | 'PostgreSQL'): StoreLocation;
  /** Path of a file that is not there yet. */
  freshFile(): string;
  start(): Promise<void>;
  stop(): void;
}

/** The stores of one test file, which starts and stops them. @throws Error on CI, where PostgreSQL has to be installed */
export function testStores(): Stores {
  const binaries = postgresBinaries();
  if (binaries === null && process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-stores-'));
  let postgres: Postgres | null = null;
  let files = 0;
  const freshFile = (): string => join(folder, `${(files += 1)}.sqlite`);
  return {
    freshFile,
    kinds: binaries === null ? ['SQLite'] : ['SQLite', 'PostgreSQL'],
    fresh: (kind) =>
      kind === 'SQLite'
        ? { kind: 'sqlite', file: freshFile() }
        : { kind: 'postgresql', url: postgres?.freshDatabase() ?? '', poolSize: 12 },
    async start() {
      if (binaries !== null) postgres = await startPostgres(binaries);
    },
    stop() {
      postgres?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
