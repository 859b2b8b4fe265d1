import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreLocation } from '../../../exporter/src/store/open-store.js';
import { postgresBinaries, startPostgres, type Postgres } from '../servers/postgres.js';

/** Fresh places for stores of both kinds; PostgreSQL is a real server, or left out where it is not installed. */
export interface Stores {
  readonly kinds: readonly ('SQLite' | 'PostgreSQL')[];
  fresh(kind: 'SQLite' | 'PostgreSQL'): StoreLocation;
  start(): Promise<void>;
  stop(): void;
}

export function testStores(): Stores {
  const binaries = postgresBinaries();
  if (binaries === null && process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-governance-'));
  let postgres: Postgres | null = null;
  let files = 0;
  return {
    kinds: binaries === null ? ['SQLite'] : ['SQLite', 'PostgreSQL'],
    fresh(kind) {
      files += 1;
      return kind === 'SQLite'
        ? { kind: 'sqlite', file: join(folder, `${files}.sqlite`) }
        : { kind: 'postgresql', url: postgres?.freshDatabase() ?? '', poolSize: 12 };
    },
    async start() {
      if (binaries !== null) postgres = await startPostgres(binaries);
    },
    stop() {
      postgres?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
