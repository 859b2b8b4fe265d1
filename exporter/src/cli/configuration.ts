import { existsSync } from 'node:fs';
import { loadConfig } from '../config/load.js';
import { describeProblem } from '../config/problem.js';
import type { Config } from '../config/config.js';

const DEFAULT_FILE = 'mlfi.yml';

/** The file meant by the options: the one named, else that of MLFI_CONFIG, else `mlfi.yml` when it is there, else none. */
export function configurationFile(
  named: string | null,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | null {
  const elsewhere = environment['MLFI_CONFIG'];
  if (named !== null) return named;
  if (elsewhere !== undefined && elsewhere !== '') return elsewhere;
  return existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null;
}

/** Reads the configuration; on any problem prints each with its line and remedy and returns null. */
export function readConfiguration(file: string | null): Config | null {
  const loaded = loadConfig(file, process.env);
  if (loaded.kind === 'refused') {
    for (const problem of loaded.problems) console.error(describeProblem(problem));
    return null;
  }
  for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
  return loaded.config;
}
