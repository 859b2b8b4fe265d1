import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';

/** `mlfi serve`: runs until SIGINT or SIGTERM. Only a wrong configuration or a store that cannot be opened stops the start. */
export async function serve({ start }: Pick<Commands, 'start'>, named: string | null): Promise<number> {
  const file = configurationFile(named);
  const config = readConfiguration(file);
  if (config === null) return 1;
  let service;
  try {
    service = await start(config, { configurationFile: file });
  } catch (error) {
    console.error(`mlfi cannot start: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  console.log(`mlfi watches ${service.application.models.statuses().length} models.`);
  console.log(`  configuration  ${file ?? 'built-in defaults (mlfi init writes a file to start from)'}`);
  console.log(`  data           ${service.storeLocation}`);
  console.log(`  address        ${service.address}`);
  if (service.firstKey !== null) {
    console.log(`  first API key  ${service.firstKey}   (shown only now; send it as "Authorization: Bearer …")`);
  }
  console.log(`  next           mlfi investigate <url>, or POST ${service.address}/api/v1/models {"url": "…"}`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  console.log('stopping: committing what is left');
  await service.close();
  return 0;
}
