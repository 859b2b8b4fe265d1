import { z } from 'zod';
import { batchDigest } from '../../domain/batch-identity.js';
import { Invalid } from '../../domain/errors.js';
import { IMPORT_PURPOSES, type SpreadTimes } from '../../domain/import.js';
import { modelIdSchema, wholeNumber, LATEST_MS } from '../parameters.js';
import { route, type Route } from '../route.js';
import { fetchedImportSchema, fetchedImportView } from '../views/fetched-imports.js';
import { importOutcomeSchema, importOutcomeView, importProgressSchema, importProgressView } from '../views/imports.js';
import { batchIdSchema, ingestResultSchema, ingestResultView, MAP, saidOfFields } from './observations.js';

const params = z.strictObject({ id: modelIdSchema });
const DAY_MS = 86_400_000;

/** Rows of a file in parts, as the observations route takes them, and Parquet. */
const rows = z.string().meta({ description: 'as for …/observations, or a Parquet file' });
const content = {
  'application/json': z.looseObject({}),
  'application/x-ndjson': rows,
  'text/csv': rows,
  'text/tab-separated-values': rows,
  'application/vnd.apache.parquet': rows,
};

function spreadOf(firstMs: number | null, rowsPerDay: number | null): SpreadTimes | null {
  if (firstMs === null && rowsPerDay === null) return null;
  if (firstMs === null || rowsPerDay === null)
    throw new Invalid('first_ms and rows_per_day belong together: when rows without a time were made', 'first_ms');
  return { firstMs, stepMs: DAY_MS / rowsPerDay };
}

export const importRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/models/:id/imports/rows',
    scope: 'operate',
    summary: 'Import rows of the past: a training set as the baseline, or history that is judged as if live',
    params,
    query: z.strictObject({
      as: z.enum(IMPORT_PURPOSES),
      batch_id: batchIdSchema.meta({ description: 'makes a repetition harmless, for intake.batch_ids_kept' }),
      map: z.string().max(2_000).regex(MAP, 'must be name:role, …').optional(),
      first_ms: wholeNumber(0, LATEST_MS, null).meta({ description: 'time of the first row, where rows have none' }),
      rows_per_day: wholeNumber(1, 10_000_000_000, null),
    }),
    body: { kind: 'bytes', content, takesOthers: true },
    isIntake: true,
    responses: { 200: ingestResultSchema, 400: ingestResultSchema },
    async handler({ ports: { application, intake, clock }, params: { id }, query, body, headers, actor }) {
      application.fetchedImports.expectNone(id);
      if (body.length === 0) throw new Invalid('the body is empty; send at least one row', 'body');
      const said = saidOfFields(query.map);
      const type = headers['content-type'] ?? '';
      const identity = { batchId: query.batch_id, bodyDigest: batchDigest(body, 'imports', said, type) };
      const known = await application.imports.taken(id, identity);
      if (known !== null) return { status: 200, body: ingestResultView(known) };
      const undatedAtMs = clock.now();
      const read = await intake.imports.read(body, type, undatedAtMs, id, said);
      const batch = { ...read, ...identity, acknowledge: 'commit' as const };
      const spread = spreadOf(query.first_ms, query.rows_per_day);
      const taken = await application.imports.take(id, { purpose: query.as, batch, undatedAtMs, spread }, actor);
      return { status: taken.accepted === 0 && taken.rejected > 0 ? 400 : 200, body: ingestResultView(taken) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models/:id/imports/finish',
    scope: 'operate',
    summary:
      'All rows were sent: admit the baseline, or tell what mlfi would have said; the model is watched live from now on',
    params,
    responses: { 200: importOutcomeSchema },
    async handler({ ports: { application }, params: { id }, actor }) {
      application.fetchedImports.expectNone(id);
      return { status: 200, body: importOutcomeView(await application.imports.finish(id, actor)) };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/models/:id/imports',
    scope: 'operate',
    summary: 'Cancel the import under way: what it brought is forgotten, and the model is watched live again',
    params,
    responses: { 200: z.object({ cancelled: z.boolean() }) },
    async handler({ ports: { application }, params: { id }, actor }) {
      const hasEnded = await application.fetchedImports.cancel(id);
      // Where none of its rows had come, there is no more to cancel.
      if (!hasEnded || application.imports.isUnderWay(id)) await application.imports.cancel(id, actor);
      return { status: 200, body: { cancelled: true } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/models/:id/imports',
    scope: 'read',
    summary: 'The import of a model that is under way, and the newest one whose files mlfi fetched',
    params,
    responses: {
      200: z.object({
        under_way: z.boolean(),
        progress: importProgressSchema.nullable(),
        fetched: fetchedImportSchema.nullable(),
      }),
    },
    handler({ ports: { application }, params: { id } }) {
      const isUnderWay = application.imports.isUnderWay(id);
      // A model whose past is imported is not watched meanwhile.
      if (!isUnderWay) application.models.require(id);
      const progress = application.imports.progress(id);
      const shown = progress === null ? null : importProgressView(progress);
      const newest = application.fetchedImports.newest(id);
      const fetched = newest === null ? null : fetchedImportView(newest);
      return { status: 200, body: { under_way: isUnderWay, progress: shown, fetched } };
    },
  }),
];
