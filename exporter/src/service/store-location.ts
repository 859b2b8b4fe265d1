import type { Config } from '../config/config.js';
import type { StoreLocation } from '../store/open-store.js';

/** Where the configuration says the store is. */
export const storeAt = (config: Config): StoreLocation =>
  config.database.kind === 'sqlite'
    ? config.database
    : { kind: 'postgresql', url: config.database.url.reveal(), poolSize: config.database.poolSize };
