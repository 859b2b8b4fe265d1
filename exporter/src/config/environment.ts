import { knownKeys, type KnownKey } from './keys.js';
import { nearestKey } from './nearest-key.js';
import type { ConfigProblem } from './problem.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One value taken from a variable. */
export interface EnvironmentValue {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

const PREFIX = 'MLFI_';
const SECRET_PREFIX = 'MLFI_SECRET_';
/** Read elsewhere: where the command line finds the file, the service and its credentials, and what the repository's tools run on. */
const OTHER_VARIABLES = ['MLFI_CONFIG', 'MLFI_URL', 'MLFI_TOKEN', 'MLFI_NODE', 'MLFI_PYTHON', 'MLFI_BENCH_PYTHON'];

/** `['listen', 'port']` → `MLFI_LISTEN_PORT`. */
export const variableOf = (path: readonly string[]): string =>
  PREFIX + path.join('_').toUpperCase().replaceAll('-', '_');

/** Keys a variable can set: single values, and lists of single values (comma-separated) in sections of fixed name. */
export function overridableKeys(): readonly KnownKey[] {
  return knownKeys().filter(({ path, kind }) => kind !== 'branch' && kind !== 'items' && !path.includes('*'));
}

/**
 * Reads the `MLFI_…` variables. `MLFI_SECRET_<NAME>` and `MLFI_SECRET_<NAME>_FILE` set `secrets.<name>`. Variables that fit
 * no key are not refused — Kubernetes sets `MLFI_PORT`, `MLFI_SERVICE_HOST` and the like for a service named `mlfi` — but
 * named in `warnings`, with the nearest known one where there is one.
 */
export function readEnvironment(environment: Environment): {
  readonly values: readonly EnvironmentValue[];
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
} {
  const byVariable = new Map(overridableKeys().map((key) => [variableOf(key.path), key]));
  const values: EnvironmentValue[] = [];
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith(PREFIX) || OTHER_VARIABLES.includes(variable)) continue;
    if (variable.startsWith(SECRET_PREFIX)) {
      values.push(secretValue(variable, text));
      continue;
    }
    const key = byVariable.get(variable);
    if (key === undefined) {
      const near = nearestKey(variable, [...byVariable.keys()]);
      warnings.push(`${variable} sets no key of the configuration${near === null ? '' : `; did you mean ${near}?`}`);
      continue;
    }
    const value = valueOf(text, key.kind);
    if (value === undefined) {
      problems.push({
        file: 'environment',
        line: null,
        column: null,
        key: variable,
        message:
          key.kind === 'boolean'
            ? 'must be true or false'
            : `must be ${key.kind === 'numbers' ? 'numbers' : 'a number'}`,
        remedy: key.kind === 'boolean' ? 'write true or false' : 'write digits, with commas between several',
      });
    } else values.push({ variable, path: key.path, value });
  }
  return { values, problems, warnings };
}

function secretValue(variable: string, text: string): EnvironmentValue {
  const isFile = variable.endsWith('_FILE');
  const name = variable.slice(SECRET_PREFIX.length, isFile ? -'_FILE'.length : undefined);
  return {
    variable,
    path: ['secrets', name.toLowerCase().replaceAll('_', '-'), isFile ? 'value_file' : 'value'],
    value: text,
  };
}

/** The typed value of a variable's text; undefined when the text does not fit the kind. */
function valueOf(text: string, kind: KnownKey['kind']): unknown {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  switch (kind) {
    case 'number':
      return text.trim() === 'null' ? null : numberOf(text);
    case 'numbers': {
      const numbers = items.map(numberOf);
      return numbers.includes(undefined) ? undefined : numbers;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'texts':
      return items;
    default:
      return text;
  }
}

function numberOf(text: string): number | undefined {
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? undefined : number;
}
