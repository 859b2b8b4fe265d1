import { counted } from '../domain/quantity-text.js';
import type { Commands } from './commands.js';
import { configurationFile, readConfiguration } from './configuration.js';

/** Below the 30 s after which Kubernetes and Docker Compose files commonly kill what does not stop. */
export const STOP_MS = 25_000;
const CLOSED_MS = 1_000;
/** A terminal and npm may both pass the same Ctrl-C on. */
const SAME_SIGNAL_MS = 500;

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * `mlfi serve`: runs until SIGINT or SIGTERM. Only a wrong configuration, a store that cannot be opened or restored, or an
 * address that is taken stops the start.
 */
export async function serve({ start }: Pick<Commands, 'start'>, named: string | null): Promise<number> {
  const file = configurationFile(named);
  const config = readConfiguration(file);
  if (config === null) return 1;
  const interruption = new AbortController();
  const stopped = nextSignal().then(() => interruption.abort());
  let service;
  try {
    service = await start(config, { configurationFile: file, signal: interruption.signal });
  } catch (error) {
    if (interruption.signal.aborted) {
      console.log('stopped while models were restored; what is stored is as it was');
      return 0;
    }
    console.error(`mlfi cannot start: ${said(error)}`);
    return 1;
  }
  console.log(`mlfi watches ${counted(service.application.models.registered().length, 'model')}.`);
  console.log(`  configuration  ${file ?? 'built-in defaults (mlfi init writes a file to start from)'}`);
  console.log(`  data           ${service.storeLocation}`);
  console.log(`  address        ${service.address}`);
  if (service.firstKey !== null) {
    console.log(`  first API key  ${service.firstKey}   (shown only now; send it as "Authorization: Bearer …")`);
  }
  console.log(`  next           mlfi investigate <url>, or POST ${service.address}/api/v1/models {"url": "…"}`);
  await stopped;
  console.log('stopping: answering what is under way, committing what is left; a second signal stops at once');
  giveUpAfter(STOP_MS, 'mlfi did not stop within 25 s; what was acknowledged is stored');
  setTimeout(() => {
    void nextSignal().then(() => giveUpAfter(0, 'stopped by a second signal; what was acknowledged is stored'));
  }, SAME_SIGNAL_MS).unref();
  try {
    await service.close();
    return 0;
  } catch (error) {
    console.error(`mlfi stopped, but not everything could be closed: ${said(error)}`);
    // What could not be closed may keep the process alive.
    setTimeout(() => process.exit(1), CLOSED_MS).unref();
    return 1;
  }
}

/** Resolves at the next SIGINT or SIGTERM. */
const nextSignal = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });

/** Ends the process with an error after `ms`, unless it has ended by then. */
function giveUpAfter(ms: number, why: string): void {
  setTimeout(() => {
    console.error(why);
    process.exit(1);
  }, ms).unref();
}
