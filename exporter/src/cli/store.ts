import { counted } from '../domain/quantity-text.js';
import type { Command } from 'commander';
import { modelId } from '../domain/identifiers.js';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';

type StoreCommands = Pick<Commands, 'checkStore' | 'dropModel'>;

/** `mlfi store check`: 0 all is readable, 1 something is damaged (each is named), 2 the store could not be looked at. */
export async function storeCheck({ checkStore }: StoreCommands, named: string | null): Promise<number> {
  const config = readConfiguration(configurationFile(named));
  if (config === null) return 2;
  try {
    const { documents, damaged } = await checkStore(config);
    for (const { message } of damaged) console.error(message);
    console.log(`${counted(documents, 'document')} read, ${damaged.length} of them damaged`);
    return damaged.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'the store could not be checked');
    return 2;
  }
}

/** `mlfi store repair --drop-model`: 0 done, 1 there is no such model, 2 the store could not be opened. */
export async function storeRepair({ dropModel }: StoreCommands, named: string | null, model: string): Promise<number> {
  const config = readConfiguration(configurationFile(named));
  if (config === null) return 2;
  try {
    const id = modelId(model);
    const history = await dropModel(config, id);
    if (history === null) {
      console.error(`the store knows no model "${model}"`);
      return 1;
    }
    const rest = history === 0 ? '' : `, and ${counted(history, 'damaged row')} of its history`;
    console.log(`let go of ${model}${rest}; it begins anew when it is watched again`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'the store could not be repaired');
    return 2;
  }
}

/** Adds the verbs of `mlfi store`. */
export function addStoreVerbs(program: Command, commands: StoreCommands): void {
  const store = program.command('store').description('look after the store');
  store
    .command('check')
    .description('read every stored document and name what is damaged; also beside a running service')
    .option('-c, --config <file>', 'configuration file that names the store')
    .action(async ({ config }: { config?: string }) => {
      process.exitCode = await storeCheck(commands, config ?? null);
    });
  store
    .command('repair')
    .description('with the service stopped: let go of a model whose stored state is damaged')
    .requiredOption('--drop-model <id>', 'remove the model, what was learnt about it, and its damaged history')
    .option('-c, --config <file>', 'configuration file that names the store')
    .action(async ({ config, dropModel }: { config?: string; dropModel: string }) => {
      process.exitCode = await storeRepair(commands, config ?? null, dropModel);
    });
}
