import { DECISION_TABLES } from '../domain/decision.js';
import { counted } from '../domain/quantity-text.js';
import type { Command } from 'commander';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';
import type { Config } from '../config/config.js';

type StoreCommands = Pick<
  Commands,
  'checkStore' | 'dropModel' | 'rebuildStoreIndexes' | 'backupStore' | 'copyStoreOver'
>;

const INDEX_WAY = 'stop mlfi and run "mlfi store repair --reindex"';
const DECISIONS_STAY =
  'what was decided is never deleted; mlfi starts and works without what cannot be read of it, and the check names it until a backup is restored';
const TABLE_WAY = 'stop mlfi and restore a backup';
const CHAIN_WAY = `somebody may have changed it: put a copy aside for whoever looks into that, then ${TABLE_WAY}`;

/** `mlfi store check`: 0 all is readable, 1 something is damaged (each is named), 2 the store could not be looked at. */
function storeCheck({ checkStore }: StoreCommands, named: string | null): Promise<number> {
  return withStore(named, 'the store could not be checked', async (config) => {
    const { documents, damaged, unreadable, audit } = await checkStore(config);
    for (const { table, detail, onlyIndexes } of unreadable)
      console.error(
        `table ${table}: ${onlyIndexes ? 'its indexes are' : 'it is'} damaged (${detail}); ${onlyIndexes ? INDEX_WAY : TABLE_WAY}`,
      );
    for (const { message } of damaged) console.error(message);
    if (damaged.some(({ place }) => DECISION_TABLES.some((table) => table === place.table)))
      console.error(`of decisions: ${DECISIONS_STAY}`);
    if (audit?.kind === 'broken')
      console.error(`audit log: broken at entry ${audit.atSequence} (${audit.reason}); ${CHAIN_WAY}`);
    const tables =
      unreadable.length === 0 ? '' : `; damaged tables: ${unreadable.map(({ table }) => table).join(', ')}`;
    const log = audit?.kind === 'intact' ? `; audit log intact, ${counted(audit.entries, 'entry', 'entries')}` : '';
    console.log(`${counted(documents, 'document')} read, ${damaged.length} of them damaged${tables}${log}`);
    return damaged.length === 0 && unreadable.length === 0 && audit?.kind === 'intact' ? 0 : 1;
  });
}

/** `mlfi store repair --drop-model`: 0 done, 1 there is no such model, 2 nothing of it is damaged, or the store could not be opened. */
function storeRepair({ dropModel }: StoreCommands, named: string | null, model: string): Promise<number> {
  return withStore(named, 'the store could not be repaired', async (config) => {
    const dropped = await dropModel(config, model);
    if (dropped === null) {
      console.error(`the store knows no model "${model}"`);
      return 1;
    }
    const { deleted, kept } = dropped;
    const rest = deleted === 0 ? '' : `, and ${counted(deleted, 'damaged row')} of its history`;
    console.log(
      `let go of ${model === '' ? 'the model without a name' : model}${rest}; it begins anew when it is watched again`,
    );
    if (kept > 0) console.log(`${counted(kept, 'damaged decision')} of it stayed, no longer open: ${DECISIONS_STAY}`);
    return 0;
  });
}

/** Does `work` on the configured store. @returns what it returns, 2 when the configuration or the store is not to be used */
async function withStore(
  named: string | null,
  otherwise: string,
  work: (config: Config) => Promise<number>,
): Promise<number> {
  const config = readConfiguration(configurationFile(named));
  if (config === null) return 2;
  try {
    return await work(config);
  } catch (error) {
    console.error(error instanceof Error ? error.message : otherwise);
    return 2;
  }
}

/** Adds the verbs of `mlfi store`. */
export function addStoreVerbs(program: Command, commands: StoreCommands): void {
  const store = program.command('store').description('look after the store');
  store
    .command('check')
    .description(
      'read every table, every document and the audit log, and name what is damaged; also beside a running service',
    )
    .option('-c, --config <file>', 'configuration file that names the store')
    .action(async ({ config }: { config?: string }) => {
      process.exitCode = await storeCheck(commands, config ?? null);
    });
  store
    .command('repair')
    .description(
      'with the service stopped: let go of a model whose stored state is damaged, or build damaged indexes anew',
    )
    .option('--drop-model <id>', 'remove a damaged model, what was learnt about it, and its damaged history')
    .option('--reindex', 'build every index anew from its table')
    .option('-c, --config <file>', 'configuration file that names the store')
    .action(async ({ config, dropModel, reindex }: { config?: string; dropModel?: string; reindex?: true }) => {
      if ((dropModel === undefined) === (reindex === undefined))
        program.error('error: say either --drop-model <id> or --reindex', { exitCode: 2 });
      process.exitCode =
        dropModel === undefined
          ? await withStore(config ?? null, 'the store could not be repaired', async (loaded) => {
              const kept = await commands.rebuildStoreIndexes(loaded);
              console.log(`every index is built anew${kept === null ? '' : `; the old file is kept as ${kept}`}`);
              return 0;
            })
          : await storeRepair(commands, config ?? null, dropModel);
    });
  store
    .command('backup <file>')
    .description('copy a SQLite store into a new file, also beside a running service')
    .option('-c, --config <file>', 'configuration file that names the store')
    .action(async (file: string, { config }: { config?: string }) => {
      process.exitCode = await withStore(config ?? null, 'the store could not be copied', async (loaded) => {
        await commands.backupStore(loaded, file);
        console.log(`the store is copied to ${file}; put the copy in its place, with mlfi stopped, to restore it`);
        return 0;
      });
    });
  store
    .command('copy')
    .description(
      'with the service stopped: copy the SQLite store of data_dir into the empty PostgreSQL database of database.url',
    )
    .option('-c, --config <file>', 'configuration file that names both')
    .action(async ({ config }: { config?: string }) => {
      process.exitCode = await withStore(config ?? null, 'the store could not be copied', async (loaded) => {
        const rows = await commands.copyStoreOver(loaded);
        console.log(`${counted(rows, 'row')} copied; run "mlfi store check", start mlfi, and move mlfi.sqlite away`);
        return 0;
      });
    });
}
