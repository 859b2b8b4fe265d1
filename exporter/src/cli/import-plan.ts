import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { MAPPED_ROLES, mappingFrom } from '../domain/field-mapping.js';
import { slipText, type ImportNote, type ImportPreview, type WaysToSay } from '../domain/import-preview.js';
import { PAST_FILE_FORMATS, type PastFileFormat } from '../domain/past-file.js';
import { counted } from '../domain/quantity-text.js';
import { baselineText, storyMarkdown, storyText, type Outcome } from './import-story.js';
import { askService, type ServiceAnswer, type ServiceOptions, type ServiceRequest } from './service-client.js';

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

export const isFormat = (text: string): text is PastFileFormat =>
  (PAST_FILE_FORMATS as readonly string[]).includes(text);
const MODEL_ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** What is said of an import, checked. */
export interface Plan {
  readonly model: string;
  readonly as: 'baseline' | 'history';
  readonly map: string | null;
  /** When rows without a time were made. */
  readonly spread: { readonly firstMs: number; readonly perDay: number } | null;
}

/** @returns the plan, or what is wrong with what was said */
export function planOf({ model, as, map, from, rowsPerDay, format }: ImportOptions): Plan | string {
  if (!MODEL_ID.test(model)) return '--model: 1 to 64 characters of a–z, 0–9 and "-"';
  if (as !== 'baseline' && as !== 'history') return `--as: baseline or history, not "${as.slice(0, 40)}"`;
  if (map !== undefined && mappingFrom(map) === null)
    return `--map: "${map.slice(0, 100)}" is not name:role with a role of ${MAPPED_ROLES.join(', ')}, or several of them with commas between`;
  if (format !== undefined && !isFormat(format)) return `--format: one of ${PAST_FILE_FORMATS.join(', ')}`;
  if ((from === undefined) !== (rowsPerDay === undefined)) return '--from and --rows-per-day belong together';
  const spread = from === undefined ? null : { firstMs: Date.parse(from), perDay: Number(rowsPerDay) };
  if (spread !== null && !Number.isFinite(spread.firstMs)) return '--from: a date, such as 2026-01-31';
  if (spread !== null && !(Number.isInteger(spread.perDay) && spread.perDay > 0))
    return '--rows-per-day: a whole number';
  return { model, as, map: map ?? null, spread };
}

export const WAYS: WaysToSay = {
  map: (said) => (said === '' ? '--map: ' : `--map ${said.includes('*') ? `'${said}'` : said}`),
  times: '--from 2026-01-01 --rows-per-day 5000',
};

const CONTROLS = /\p{Cc}/gu;

export const noteText = ({ field, message, rows }: ImportNote): string =>
  `${field === '' ? '' : `${field}: `}${message} (${counted(rows, 'row')})`;

export function previewText({ file, columns, rows, labels, refused, errors, notes }: ImportPreview): string {
  const width = Math.min(40, Math.max(0, ...columns.map(({ name }) => name.length)));
  const roleWidth = Math.max(0, ...columns.map(({ role }) => role.length));
  const counts = [
    counted(rows, 'row'),
    ...(labels > 0 ? [counted(labels, 'label')] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return [
    `${file}: the first rows are read so; ${counts.join(', ')}`,
    ...columns.map(({ name, role, example }) => `  ${name.padEnd(width)}  ${role.padEnd(roleWidth)}  ${example}`),
    ...errors.slice(0, 3).map((slip) => `  line ${slip.line}: ${slipText(slip)}`),
    ...notes.map((note) => `  ${noteText(note)}`),
  ]
    .map((line) => line.replace(CONTROLS, ' ').trimEnd())
    .join('\n');
}

export async function isConfirmed({ model, as }: Plan): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const said = await asking.question(`\nImport this as the ${as} of "${model}"? [y/N] `);
  asking.close();
  return /^y(?:es)?$/i.test(said.trim());
}

export function failed(why: string): number {
  console.error(why);
  return 1;
}

/** What a person is to do when an import ends before its end: the model waits for the rest. */
export const unfinished = (model: string, rows: number): string =>
  rows === 0
    ? ''
    : `\n${counted(rows, 'row is in', 'rows are in')}, and "${model}" is not watched before the import is finished: run it again, or mlfi import --model ${model} --cancel`;

/** Prints what was found, and writes the report. @returns the exit code */
export function toldOutcome(plan: Plan, options: ImportOptions, outcome: Outcome): number {
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

const underWaySchema = z.object({ under_way: z.boolean() });

/** The model, made when there is none. */
export async function madeSure(id: string, options: ServiceOptions): Promise<ServiceAnswer> {
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
export async function persistently(
  options: ServiceOptions,
  request: ServiceRequest & { readonly isRepeated?: true },
): Promise<ServiceAnswer & { readonly isAskedAgain: boolean }> {
  const startedAt = performance.now();
  for (let isAskedAgain = false; ; isAskedAgain = true) {
    const answer = await askService(options, request);
    if (answer.kind === 'answer') return { ...answer, isAskedAgain };
    const { status } = answer;
    const isPassing =
      status === 429 ||
      status === 503 ||
      (status === null && (request.method !== 'GET' || request.isRepeated === true));
    if (!isPassing || performance.now() - startedAt > WAITED_MS) return { ...answer, isAskedAgain };
    await pause(PAUSE_MS);
  }
}
