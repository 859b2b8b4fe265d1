import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { parseConfig } from '../config/load.js';
import { describeProblem } from '../config/problem.js';
import type { Discovery } from '../domain/discovery.js';
import { slugOf } from '../domain/identifiers.js';
import { namedByAddress } from '../domain/shown-address.js';
import { isList, isObject, type Json } from '../domain/json.js';
import { setupProblemOf } from '../domain/setup-problem.js';
import { pair, typedTarget, WrongOption } from './asking-options.js';
import { alikeText } from './config-check.js';
import type { Commands } from './commands.js';

const EXAMPLE = 'mlfi.example.yml';
const UNANSWERED = 2;

/** What `mlfi init` is told besides where to write. */
export interface InitOptions {
  readonly output: string;
  readonly force?: boolean;
  /** The model to write the file for. */
  readonly url?: string;
  readonly id?: string;
  readonly payload?: string;
  readonly connector?: string;
  readonly openapi?: string;
  readonly header?: readonly string[];
}

/** The example lies at the root of the repository (or beside the package in the image), above this file. */
function exampleFile(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, EXAMPLE))) return join(folder, EXAMPLE);
    if (folder === dirname(folder)) return null;
  }
}

/**
 * `mlfi init`: writes the commented example configuration, or with `url` a short one for a model that was asked first.
 * 0 written, 1 refused, 2 the model did not answer.
 */
export async function init(commands: Pick<Commands, 'tryModels'>, options: InitOptions): Promise<number> {
  const { output, force = false, url } = options;
  if (existsSync(output) && !force) {
    console.error(`${output} is there already; --force overwrites it, --output names another file`);
    return 1;
  }
  if (url !== undefined) return initFor(commands, url, options);
  const example = exampleFile();
  if (example === null) {
    console.error(`${EXAMPLE} is missing from this installation`);
    return 1;
  }
  writeFileSync(output, readFileSync(example, 'utf8').replace('Copy to mlfi.yml and keep', 'Keep'));
  console.log(`${output} written. Edit it, then: mlfi config check ${output} && mlfi serve --config ${output}`);
  return 0;
}

interface ModelLines {
  readonly id: string;
  readonly url: string;
  readonly connector?: string;
  readonly payloads?: readonly Json[];
  readonly openapi?: string;
  readonly headers?: Readonly<Record<string, { readonly secret: string }>>;
}

type SecretLines = Readonly<Record<string, { readonly value: string } | { readonly value_file: string }>>;

/** Headers as the file has them: values stand under `secrets`, or in the file that was named. */
function headerLines(typed: readonly string[]): { headers: NonNullable<ModelLines['headers']>; secrets: SecretLines } {
  const lines = typed.map((one) => {
    const [name, value] = pair('--header', one, ':');
    const secret = `header-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 60).replace(/-+$/, '');
    return { name, secret, kept: value.startsWith('@') ? { value_file: resolve(value.slice(1)) } : { value } };
  });
  return {
    headers: Object.fromEntries(lines.map(({ name, secret }) => [name, { secret }])),
    secrets: Object.fromEntries(lines.map(({ secret, kept }) => [secret, kept])),
  };
}

async function initFor(commands: Pick<Commands, 'tryModels'>, url: string, options: InitOptions): Promise<number> {
  const { output, id, payload, connector, openapi, header = [] } = options;
  let model: ModelLines;
  let secrets: SecretLines;
  try {
    const { target } = typedTarget({
      ...(payload === undefined ? {} : { payload }),
      ...(connector === undefined ? {} : { connector }),
      ...(openapi === undefined ? {} : { openapi }),
    });
    const { asking, ...said } = target;
    const document = asking?.openapi === undefined ? {} : { openapi: asking.openapi };
    const given = headerLines(header);
    ({ secrets } = given);
    const headers = header.length === 0 ? {} : { headers: given.headers };
    model = { id: id ?? slugOf(namedByAddress(url)), url, ...said, ...document, ...headers };
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    console.error(error.message);
    return 1;
  }
  // What the person names by hand may be private; the file says so only where it is.
  let isPrivate = false;
  let tried = await ask(commands, fileOf(model, secrets, isPrivate, null));
  if (tried?.discovery.kind === 'not-found' && setupProblemOf(tried.discovery.failure).kind === 'blocked-by-egress') {
    isPrivate = true;
    tried = await ask(commands, fileOf(model, secrets, isPrivate, null));
  }
  if (tried === null) return 1;
  const { discovery: asked, alike } = tried;
  if (asked.kind === 'not-found') {
    const { sentence, advice } = setupProblemOf(asked.failure);
    console.error(`${model.id} was not asked successfully, so ${output} is not written. ${sentence} ${advice}`);
    return UNANSWERED;
  }
  const found = foundText(asked);
  const text = fileOf(model, secrets, isPrivate, found);
  // It may hold a key.
  writeFileSync(output, text, header.length === 0 ? {} : { mode: 0o600 });
  console.log(`${model.id} ${found}`);
  if (alike !== null) console.log(`${alikeText(alike)}: the same command with --payload '{…}' --force.`);
  console.log(`${output} written (${text.trimEnd().split('\n').length} lines). Next: mlfi serve --config ${output}`);
  return 0;
}

interface Tried {
  readonly discovery: Discovery;
  readonly alike: number | null;
}

/** @returns what came of asking the model of that file; null when the file is refused, which is said */
async function ask({ tryModels }: Pick<Commands, 'tryModels'>, text: string): Promise<Tried | null> {
  const loaded = parseConfig('mlfi init', text, {}, process.cwd());
  if (loaded.kind === 'refused') {
    for (const problem of loaded.problems) console.error(describeProblem(problem));
    return null;
  }
  const all: Tried[] = [];
  await tryModels(loaded.config, (_, discovery, alike) => {
    if (discovery !== null) all.push({ discovery, alike });
  });
  return all[0] ?? null;
}

/** What a person wants to know of the answer: protocol, address, and what is read off it. No value of the answer. */
function foundText({ endpoint, answer, payloads, isGuess }: Extract<Discovery, { kind: 'found' }>): string {
  const [first = null] = payloads;
  const names = isGuess ? '' : namesIn(first);
  const takes = isGuess ? `; sent ${JSON.stringify(first)}`.slice(0, 300) : names === '' ? '' : `; takes ${names}`;
  const gives = `gives a prediction${answer.confidence === null ? ', no confidence' : ' and a confidence'}`;
  return `answers (${endpoint.connector} at ${endpoint.url.replace(/[?#].*$/s, '')})${takes}; ${gives}`.replaceAll(
    /[\u0000-\u001f\u007f-\u009f]+/g,
    ' ',
  );
}

const LONGEST_NAMES = 300;

/** Names of the fields of a payload; of rows within it, theirs. */
function namesIn(payload: Json): string {
  const row = isList(payload) ? payload[0] : payload;
  if (!isObject(row)) return '';
  const named = Object.entries(row).map(([name, value]) => {
    const within = isList(value) ? namesIn(value) : '';
    return within === '' ? name : `${name} (${within})`;
  });
  return named.join(', ').slice(0, LONGEST_NAMES);
}

function fileOf(model: ModelLines, secrets: SecretLines, isPrivate: boolean, found: string | null): string {
  const egress = isPrivate ? { egress: allowing(model.url) } : {};
  const kept = Object.keys(secrets).length === 0 ? {} : { secrets };
  const [head, ...rest] = [
    '# Written by mlfi init. Every other key has its default: mlfi init --output all.yml shows them all.',
    ...(found === null ? [] : [`# ${model.id} ${found}.`]),
    ...(isPrivate ? ['# Its address is private or this machine, so calling it is allowed here.'] : []),
  ];
  return `${[head, ...rest].join('\n')}\n${stringify({ models: [model], ...kept, ...egress }, { lineWidth: 0 })}`;
}

/** The one host of an address; an IPv6 address is no name, so it is a range of one. */
function allowing(url: string): Readonly<Record<string, readonly string[]>> {
  const { hostname } = new URL(url);
  return hostname.startsWith('[') ? { allow_cidrs: [`${hostname.slice(1, -1)}/128`] } : { allow_hosts: [hostname] };
}
