import { existsSync, statSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { Logger } from '../domain/ports.js';
import { sqliteOf } from './store-location.js';

/**
 * Looks, before the store is opened, whether one is there: a volume that is not mounted looks like a first start.
 * @throws Error with the remedy for a file that was emptied, the key that signed its audit log being there, and for half a repair
 */
export function expectStore(
  config: Pick<Config, 'database' | 'dataDirectory' | 'audit'>,
  logger: Pick<Logger, 'warn'>,
): void {
  const { database, audit } = config;
  const { signingKeyFile } = audit;
  if (database.kind !== 'sqlite') {
    expectNothingLeft(sqliteOf(config).file, logger);
    return;
  }
  const { file } = database;
  const known = statSync(file, { throwIfNoEntry: false });
  const wasThere = existsSync(signingKeyFile);
  if (known?.size === 0 && wasThere)
    throw new Error(
      `${file} is empty, and ${signingKeyFile} says that mlfi has run here before; restore a backup, or delete the empty file to start anew without models`,
    );
  if (known === undefined && existsSync(`${file}.damaged`))
    throw new Error(
      `${file} is not there, and ${file}.damaged is: "mlfi store repair --reindex" was ended half-way. Rename it, and its -wal where there is one, back to ${file}, and repair again; or move it away to start anew without models`,
    );
  if (known === undefined)
    logger.warn(
      { file, signingKeyFile: wasThere ? signingKeyFile : null },
      wasThere
        ? 'there is no store, though mlfi has run here before: a new one without models is begun. If one should be there, stop mlfi and restore it'
        : 'there is no store: a new one without models is begun. If one should be there, stop mlfi and see that its volume is mounted (data_dir)',
    );
}

/** Nothing is taken over from a SQLite store by setting `database.url` alone: whoever does finds no models. */
function expectNothingLeft(file: string, logger: Pick<Logger, 'warn'>): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  logger.warn(
    { file },
    `database.url is set, so that ${file} is not read: its models, incidents, decisions and API keys are in the PostgreSQL database only if "mlfi store copy" took them there before the first start. Move the file away once nobody needs it; this is not said again then`,
  );
}
