import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { MAPPED_ROLES, mappingFrom, NO_MAPPING } from '../domain/field-mapping.js';
import { counted } from '../domain/quantity-text.js';
import type { Commands, ImportNote, ImportPreview, ImportSource } from './commands.js';
import { ProgressLine } from './import-progress.js';
import { baselineText, outcomeSchema, storyMarkdown, storyText } from './import-story.js';
import {
  addServiceAddress,
  askService,
  type ServiceAnswer,
  type ServiceOptions,
  type ServiceRequest,
} from './service-client.js';

export interface ImportOptions extends ServiceOptions {
  readonly model: string;
  readonly as: string;
  readonly map?: string;
  readonly from?: string;
  readonly rowsPerDay?: string;
  readonly format?: string;
  readonly preview?: boolean;
  readonly yes?: boolean;
  readonly report?: string;
  readonly cancel?: boolean;
}

const FORMATS = ['csv', 'tsv', 'lines', 'json', 'parquet'] as const;
const isFormat = (text: string): text is (typeof FORMATS)[number] => (FORMATS as readonly string[]).includes(text);
const MODEL_ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** What is said of an import, checked. */
interface Plan {
  readonly model: string;
  readonly as: 'baseline' | 'history';
  readonly map: string | null;
  /** When rows without a time were made. */
  readonly spread: { readonly firstMs: number; readonly perDay: number } | null;
}

/** Adds `mlfi import`. Exit code: 0 imported, 1 not. */
export function addImport(program: Command, commands: Pick<Commands, 'openImport'>): void {
  addServiceAddress(
    program
      .command('import')
      .argument(
        '[files...]',
        'files or folders (csv, tsv, ndjson, jsonl, json, each also .gz; parquet), or - for standard input',
      )
      .description('bring in rows of the past: a training set as the baseline, or history that is judged as if live'),
  )
    .requiredOption('-m, --model <id>', 'the model they are of; it is made when there is none')
    .option('--as <purpose>', 'baseline: the normal to compare with · history: judged in its own time', 'history')
    .option(
      '--map <name:role,…>',
      `what columns are where their names do not say it; roles: ${MAPPED_ROLES.join(', ')}`,
    )
    .option('--from <date>', 'when the first row was made, where rows have no time; with --rows-per-day')
    .option('--rows-per-day <number>', 'how many came a day, where rows have no time')
    .option('--format <kind>', `what the files hold, where their names do not say it: ${FORMATS.join(', ')}`)
    .option('--preview', 'only show how the columns would be read')
    .option('-y, --yes', 'import without asking')
    .option('--cancel', 'forget what an import that is under way has brought; its model is watched again as before')
    .option('--report <file>', 'write what mlfi would have told you (Markdown)')
    .action(async (files: readonly string[], options: ImportOptions) => {
      process.exitCode = await importFiles(commands, files, options);
    });
}

/** `mlfi import`: shows how the files are read, sends them in parts, and tells what there was to say. */
export async function importFiles(
  commands: Pick<Commands, 'openImport'>,
  paths: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const plan = planOf(options);
  if (typeof plan === 'string') return failed(plan);
  if (options.cancel === true) return cancel(plan.model, options);
  if (paths.length === 0) return failed('name what to import: files, folders, or - for standard input');
  try {
    const format = options.format === undefined || !isFormat(options.format) ? null : options.format;
    const source = await commands.openImport(paths, format);
    const previews = await source.preview(
      plan.model,
      plan.map === null ? NO_MAPPING.fields : (mappingFrom(plan.map) ?? NO_MAPPING.fields),
    );
    console.log(previews.map(previewText).join('\n\n'));
    const problem = whatIsMissing(plan, previews);
    if (problem !== null) return failed(problem);
    if (options.preview === true) return 0;
    if (options.yes !== true && !(await isConfirmed(plan)))
      return failed('nothing was imported; --yes imports without asking, --map says what a column is');
    return await send(source, plan, options);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

async function cancel(model: string, options: ServiceOptions): Promise<number> {
  const path = `/api/v1/models/${model}/imports`;
  const answer = await askService(options, { method: 'DELETE', path, timeoutMs: 600_000 });
  if (answer.kind === 'refused') return failed(answer.reason);
  console.log(`The import is cancelled: "${model}" is watched as before, and its past can be imported anew.`);
  return 0;
}

function failed(why: string): number {
  console.error(why);
  return 1;
}

/** @returns the plan, or what is wrong with what was said */
function planOf({ model, as, map, from, rowsPerDay, format }: ImportOptions): Plan | string {
  if (!MODEL_ID.test(model)) return '--model: 1 to 64 characters of a–z, 0–9 and "-"';
  if (as !== 'baseline' && as !== 'history') return `--as: baseline or history, not "${as.slice(0, 40)}"`;
  if (map !== undefined && mappingFrom(map) === null)
    return `--map: name:role, … with a role of ${MAPPED_ROLES.join(', ')}`;
  if (format !== undefined && !isFormat(format)) return `--format: one of ${FORMATS.join(', ')}`;
  if ((from === undefined) !== (rowsPerDay === undefined)) return '--from and --rows-per-day belong together';
  const spread = from === undefined ? null : { firstMs: Date.parse(from), perDay: Number(rowsPerDay) };
  if (spread !== null && !Number.isFinite(spread.firstMs)) return '--from: a date, such as 2026-01-31';
  if (spread !== null && !(Number.isInteger(spread.perDay) && spread.perDay > 0))
    return '--rows-per-day: a whole number';
  return { model, as, map: map ?? null, spread };
}

/** Why these files cannot be imported as they are; null when they can. */
function whatIsMissing({ as, spread }: Plan, previews: readonly ImportPreview[]): string | null {
  if (previews.every(({ rows, labels }) => rows + labels === 0)) {
    const slip = previews.flatMap(({ errors }) => errors)[0];
    if (slip?.field === 'prediction')
      return "no column is read as what the model said. mlfi compares a model's answers: score these rows with the model and give the column, or name it: --map COLUMN:prediction";
    return slip === undefined ? 'there is no row in it' : `no row can be taken. Line ${slip.line}: ${slipText(slip)}`;
  }
  // A column may be in one file only, and of rows a line in later ones.
  const [first, ...others] = previews.map(({ isTable, notes }) =>
    notes.flatMap(({ reason, field }) => (isTable && reason === 'not_met' ? [field] : [])),
  );
  const unmet = (first ?? []).filter((field) => others.every((fields) => fields.includes(field)));
  if (unmet.length > 0) return `--map: ${unmet.map((field) => `there is no column "${field}"`).join('; ')}`;
  if (as === 'history' && spread === null && previews.some(({ isUndated }) => isUndated))
    return 'rows have no time: say --map COLUMN:timestamp, or when they were made with --from 2026-01-01 --rows-per-day 5000';
  return null;
}

const CONTROLS = /\p{Cc}/gu;

/** The field, where it is about one, and what is wrong with it. */
const slipText = ({ field, message }: { readonly field: string; readonly message: string }): string =>
  `${field} ${message}`.trimStart();

const noteText = ({ field, message, rows }: ImportNote): string =>
  `${field === '' ? '' : `${field}: `}${message} (${counted(rows, 'row')})`;

function previewText({ file, columns, rows, labels, refused, errors, notes }: ImportPreview): string {
  const width = Math.min(40, Math.max(0, ...columns.map(({ name }) => name.length)));
  const roleWidth = Math.max(0, ...columns.map(({ role }) => role.length));
  const counts = [
    `${rows} rows`,
    ...(labels > 0 ? [`${labels} labels`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return [
    `${file}: of the first part ${counts.join(', ')}`,
    ...columns.map(({ name, role, example }) => `  ${name.padEnd(width)}  ${role.padEnd(roleWidth)}  ${example}`),
    ...errors.slice(0, 3).map((slip) => `  line ${slip.line}: ${slipText(slip)}`),
    ...notes.map((note) => `  ${noteText(note)}`),
  ]
    .map((line) => line.replace(CONTROLS, ' ').trimEnd())
    .join('\n');
}

async function isConfirmed({ model, as }: Plan): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const said = await asking.question(`\nImport this as the ${as} of "${model}"? [y/N] `);
  asking.close();
  return /^y(?:es)?$/i.test(said.trim());
}

const takenSchema = z.object({
  accepted: z.number(),
  rejected: z.number(),
  labels_matched: z.number(),
  duplicate: z.boolean(),
  errors: z.array(z.object({ line: z.number(), field: z.string(), message: z.string(), rows: z.number() })),
  notes: z.array(z.object({ reason: z.string(), field: z.string(), message: z.string(), rows: z.number() })),
});

/** Notes of all parts, those of one slip together. */
class Notes {
  private readonly bySlip = new Map<string, ImportNote>();

  add(notes: readonly ImportNote[]): void {
    for (const note of notes) {
      const slip = `${note.reason}\n${note.field}`;
      const before = this.bySlip.get(slip)?.rows ?? 0;
      this.bySlip.set(slip, { ...note, rows: before + note.rows });
    }
  }

  get text(): string {
    if (this.bySlip.size === 0) return '';
    return ['Taken otherwise than written:', ...[...this.bySlip.values()].map((note) => `  ${noteText(note)}`)].join(
      '\n',
    );
  }
}

/** What a person is to do when an import ends before its end: the model waits for the rest. */
const unfinished = (model: string, rows: number): string =>
  rows === 0
    ? ''
    : `\n${counted(rows, 'row is in', 'rows are in')}, and "${model}" is not watched before the import is finished: run it again, or mlfi import --model ${model} --cancel`;

async function send(source: ImportSource, plan: Plan, options: ImportOptions): Promise<number> {
  const model = `/api/v1/models/${plan.model}`;
  const made = await madeSure(plan.model, options);
  if (made.kind === 'refused') return failed(made.reason);
  const progress = new ProgressLine();
  const size = source.files.reduce<number | null>(
    (sum, { sizeBytes }) => (sum === null || sizeBytes === null ? null : sum + sizeBytes),
    0,
  );
  let [rows, repeated, refused, sizeBefore] = [0, 0, 0, 0];
  let [file, rowsOfFile, rowsSent] = ['', 0, 0];
  const slips: string[] = [];
  const notes = new Notes();
  let done = { rows, repeated, share: null as number | null };
  const pieces = source.pieces()[Symbol.asyncIterator]();
  for (;;) {
    const next = await pieces.next().catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}${unfinished(plan.model, rows)}`);
    });
    if (next.done === true) break;
    const piece = next.value;
    if (piece.file !== file) {
      sizeBefore += source.files.find(({ name }) => name === file)?.sizeBytes ?? 0;
      [file, rowsOfFile] = [piece.file, 0];
    }
    const answer = await persistently(options, {
      method: 'POST',
      path: `${model}/imports/rows?${queryOf(plan, piece.body, rowsOfFile, rowsSent).toString()}`,
      content: { type: piece.contentType, text: piece.body },
      timeoutMs: 600_000,
    });
    if (answer.kind === 'refused' && answer.body === undefined)
      return failed(`${file}: ${answer.reason}${unfinished(plan.model, rows)}`);
    const taken = takenSchema.parse(answer.body);
    rows += taken.accepted;
    repeated += taken.duplicate ? taken.accepted : 0;
    refused += taken.rejected;
    notes.add(taken.notes);
    for (const slip of taken.errors.slice(0, 3))
      if (slips.length < 10)
        slips.push(`  ${file}, row ${rowsOfFile + slip.line}: ${slipText(slip)} (${counted(slip.rows, 'row')})`);
    [rowsOfFile, rowsSent] = [rowsOfFile + piece.rows, rowsSent + piece.rows];
    const fileSize = source.files.find(({ name }) => name === file)?.sizeBytes ?? 0;
    done = {
      rows,
      repeated,
      share:
        size === null || size === 0 || piece.share === null
          ? null
          : Math.min(1, (sizeBefore + piece.share * fileSize) / size),
    };
    progress.tell(done);
  }
  progress.end({ ...done, share: 1 });
  const refusals = refused > 0 ? [`${counted(refused, 'row was', 'rows were')} refused:`, ...slips] : [];
  const told = [...refusals, notes.text].filter((text) => text !== '').join('\n');
  if (told !== '') console.error(told.replace(/(?!\n)\p{Cc}/gu, ' '));
  return finish(plan, options, rows > 0 && repeated === rows);
}

async function finish(plan: Plan, options: ImportOptions, isKnown: boolean): Promise<number> {
  const path = `/api/v1/models/${plan.model}/imports/finish`;
  const answer = await persistently(options, { method: 'POST', path, timeoutMs: 600_000 });
  if (answer.kind === 'refused') {
    if (answer.status !== 404 || !(isKnown || answer.isAskedAgain)) return failed(answer.reason);
    console.log(
      isKnown
        ? 'All of it had been imported before; nothing was counted again.'
        : `The import is finished. mlfi was started anew before it could tell the story: mlfi incidents list --all --model ${plan.model} shows what it found.`,
    );
    return 0;
  }
  const outcome = outcomeSchema.parse(answer.body);
  const said = [
    baselineText(plan.model, outcome),
    plan.as === 'history' ? storyText(plan.model, outcome) : '',
    ...outcome.notes,
  ];
  console.log(
    said
      .filter((text) => text !== '')
      .join('\n\n')
      .replace(/(?!\n)\p{Cc}/gu, ''),
  );
  if (options.report !== undefined) {
    writeFileSync(options.report, storyMarkdown(plan.model, outcome));
    console.log(`${options.report} written`);
  }
  return plan.as === 'baseline' && outcome.baseline_version === null ? 1 : 0;
}

const DAY_MS = 86_400_000;

function queryOf({ as, map, spread }: Plan, body: string, place: number, rowsSent: number): URLSearchParams {
  // The same rows at the same place of a file, read the same way, are the same, whatever the file is called.
  const digest = createHash('sha256')
    .update(`${as}\n${place}\n${map === null ? '' : `${map}\n`}`)
    .update(body)
    .digest('hex');
  return new URLSearchParams({
    as,
    batch_id: `import-${digest}`,
    ...(map === null ? {} : { map }),
    ...(spread === null
      ? {}
      : {
          first_ms: String(Math.round(spread.firstMs + (rowsSent * DAY_MS) / spread.perDay)),
          rows_per_day: String(spread.perDay),
        }),
  });
}

const underWaySchema = z.object({ under_way: z.boolean() });

/** The model, made when there is none. */
async function madeSure(id: string, options: ServiceOptions): Promise<ServiceAnswer> {
  const importing = await persistently(options, { method: 'GET', path: `/api/v1/models/${id}/imports` });
  if (importing.kind === 'refused' && importing.status !== 404) return importing;
  if (importing.kind === 'answer' && underWaySchema.parse(importing.body).under_way) return importing;
  const known = await persistently(options, { method: 'GET', path: `/api/v1/models/${id}` });
  if (known.kind === 'answer' || known.status !== 404) return known;
  return askService(options, { method: 'POST', path: '/api/v1/models', body: { id } });
}

/** A service that is started anew, or has more than it takes at once, is waited for this long. */
const WAITED_MS = 300_000;
const PAUSE_MS = 1_000;

/**
 * What the service answers in the end. Only what changes something is asked again where nobody answers: it is asked
 * once somebody has, and a wrong address should be told at once.
 */
async function persistently(
  options: ServiceOptions,
  request: ServiceRequest,
): Promise<ServiceAnswer & { readonly isAskedAgain: boolean }> {
  const startedAt = performance.now();
  for (let isAskedAgain = false; ; isAskedAgain = true) {
    const answer = await askService(options, request);
    if (answer.kind === 'answer') return { ...answer, isAskedAgain };
    const { status } = answer;
    const isPassing = status === 429 || status === 503 || (status === null && request.method !== 'GET');
    if (!isPassing || performance.now() - startedAt > WAITED_MS) return { ...answer, isAskedAgain };
    await pause(PAUSE_MS);
  }
}
