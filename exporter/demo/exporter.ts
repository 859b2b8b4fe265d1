import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Application } from '../src/application/index.js';
import type { Config } from '../src/config/config.js';
import { loadConfig } from '../src/config/load.js';
import { describeProblem } from '../src/config/problem.js';
import type { Clock, Random } from '../src/domain/ports.js';
import { demoConfiguration } from './configuration.js';
import type { Keyboard } from './keyboard.js';
import type { Screen } from './screen.js';
import type { DemoModels } from './server.js';

/** What the demo needs of the running exporter. */
export interface DemoService {
  readonly application: Application;
  readonly storeLocation: string;
  readonly address: string;
  /** The key made at the very first start; null on a data directory that has one. */
  readonly firstKey: string | null;
  close(): Promise<void>;
}

export interface DemoOptions {
  readonly dataDirectory: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Stop when every verdict is reached, when those that are not have had `onceSamples` calls, or when `onceTimeoutMs` have passed. */
  readonly once: boolean;
  readonly onceSamples: number;
  readonly onceTimeoutMs: number;
  /** Approve the plan of the story without being asked. */
  readonly approves: boolean;
  readonly width: number;
}

export interface DemoPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly screen: Screen;
  readonly startService: (config: Config, options: { readonly configurationFile: string }) => Promise<DemoService>;
  /** What the person types; null where nobody can. */
  readonly keyboard: Keyboard | null;
  /** Aborts when the person wants to stop. */
  readonly stop: AbortSignal;
}

const KEY_FILE = 'demo-api-key';
const PERSON_FILE = 'demo-person-token';

/** A running exporter with what opens it. */
export interface StartedExporter {
  readonly service: DemoService;
  readonly apiKey: string;
  /** The token of the one person who decides in the demo. */
  readonly personToken: string;
  readonly configurationFile: string;
}

/** Writes the demo's configuration and starts mlfi on it, watching the models named. @returns null when it said why it cannot */
export async function startExporter(
  options: DemoOptions,
  { screen, startService }: DemoPorts,
  models: DemoModels,
  names: readonly string[],
): Promise<StartedExporter | null> {
  const configurationFile = join(options.dataDirectory, 'mlfi.yml');
  const watched = names.map((id) => ({ id, url: models.urlOf(id) }));
  const personToken = tokenOfPerson(join(options.dataDirectory, PERSON_FILE));
  const { dataDirectory, port } = options;
  const text = demoConfiguration({
    dataDirectory,
    port,
    personToken,
    mendUrl: models.mendUrl,
    isStory: !options.once,
    models: watched,
  });
  writeFileSync(configurationFile, text, { mode: 0o600 });
  const loaded = loadConfig(configurationFile, {});
  if (loaded.kind === 'refused') {
    screen.print(loaded.problems.map(describeProblem));
    return null;
  }
  const service = await startService(loaded.config, { configurationFile });
  const keyFile = join(options.dataDirectory, KEY_FILE);
  if (service.firstKey !== null) writeFileSync(keyFile, service.firstKey, { mode: 0o600 });
  if (!existsSync(keyFile)) {
    screen.print([
      `${options.dataDirectory} has no ${KEY_FILE}: it was not made by the demo. Choose another --data folder.`,
    ]);
    await service.close();
    return null;
  }
  const apiKey = readFileSync(keyFile, 'utf8').trim();
  return { service, apiKey, personToken, configurationFile };
}

/** The token of the demo's one person: made at the first start, the same at every other. */
function tokenOfPerson(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}
