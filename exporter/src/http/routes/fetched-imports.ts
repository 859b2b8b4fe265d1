import { z } from 'zod';
import { Invalid } from '../../domain/errors.js';
import type { FetchRequest } from '../../domain/fetched-import.js';
import { MAPPED_ROLES } from '../../domain/field-mapping.js';
import { IMPORT_PURPOSES } from '../../domain/import.js';
import { PAST_FILE_FORMATS } from '../../domain/past-file.js';
import { httpUrl, LATEST_MS, modelIdSchema } from '../parameters.js';
import { route, type Route } from '../route.js';
import {
  fetchedImportSchema,
  fetchedImportView,
  fetchedPreviewSchema,
  fetchedPreviewView,
} from '../views/fetched-imports.js';
import { MAP, saidOfFields } from './observations.js';

const params = z.strictObject({ id: modelIdSchema });
const files = z
  .array(
    z.strictObject({
      url: httpUrl.meta({
        description:
          'csv, tsv, ndjson, jsonl, json, each also gzip, or parquet; called as egress allows, with the credentials of imports.credentials',
      }),
      version: z.string().max(200).optional().meta({ description: 'as the preview said: no other file is imported' }),
    }),
  )
  .min(1)
  .max(100);
const body = z
  .strictObject({
    files,
    as: z.enum(IMPORT_PURPOSES),
    map: z
      .string()
      .max(2_000)
      .regex(MAP, `must be name:role, … with a role of ${MAPPED_ROLES.join(', ')}`)
      .optional(),
    first_ms: z
      .int()
      .min(0)
      .max(LATEST_MS)
      .optional()
      .meta({ description: 'time of the first row, where rows have none' }),
    rows_per_day: z.int().min(1).max(10_000_000_000).optional(),
    format: z
      .enum(PAST_FILE_FORMATS)
      .optional()
      .meta({ description: 'what the files hold, where their names and beginnings do not say it' }),
  })
  .meta({ id: 'ImportFetch' });

function requestOf({ files: named, as, map, first_ms, rows_per_day, format }: z.output<typeof body>): FetchRequest {
  if ((first_ms === undefined) !== (rows_per_day === undefined))
    throw new Invalid('first_ms and rows_per_day belong together: when rows without a time were made', 'first_ms');
  for (const { url } of named) {
    const { username, password } = new URL(url);
    if (username !== '' || password !== '')
      throw new Invalid(
        'an address is named without user name and password; imports.credentials in the configuration says which secret is sent where',
        'files',
      );
  }
  saidOfFields(map);
  return {
    files: named.map(({ url, version }) => ({ url, version: version ?? null })),
    purpose: as,
    map: map ?? null,
    spread:
      first_ms === undefined || rows_per_day === undefined ? null : { firstMs: first_ms, rowsPerDay: rows_per_day },
    format: format ?? null,
  };
}

export const fetchedImportRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/models/:id/imports/preview',
    scope: 'operate',
    summary: 'How files at http addresses would be imported; nothing of them is stored, and no value is shown',
    params,
    body,
    responses: { 200: z.object({ files: z.array(fetchedPreviewSchema) }) },
    async handler({ ports: { application }, params: { id }, body: said }) {
      const previews = await application.fetchedImports.preview(id, requestOf(said));
      return { status: 200, body: { files: previews.map(fetchedPreviewView) } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models/:id/imports/fetch',
    scope: 'operate',
    summary:
      'Fetch and import files at http addresses, in their order, and finish the import; GET …/imports tells how far it is, and asked again it goes on',
    params,
    body,
    responses: { 202: fetchedImportSchema },
    handler: async ({ ports: { application }, params: { id }, body: said, actor }) => ({
      status: 202,
      body: fetchedImportView(await application.fetchedImports.start(id, requestOf(said), actor)),
    }),
  }),
];
