import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { valueAt } from '../domain/issue-words.js';
import type { Config } from './config.js';
import { configFrom } from './config-from-settings.js';
import { consistencyProblems } from './consistency.js';
import { readEnvironment, type Environment, type EnvironmentValue } from './environment.js';
import { textsOf } from './issue-text.js';
import { isSectionOrList } from './keys.js';
import { parseYaml, type YamlSource } from './yaml-source.js';
import type { ConfigProblem } from './problem.js';
import { settingsSchema } from './schema.js';
import { readSecrets } from './secret-files.js';

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] };

const MAX_FILE_BYTES = 4 * 1_048_576;

/**
 * Reads one YAML file, lays the `MLFI_…` variables over it, checks everything and reads the `*_file` secrets.
 * Relative `*_file` paths start at the configuration file's folder, `data_dir` at the working directory.
 * @param file path of the file, or null for defaults and variables only
 * @returns every problem found, in the order of the file; never throws for what the file says
 */
export function loadConfig(file: string | null, environment: Environment): LoadedConfig {
  const text = file === null ? '' : readText(file);
  if (typeof text !== 'string') return { kind: 'refused', problems: [text] };
  return parseConfig(
    file ?? 'configuration',
    text,
    environment,
    file === null ? process.cwd() : dirname(resolve(file)),
  );
}

/** As `loadConfig`, on a text already read. `directory` is where relative `*_file` paths start. */
export function parseConfig(file: string, text: string, environment: Environment, directory: string): LoadedConfig {
  const parsed = parseYaml(file, text);
  if (parsed.kind === 'refused') return parsed;
  const { source } = parsed;
  const variables = readEnvironment(environment);
  if (variables.problems.length > 0) return { kind: 'refused', problems: variables.problems };
  const merged = withVariables(withoutEmptySections(source.value, []), variables.values);
  const locate = locator(file, source, variables.values);

  const checked = settingsSchema.safeParse(merged);
  if (!checked.success) {
    const problems = checked.error.issues
      .flatMap((issue) => textsOf(issue, (path) => valueAt(merged, path) !== undefined))
      .map(({ path, unknownKey, message, remedy }) => ({ ...locate(path, unknownKey), message, remedy }));
    return { kind: 'refused', problems: inFileOrder(problems) };
  }
  const inconsistent = consistencyProblems(checked.data);
  const { secrets, problems: unreadable } = readSecrets(checked.data, directory);
  const problems = [...inconsistent, ...unreadable].map(({ path, ...told }) => ({ ...locate(path, null), ...told }));
  if (problems.length > 0) return { kind: 'refused', problems: inFileOrder(problems) };
  return { kind: 'ok', config: configFrom(checked.data, secrets, process.cwd()), warnings: variables.warnings };
}

function readText(file: string): string | ConfigProblem {
  const problem = { file, line: null, column: null, key: '' };
  if (!existsSync(file)) {
    return { ...problem, message: 'there is no such file', remedy: 'copy mlfi.example.yml there, or run `mlfi init`' };
  }
  try {
    const bytes = readFileSync(file);
    return bytes.length > MAX_FILE_BYTES
      ? { ...problem, message: 'the file is larger than 4 MiB', remedy: 'name the mlfi configuration file' }
      : bytes.toString('utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return {
      ...problem,
      message: `the file cannot be read (${code})`,
      remedy: 'check that it is a file and its permissions',
    };
  }
}

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy without the sections and lists that have nothing but comments below them: they read as null and mean "absent". */
function withoutEmptySections(value: unknown, path: readonly string[]): unknown {
  if (!isBranch(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const below = [...path, key];
      if (inner === null && isSectionOrList(below)) return [];
      return [[key, withoutEmptySections(inner, below)]];
    }),
  );
}

/** A copy of `value` with the variables' values set; parts of the wrong shape stay, for the schema to refuse. */
function withVariables(value: unknown, variables: readonly EnvironmentValue[]): unknown {
  const set = (branch: unknown, [key, ...rest]: readonly string[], leaf: unknown): unknown => {
    if (key === undefined) return leaf;
    if (branch !== undefined && branch !== null && !isBranch(branch)) return branch;
    return { ...branch, [key]: set(branch?.[key], rest, leaf) };
  };
  return variables.reduce((whole, variable) => set(whole, variable.path, variable.value), value);
}

type Located = Pick<ConfigProblem, 'file' | 'line' | 'column' | 'key'>;

function locator(file: string, source: YamlSource, variables: readonly EnvironmentValue[]) {
  return (path: readonly PropertyKey[], unknownKey: string | null): Located => {
    const key = [...path, ...(unknownKey === null ? [] : [unknownKey])].map(String).join('.');
    // A list of a variable is wrong in one of its items.
    const from = variables.find((variable) => `${key}.`.startsWith(`${variable.path.join('.')}.`));
    if (from !== undefined) return { file: 'environment', line: null, column: null, key: from.variable };
    return { file, key, ...(unknownKey === null ? source.placeOf(path) : source.placeOfKey(path, unknownKey)) };
  };
}

const inFileOrder = (problems: readonly ConfigProblem[]): ConfigProblem[] =>
  problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
