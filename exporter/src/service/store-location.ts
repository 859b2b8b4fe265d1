import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { StoreLocation } from '../store/open-store.js';

/** Where the configuration says the store is. */
export const storeAt = (config: Config): StoreLocation =>
  config.database.kind === 'sqlite'
    ? config.database
    : { kind: 'postgresql', url: config.database.url.reveal(), poolSize: config.database.poolSize };

/** Where a SQLite store is, or would be if no database were named. */
export const sqliteOf = ({ dataDirectory }: Pick<Config, 'dataDirectory'>): StoreLocation & { kind: 'sqlite' } => ({
  kind: 'sqlite',
  file: join(dataDirectory, 'mlfi.sqlite'),
});
