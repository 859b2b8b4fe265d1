import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { whyNotImportable } from '../domain/import-preview.js';
import { counted } from '../domain/quantity-text.js';
import { shownAddress } from '../domain/shown-address.js';
import {
  failed,
  isConfirmed,
  madeSure,
  noteText,
  persistently,
  previewText,
  toldOutcome,
  unfinished,
  WAYS,
  type ImportOptions,
  type Plan,
} from './import-plan.js';
import { ProgressLine } from './import-progress.js';
import { outcomeSchema } from './import-story.js';
import { askService, type ServiceRequest } from './service-client.js';

export const isAddress = (path: string): boolean => /^https?:\/\//i.test(path);

const noteSchema = z.object({ reason: z.string(), field: z.string(), message: z.string(), rows: z.number() });
const previewsSchema = z.object({
  files: z.array(
    z.object({
      url: z.string(),
      version: z.string(),
      columns: z.array(z.object({ name: z.string(), role: z.string(), kind: z.string() })),
      rows: z.number(),
      labels: z.number(),
      refused: z.number(),
      errors: z.array(z.object({ line: z.number(), field: z.string(), message: z.string() })),
      notes: z.array(noteSchema),
      is_table: z.boolean(),
      has_predictions: z.boolean(),
      is_undated: z.boolean(),
    }),
  ),
});
const fetchedSchema = z.object({
  state: z.enum(['running', 'finished', 'failed', 'cancelled']),
  as: z.string(),
  files: z.array(z.string()),
  rows: z.number(),
  repeated: z.number(),
  refused: z.number(),
  share: z.number().nullable(),
  problem: z.string().nullable(),
  errors: z.array(z.object({ file: z.string(), row: z.number(), rows: z.number(), message: z.string() })),
  notes: z.array(noteSchema),
  started_at_ms: z.number(),
  outcome: outcomeSchema.nullable(),
});
type Fetched = z.output<typeof fetchedSchema>;
const importsSchema = z.object({ under_way: z.boolean(), fetched: fetchedSchema.nullable() });

const ASKED_EVERY_MS = 500;
const PREVIEW_WITHIN_MS = 90_000;

/**
 * `mlfi import https://…`: the running mlfi fetches the files, so that its egress policy and its secrets are in force, and the
 * import goes on when this command ends. Run again, it is followed, or gone on with.
 */
export async function importAddresses(urls: readonly string[], plan: Plan, options: ImportOptions): Promise<number> {
  const path = `/api/v1/models/${plan.model}/imports`;
  const following = await underWay(path, options);
  if (typeof following === 'string') return failed(following);
  if (following?.state === 'running') {
    const isSame = following.as === plan.as && isDeepStrictEqual(following.files, urls.map(shownAddress));
    if (!isSame)
      return failed(
        `other files of "${plan.model}" are being imported (as ${following.as}: ${following.files.join(', ')}): run this again when they are in, or cancel that by mlfi import --model ${plan.model} --cancel`,
      );
    console.error(`Files of "${plan.model}" are being fetched already: this is how far they are.`);
    return follow(path, plan, options, following, null);
  }
  const asked = requestOf(
    urls.map((url) => ({ url })),
    plan,
    options,
  );
  const shown = await askService(options, {
    ...{ method: 'POST', path: `${path}/preview`, body: asked, timeoutMs: PREVIEW_WITHIN_MS },
  });
  if (shown.kind === 'refused') return failed(shown.reason);
  const { files } = previewsSchema.parse(shown.body);
  const previews = files.map(({ url, columns, is_table, has_predictions, is_undated, ...counts }) => ({
    ...counts,
    file: url,
    // The service shows no values: of what kind they are stands in their place.
    columns: columns.map((column) => ({ ...column, example: column.kind })),
    ...{ isTable: is_table, hasPredictions: has_predictions, isUndated: is_undated },
  }));
  console.log(previews.map(previewText).join('\n\n'));
  const problem = whyNotImportable(plan.as, plan.spread !== null, previews, WAYS);
  if (problem !== null) return failed(problem);
  if (options.preview === true) return 0;
  if (options.yes !== true && !(await isConfirmed(plan)))
    return failed('nothing was imported; --yes imports without asking, --map says what a column is');
  const made = await madeSure(plan.model, options);
  if (made.kind === 'refused') return failed(made.reason);
  const meant = urls.map((url, i) => ({ url, version: files[i]?.version ?? '' }));
  const start: ServiceRequest = { method: 'POST', path: `${path}/fetch`, body: requestOf(meant, plan, options) };
  const begun = await persistently(options, start);
  if (begun.kind === 'refused') return failed(begun.reason);
  return follow(path, plan, options, fetchedSchema.parse(begun.body), start);
}

/** What is fetched of the model, null for nothing; words where the service does not say. */
async function underWay(path: string, options: ImportOptions): Promise<Fetched | null | string> {
  const answer = await persistently(options, { method: 'GET', path });
  if (answer.kind === 'answer') return importsSchema.parse(answer.body).fetched;
  return answer.status === 404 ? null : answer.reason;
}

function requestOf(
  files: readonly { readonly url: string; readonly version?: string }[],
  { as, map, spread }: Plan,
  { format }: ImportOptions,
): NonNullable<ServiceRequest['body']> {
  return {
    files: files.map((file) => ({ ...file })),
    as,
    ...(map === null ? {} : { map }),
    ...(spread === null ? {} : { first_ms: spread.firstMs, rows_per_day: spread.perDay }),
    ...(format === undefined ? {} : { format }),
  };
}

/** Tells how far it is until it ends. @param again what is asked where mlfi was started anew meanwhile; null where that is not known */
async function follow(
  path: string,
  plan: Plan,
  options: ImportOptions,
  begun: Fetched,
  again: ServiceRequest | null,
): Promise<number> {
  const progress = new ProgressLine();
  let fetched: Fetched | null = begun;
  while (fetched?.state === 'running') {
    progress.tell(fetched);
    await pause(ASKED_EVERY_MS);
    const answer = await persistently(options, { method: 'GET', path, isRepeated: true });
    if (answer.kind === 'refused') return failed(answer.reason);
    ({ fetched } = importsSchema.parse(answer.body));
    if (fetched !== null) continue;
    if (again === null) return failed('mlfi was started anew: run this again, and the import is gone on with');
    const anew = await persistently(options, again);
    if (anew.kind === 'refused') return failed(anew.reason);
    fetched = fetchedSchema.parse(anew.body);
  }
  if (fetched === null) return failed('mlfi knows no such import any more');
  progress.end({ ...fetched, share: fetched.state === 'finished' ? 1 : fetched.share });
  return told(plan, options, fetched);
}

function told(plan: Plan, options: ImportOptions, { state, rows, refused, problem, ...said }: Fetched): number {
  const refusals =
    refused === 0
      ? []
      : [
          `${counted(refused, 'row was', 'rows were')} refused:`,
          ...said.errors.map(
            ({ file, row, message, rows: of }) => `  ${file}, row ${row}: ${message} (${counted(of, 'row')})`,
          ),
        ];
  const notes =
    said.notes.length === 0
      ? []
      : ['Taken otherwise than written:', ...said.notes.map((note) => `  ${noteText(note)}`)];
  const text = [...refusals, ...notes].join('\n');
  if (text !== '') console.error(text.replace(/(?!\n)\p{Cc}/gu, ' '));
  if (state === 'cancelled') return failed('the import was cancelled');
  if (state !== 'finished') return failed(`${problem ?? 'it failed'}${unfinished(plan.model, rows)}`);
  if (said.outcome !== null) return toldOutcome(plan, options, said.outcome);
  console.log('All of it had been imported before; nothing was counted again.');
  return 0;
}
