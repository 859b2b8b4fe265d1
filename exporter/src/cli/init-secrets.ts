import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NAMED_SECRET } from '../domain/shown-address.js';
import { fileText, pair, WrongOption } from './asking-options.js';
import type { KeptSecret, ModelLines } from './init-file.js';

/** Beside the configuration file; it says so in `value_file`. */
const FOLDER = 'mlfi-secrets';

/** What of a model's address, headers and key is never written into the configuration. */
export interface GivenSecrets {
  /** The address without the parameters that are kept. */
  readonly url: string;
  readonly headers: NonNullable<ModelLines['headers']>;
  readonly query: NonNullable<ModelLines['query']>;
  readonly secrets: readonly KeptSecret[];
}

const nameOf = (kind: 'header' | 'query', name: string): string =>
  `${kind}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 60).replace(/-+$/, '');

const newFile = (name: string, value: string): KeptSecret => ({
  name,
  value,
  from: { kind: 'new-file', path: `${FOLDER}/${name}` },
});

/**
 * Headers as typed: `Name: value`, `Name: @file`, or `Name` alone for a value in MLFI_SECRET_….
 * @throws WrongOption
 */
function headerSecret(
  typed: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly [string, KeptSecret] {
  if (!typed.includes(':')) {
    const header = typed.trim();
    const name = nameOf('header', header);
    const variable = `MLFI_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
    const value = environment[variable] ?? '';
    // A variable that ends so names a file.
    if (value === '' || variable.endsWith('_FILE'))
      throw new WrongOption(
        `--header ${header} has no value: set ${variable.replace(/_FILE$/, '_…')}, or give "${header}: @file" with a file that holds it`,
      );
    return [header, { name, value, from: { kind: 'variable', variable } }];
  }
  const [header, value] = pair('--header', typed, ':');
  const name = nameOf('header', header);
  if (value === '') throw new WrongOption(`--header ${header} has no value`);
  if (!value.startsWith('@')) return [header, newFile(name, value)];
  const path = resolve(value.slice(1));
  return [header, { name, value: oneLine(fileText('--header', path), '--header'), from: { kind: 'named-file', path } }];
}

/** A parameter as typed: `name=value` or `name=@file`. @throws WrongOption */
function querySecret(typed: string): readonly [string, KeptSecret] {
  const [parameter, value] = pair('--query', typed, '=');
  const name = nameOf('query', parameter);
  if (value === '') throw new WrongOption(`--query ${parameter} has no value`);
  if (!value.startsWith('@')) return [parameter, newFile(name, value)];
  const path = resolve(value.slice(1));
  return [
    parameter,
    { name, value: oneLine(fileText('--query', path), '--query'), from: { kind: 'named-file', path } },
  ];
}

/** `user:password` or `user:@file`, as HTTP's basic scheme sends it. @throws WrongOption */
function basicSecret(typed: string): string {
  const [user, given] = pair('--basic', typed, ':');
  const password = given.startsWith('@') ? oneLine(fileText('--basic', given.slice(1)), '--basic') : given;
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function oneLine(text: string, option: string): string {
  const line = text.replace(/\r?\n$/, '');
  if (line === '' || /[\r\n\0]/.test(line))
    throw new WrongOption(`${option}: the file must hold one line and nothing else`);
  return line;
}

/**
 * Takes the secrets out of what was typed.
 * @throws WrongOption
 */
export function secretsOf(
  url: string,
  typed: {
    readonly header: readonly string[];
    readonly query: readonly string[];
    readonly basic: string | null;
    readonly tokenFile: string | null;
  },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): GivenSecrets {
  const headers = new Map<string, KeptSecret>();
  for (const one of typed.header) headers.set(...headerSecret(one, environment));
  if (typed.tokenFile !== null) {
    const token = oneLine(fileText('--token-file', typed.tokenFile), '--token-file').trim();
    headers.set('Authorization', newFile(nameOf('header', 'Authorization'), `Bearer ${token}`));
  }
  if (typed.basic !== null)
    headers.set('Authorization', newFile(nameOf('header', 'Authorization'), basicSecret(typed.basic)));
  const query = new Map<string, KeptSecret>();
  const address = URL.canParse(url) ? new URL(url) : null;
  for (const [name, value] of address?.searchParams ?? []) {
    if (value === '')
      throw new WrongOption('the address has a parameter without a value, which may be a key: write it as name=value');
    if (NAMED_SECRET.test(name)) query.set(name, newFile(nameOf('query', name), value));
  }
  for (const name of query.keys()) address?.searchParams.delete(name);
  const isAddressChanged = query.size > 0;
  for (const one of typed.query) query.set(...querySecret(one));
  const named = (all: ReadonlyMap<string, KeptSecret>): Record<string, { secret: string }> =>
    Object.fromEntries([...all].map(([name, { name: secret }]) => [name, { secret }]));
  return {
    url: isAddressChanged ? (address?.href ?? url) : url,
    headers: named(headers),
    query: named(query),
    secrets: [...headers.values(), ...query.values()],
  };
}

const pathsOf = (output: string, secrets: readonly KeptSecret[]): readonly (readonly [string, string])[] =>
  secrets.flatMap(({ value, from }) =>
    from.kind === 'new-file' ? [[join(dirname(output), from.path), value] as const] : [],
  );

/** The first file that would be overwritten with another secret; null where there is none. */
export function secretInTheWay(output: string, secrets: readonly KeptSecret[]): string | null {
  const other = pathsOf(output, secrets).find(
    ([path, value]) => existsSync(path) && readFileSync(path, 'utf8') !== `${value}\n`,
  );
  return other?.[0] ?? null;
}

/** Writes the secrets that have no file yet, for this user alone and for no repository. @returns the files */
export function keepSecrets(output: string, secrets: readonly KeptSecret[]): readonly string[] {
  return pathsOf(output, secrets).map(([path, value]) => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(join(dirname(path), '.gitignore'), '*\n');
    writeFileSync(path, `${value}\n`, { mode: 0o600 });
    // The mode above is only that of a file that was not there.
    chmodSync(path, 0o600);
    return path;
  });
}
