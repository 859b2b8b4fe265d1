import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../config/load.js';
import { describeProblem } from '../config/problem.js';
import type { Discovery } from '../domain/discovery.js';
import { slugOf } from '../domain/identifiers.js';
import { counted } from '../domain/quantity-text.js';
import { namedByAddress } from '../domain/shown-address.js';
import { isList, isObject, type Json } from '../domain/json.js';
import { setupProblemOf, type SetupKind } from '../domain/setup-problem.js';
import { typedTarget, WrongOption, type AskingOptions } from './asking-options.js';
import { alikeText } from './config-check.js';
import type { Commands } from './commands.js';
import { fileToTry, fileToWrite, tlsLines, type InitFile } from './init-file.js';
import { keepSecrets, secretInTheWay, secretsOf } from './init-secrets.js';
import { commandLine } from './own-command.js';
import { canAsk, terminalQuestions, type Questions } from './questions.js';

const EXAMPLE = 'mlfi.example.yml';
const WRITTEN = 0;
const REFUSED = 1;
const UNANSWERED = 2;
const INTERRUPTED = 130;

/** What `mlfi init` is told besides where to write. */
export interface InitOptions extends AskingOptions {
  readonly output: string;
  readonly force?: boolean;
  /** Every key with a comment, and no question. */
  readonly all?: boolean;
  /** The model to write the file for. */
  readonly url?: string;
  readonly id?: string;
}

type Trying = Pick<Commands, 'tryModels'>;

/**
 * `mlfi init`: writes a short configuration for the model of `url`, which is asked first. Without `url` a person at a terminal is
 * asked for it; where there is none, or with `all`, the commented example is written.
 * 0 written, 1 refused, 2 the model did not answer, 130 left.
 */
export async function init(
  commands: Trying,
  options: InitOptions,
  openQuestions: (() => Questions) | null = canAsk() ? terminalQuestions : null,
): Promise<number> {
  const { output, force = false, url } = options;
  if (existsSync(output) && !force) return refused(`${output} is there already; ${ANOTHER}`);
  if (!existsSync(dirname(resolve(output)))) return refused(`the folder of ${output} does not exist; make it first`);
  if (url !== undefined) return (await initFor(commands, url, options)).code;
  if (options.all === true || openQuestions === null) return writeExample(options);
  const questions = openQuestions();
  try {
    return await initByQuestions(commands, options, questions);
  } finally {
    questions.close();
  }
}

const ANOTHER = '--force overwrites it, --output names another file';

function refused(why: string): number {
  console.error(why);
  return REFUSED;
}

/** The example lies at the root of the repository (or beside the package in the image), above this file. */
function exampleFile(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, EXAMPLE))) return join(folder, EXAMPLE);
    if (folder === dirname(folder)) return null;
  }
}

function writeExample({ output, force = false }: InitOptions): number {
  const example = exampleFile();
  if (example === null) return refused(`${EXAMPLE} is missing from this installation`);
  const text = readFileSync(example, 'utf8').replace('Copy to mlfi.yml and keep', 'Keep');
  writeFileSync(output, text, { flag: force ? 'w' : 'wx' });
  console.log(
    `${output} written. Edit it, then: ${commandLine(['config', 'check', output])} && ${commandLine(['serve', '--config', output])}`,
  );
  return WRITTEN;
}

/** What a person at a terminal is asked for. */
type Wanted = 'url' | 'key' | 'payload';

/** How it ended, and what would have to be other for it to go better; null where nothing a person can type. */
interface Outcome {
  readonly code: number;
  readonly wanted: Wanted | null;
}

/** What a question may put right, by what stands between mlfi and the first answer. */
const PUT_RIGHT_BY: Readonly<Partial<Record<SetupKind, Wanted>>> = {
  credentials: 'key',
  'payload-needed': 'payload',
  'error-answer': 'payload',
  'server-error': 'payload',
  'not-understood': 'payload',
  'connection-refused': 'url',
  'host-not-found': 'url',
  'no-encryption': 'url',
  'not-found': 'url',
  'wrong-method': 'url',
  'not-a-model': 'url',
  moved: 'url',
  'speaks-grpc': 'url',
};

interface Typed {
  readonly url: string;
  readonly header: readonly string[];
  readonly payload: string | null;
}

/** @returns what was typed so far with the answer; null where the person leaves */
async function asked(wanted: Wanted, questions: Questions, typed: Typed, orElse: string): Promise<Typed | null> {
  if (wanted === 'url') {
    const url = await questions.ask(`Address of the model (Enter ${orElse}): `);
    return isNothing(url) ? null : { ...typed, url: url.includes('://') ? url : `http://${url}` };
  }
  if (wanted === 'payload') {
    const payload = await questions.ask(`A payload it takes, as JSON (Enter ${orElse}): `);
    return isNothing(payload) ? null : { ...typed, payload };
  }
  const key = await questions.askHidden(`Its key, not shown (Enter ${orElse}): `);
  if (isNothing(key)) return null;
  const header = await questions.ask('Header it goes in (Enter for Authorization: Bearer): ');
  if (header === null) return null;
  const name = header.replace(/:.*/, '').trim();
  return { ...typed, header: [name === '' ? `Authorization: Bearer ${key}` : `${name}: ${key}`] };
}

const isNothing = (answer: string | null): answer is null | '' => answer === null || answer === '';

async function initByQuestions(commands: Trying, options: InitOptions, questions: Questions): Promise<number> {
  const given = { url: '', header: options.header ?? [], payload: options.payload ?? null };
  let typed = await asked('url', questions, given, 'to leave');
  if (typed !== null && typed.header.length === 0 && options.tokenFile === undefined)
    typed = (await asked('key', questions, typed, 'for none')) ?? typed;
  while (typed !== null && !questions.isEnded()) {
    questions.say('Asking the model …');
    const { url, header, payload } = typed;
    const said = payload === null ? {} : { payload };
    const { code, wanted } = await initFor(commands, url, { ...options, header, ...said });
    if (wanted === null) return code;
    typed = await asked(wanted, questions, typed, 'to leave');
  }
  questions.say(`${options.output} is not written.`);
  return INTERRUPTED;
}

/** @throws WrongOption */
function fileFor(url: string, options: InitOptions): Omit<InitFile, 'isPrivate'> {
  // What is a secret is kept in files of its own.
  const { id, header = [], query = [], basic = null, tokenFile = null, ...open } = options;
  const { asking = {}, ...said } = typedTarget(open).target;
  const given = secretsOf(url, { header, query, basic, tokenFile });
  const { method, openapi, pointers, tls } = asking;
  const model = {
    id: id ?? slugOf(namedByAddress(url)),
    url: given.url,
    ...said,
    ...(method === undefined ? {} : { method }),
    ...(openapi === undefined ? {} : { openapi }),
    ...(pointers === undefined ? {} : { answer: pointers }),
    ...(tls === undefined ? {} : { tls: tlsLines(tls) }),
    ...(Object.keys(given.headers).length === 0 ? {} : { headers: given.headers }),
    ...(Object.keys(given.query).length === 0 ? {} : { query: given.query }),
  };
  return { model, secrets: given.secrets };
}

async function initFor(commands: Trying, url: string, options: InitOptions): Promise<Outcome> {
  const { output } = options;
  let file: InitFile;
  try {
    file = { ...fileFor(url, options), isPrivate: false };
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    return { code: refused(error.message), wanted: error.message.startsWith('--payload') ? 'payload' : 'url' };
  }
  const inTheWay = secretInTheWay(output, file.secrets);
  if (inTheWay !== null && options.force !== true)
    return {
      code: refused(
        `${inTheWay} is there already and holds another secret; --force overwrites it, "@file" in its place names a file of your own`,
      ),
      wanted: null,
    };
  // What the person names by hand may be private; the file says so only where it is.
  let tried = await ask(commands, file);
  if (tried?.discovery.kind === 'not-found' && setupProblemOf(tried.discovery.failure).kind === 'blocked-by-egress') {
    file = { ...file, isPrivate: true };
    tried = await ask(commands, file);
  }
  if (tried === null) return { code: REFUSED, wanted: 'url' };
  const { discovery, alike } = tried;
  if (discovery.kind === 'not-found') {
    const { kind, sentence, advice } = setupProblemOf(discovery.failure);
    console.error(`${file.model.id} was not asked successfully, so ${output} is not written. ${sentence} ${advice}`);
    return { code: UNANSWERED, wanted: PUT_RIGHT_BY[kind] ?? null };
  }
  write(file, discovery, alike, options);
  return { code: WRITTEN, wanted: null };
}

function write(file: InitFile, discovery: Found, alike: number | null, { output, force = false }: InitOptions): void {
  const { model, secrets } = file;
  const found = foundText(discovery);
  // A protocol other than the usual one need not be found out at each start.
  const { connector } = discovery.endpoint;
  const learnt = connector === 'rest' ? file : { ...file, model: { ...model, connector } };
  const text = fileToWrite(learnt, found);
  const kept = keepSecrets(output, secrets);
  writeFileSync(output, text, { flag: force ? 'w' : 'wx' });
  console.log(`${model.id} ${found}`);
  if (alike !== null) console.log(`${alikeText(alike)}: the same command with --payload '{…}' --force.`);
  for (const path of kept) console.log(`${path} holds a secret that ${output} names; only you can read it.`);
  const lines = counted(text.trimEnd().split('\n').length, 'line');
  console.log(`${output} written (${lines}). Next: ${commandLine(['serve', '--config', output])}`);
}

interface Tried {
  readonly discovery: Discovery;
  readonly alike: number | null;
}
type Found = Extract<Discovery, { kind: 'found' }>;

/** @returns what came of asking the model of that file; null when the file is refused, which is said */
async function ask({ tryModels }: Trying, file: InitFile): Promise<Tried | null> {
  const loaded = parseConfig('mlfi init', fileToTry(file), {}, process.cwd());
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
function foundText({ endpoint, answer, payloads, isGuess }: Found): string {
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
