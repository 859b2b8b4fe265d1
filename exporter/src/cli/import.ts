import type { Command } from 'commander';
import { z } from 'zod';
import { partOfFileId } from '../domain/batch-identity.js';
import { MAPPED_ROLES, mappingFrom, NO_MAPPING } from '../domain/field-mapping.js';
import { slipText, whyNotImportable, type ImportNote } from '../domain/import-preview.js';
import { PAST_FILE_FORMATS } from '../domain/past-file.js';
import { counted } from '../domain/quantity-text.js';
import type { Commands, ImportSource } from './commands.js';
import { importAddresses, isAddress } from './import-addresses.js';
import {
  failed,
  isConfirmed,
  isFormat,
  madeSure,
  noteText,
  persistently,
  planOf,
  previewText,
  toldOutcome,
  unfinished,
  WAYS,
  type ImportOptions,
  type Plan,
} from './import-plan.js';
import { ProgressLine } from './import-progress.js';
import { outcomeSchema } from './import-story.js';
import { addServiceAddress, askService, type ServiceOptions } from './service-client.js';

/** Adds `mlfi import`. Exit code: 0 imported, 1 not. */
export function addImport(program: Command, commands: Pick<Commands, 'openImport'>): void {
  addServiceAddress(
    program
      .command('import')
      .argument(
        '[files...]',
        'files or folders (csv, tsv, ndjson, jsonl, json, each also .gz; parquet), http addresses of such files, which the running mlfi fetches, or - for standard input',
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
    .option('--format <kind>', `what the files hold, where their names do not say it: ${PAST_FILE_FORMATS.join(', ')}`)
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
  const addresses = paths.filter(isAddress);
  if (addresses.length > 0 && addresses.length < paths.length)
    return failed(
      'files and addresses are not imported together; import one after the other, in the order of their rows',
    );
  try {
    if (addresses.length > 0) return await importAddresses(addresses, plan, options);
    const format = options.format === undefined || !isFormat(options.format) ? null : options.format;
    const source = await commands.openImport(paths, format);
    const previews = await source.preview(
      plan.model,
      plan.map === null ? NO_MAPPING.fields : (mappingFrom(plan.map) ?? NO_MAPPING.fields),
    );
    console.log(previews.map(previewText).join('\n\n'));
    const problem = whyNotImportable(plan.as, plan.spread !== null, previews, WAYS);
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
        slips.push(
          `  ${file}, ${piece.unit} ${rowsOfFile + slip.line}: ${slipText(slip)} (${counted(slip.rows, 'row')})`,
        );
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
  return toldOutcome(plan, options, outcomeSchema.parse(answer.body));
}

const DAY_MS = 86_400_000;

function queryOf({ as, map, spread }: Plan, body: string, place: number, rowsSent: number): URLSearchParams {
  return new URLSearchParams({
    as,
    batch_id: partOfFileId(as, place, map, body),
    ...(map === null ? {} : { map }),
    ...(spread === null
      ? {}
      : {
          first_ms: String(Math.round(spread.firstMs + (rowsSent * DAY_MS) / spread.perDay)),
          rows_per_day: String(spread.perDay),
        }),
  });
}
