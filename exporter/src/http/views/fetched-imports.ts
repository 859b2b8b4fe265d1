import { z } from 'zod';
import { FETCH_STATES, type FetchedImport, type FetchedPreview } from '../../domain/fetched-import.js';
import { IMPORT_PURPOSES } from '../../domain/import.js';
import { instant, nullableInstant, nullableText } from './estimates.js';
import { importOutcomeSchema, importOutcomeView } from './imports.js';

const note = z.object({ reason: z.string(), field: z.string(), message: z.string(), rows: z.number() });

export const fetchedPreviewSchema = z
  .object({
    url: z.string().meta({ description: 'without user, password and the values of its parameters' }),
    file: z.string(),
    version: z.string().meta({ description: 'to be given with the file, where no other one is to be imported' }),
    size_bytes: z.number().nullable(),
    columns: z
      .array(z.object({ name: z.string(), role: z.string(), kind: z.string() }))
      .meta({ description: 'of the first row; no values are shown' }),
    rows: z.number().meta({ description: 'that can be taken of the first part, as the others below' }),
    labels: z.number(),
    refused: z.number(),
    errors: z.array(z.object({ line: z.number(), field: z.string(), message: z.string() })),
    notes: z.array(note),
    is_table: z.boolean(),
    has_predictions: z.boolean(),
    is_undated: z.boolean().meta({ description: 'rows have no time: say first_ms and rows_per_day for a history' }),
  })
  .meta({ id: 'FetchedPreview' });

export const fetchedImportSchema = z
  .object({
    state: z.enum(FETCH_STATES),
    as: z.enum(IMPORT_PURPOSES),
    files: z.array(z.string()).meta({ description: 'without user, password and the values of their parameters' }),
    files_done: z.number(),
    file: nullableText.meta({ description: 'the one that is read' }),
    rows: z.number(),
    labels: z.number(),
    repeated: z.number().meta({ description: 'of the rows those that had been imported before' }),
    refused: z.number(),
    share: z.number().nullable().meta({ description: 'of all files, 0 to 1; null where that is not known' }),
    started_at_ms: instant,
    ended_at_ms: nullableInstant,
    problem: nullableText.meta({ description: 'why it failed' }),
    errors: z.array(z.object({ file: z.string(), row: z.number(), rows: z.number(), message: z.string() })),
    notes: z.array(note),
    outcome: importOutcomeSchema
      .nullable()
      .meta({ description: 'once it is finished; null where all rows had been imported before' }),
  })
  .meta({ id: 'FetchedImport', description: 'kept until mlfi ends, or the next one of the model' });

export const fetchedPreviewView = (fetched: FetchedPreview): z.output<typeof fetchedPreviewSchema> => {
  const { url, name, version, sizeBytes, preview } = fetched;
  return {
    ...{ url, file: name, version, size_bytes: sizeBytes },
    columns: preview?.columns.map(({ name: column, role, kind }) => ({ name: column, role, kind })) ?? [],
    rows: preview?.rows ?? 0,
    labels: preview?.labels ?? 0,
    refused: preview?.refused ?? 0,
    errors: preview?.errors.map(({ line, field, message }) => ({ line, field, message })) ?? [],
    notes: preview?.notes.map(({ reason, field, message, rows }) => ({ reason, field, message, rows })) ?? [],
    is_table: preview?.isTable ?? false,
    has_predictions: preview?.hasPredictions ?? false,
    is_undated: preview?.isUndated ?? false,
  };
};

export const fetchedImportView = (fetched: FetchedImport): z.output<typeof fetchedImportSchema> => ({
  state: fetched.state,
  as: fetched.purpose,
  files: [...fetched.files],
  files_done: fetched.filesDone,
  file: fetched.file,
  rows: fetched.rows,
  labels: fetched.labels,
  repeated: fetched.repeated,
  refused: fetched.refused,
  share: fetched.share,
  started_at_ms: fetched.startedAtMs,
  ended_at_ms: fetched.endedAtMs,
  problem: fetched.problem,
  errors: fetched.errors.map(({ file, row, rows, message }) => ({ file, row, rows, message })),
  notes: fetched.notes.map(({ reason, field, message, rows }) => ({ reason, field, message, rows })),
  outcome: fetched.outcome === null ? null : importOutcomeView(fetched.outcome),
});
