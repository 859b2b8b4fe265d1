import type { Logger } from '../domain/ports.js';
import type { Config } from './config.js';
import type { Environment } from './environment.js';
import { loadConfig, type LoadedConfig } from './load.js';
import { describeProblem } from './problem.js';
import { Secret } from './secret.js';

/** Sections that are read once, when the service starts. The others take effect on reload. */
export const RESTART_SECTIONS = [
  'dataDirectory',
  'database',
  'listen',
  'egress',
  'probing',
  'investigation',
  'windows',
  'paging',
  'http',
  'logging',
  'apiKeys',
  'audit',
  'metrics',
  'discovery',
  'logFiles',
  'sources',
] as const satisfies readonly (keyof Config)[];

/** Sections are named as in the file. */
export type Reload =
  | {
      readonly kind: 'applied';
      readonly config: Config;
      readonly changed: readonly string[];
      /** Changed sections that keep their old value until the service is started again. */
      readonly needRestart: readonly string[];
    }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** The configuration in force, and how to read it anew. */
export interface ReloadableConfig {
  current(): Config;
  /** Reads the file again. A wrong file leaves everything as it is and says why. */
  reload(): Reload;
  /** Told of every reload that was applied, with the sections that changed. */
  onReload(listener: (config: Config, changed: readonly (keyof Config)[]) => void): void;
  /** Calls `reload` on SIGHUP. Returns the function that stops listening. */
  onHangUp(): () => void;
}

/**
 * Keeps the configuration in force. After a reload `current()` has the new values, except for the sections of
 * `RESTART_SECTIONS`, which keep the values the service was started with.
 */
export function reloadableConfig(
  started: Config,
  file: string | null,
  environment: Environment,
  logger: Logger,
  load: (file: string | null, environment: Environment) => LoadedConfig = loadConfig,
): ReloadableConfig {
  let current = started;
  const listeners: ((config: Config, changed: readonly (keyof Config)[]) => void)[] = [];

  const reload = (): Reload => {
    const loaded = load(file, environment);
    if (loaded.kind === 'refused') {
      const problems = loaded.problems.map(describeProblem);
      logger.error({ problems }, 'the new configuration is wrong; the old one stays in force');
      return { kind: 'refused', problems };
    }
    const sections = changedSections(current, loaded.config);
    const changed = sections.map(writtenSection);
    const needRestart = RESTART_SECTIONS.filter((section) => sections.includes(section)).map(writtenSection);
    current = { ...loaded.config, ...kept(started) };
    logger.info({ changed, needRestart, warnings: loaded.warnings }, 'the configuration was read again');
    if (needRestart.length > 0) {
      logger.warn({ needRestart }, 'these sections changed and keep their old values until mlfi is started again');
    }
    for (const listener of listeners) listener(current, sections);
    return { kind: 'applied', config: current, changed, needRestart };
  };

  return {
    current: () => current,
    reload,
    onReload: (listener) => void listeners.push(listener),
    onHangUp() {
      const listener = (): void => void reload();
      process.on('SIGHUP', listener);
      return () => {
        process.off('SIGHUP', listener);
      };
    },
  };
}

/** The section's key in the configuration file. */
export const writtenSection = (section: keyof Config): string =>
  section === 'dataDirectory' ? 'data_dir' : section.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function kept(started: Config): Pick<Config, (typeof RESTART_SECTIONS)[number]> {
  return Object.fromEntries(RESTART_SECTIONS.map((section) => [section, started[section]])) as Pick<
    Config,
    (typeof RESTART_SECTIONS)[number]
  >;
}

function changedSections(before: Config, after: Config): (keyof Config)[] {
  return (Object.keys(after) as (keyof Config)[]).filter(
    (section) => comparable(before[section]) !== comparable(after[section]),
  );
}

/** Text by which two sections are compared; secrets count by their value, and the text is not kept. */
function comparable(section: unknown): string {
  if (section instanceof Secret) return section.reveal();
  if (section instanceof Map) return comparable([...section.entries()]);
  if (Array.isArray(section)) return JSON.stringify(section.map(comparable));
  if (typeof section === 'object' && section !== null) {
    return JSON.stringify(Object.entries(section).map(([key, value]) => [key, comparable(value)]));
  }
  return JSON.stringify(section) ?? '';
}
