import { z } from 'zod';
import { Invalid } from '../../domain/errors.js';
import { modelIdSchema } from '../parameters.js';
import { mediaType } from '../request.js';
import { route, type Route } from '../route.js';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const predictionId = z.union([z.string().min(1).max(200), z.int()]);
const common = {
  model_id: z.unknown().meta({ description: 'ignored: the path names the model' }).optional(),
  prediction_id: predictionId.nullable().optional(),
  timestamp: z
    .union([z.iso.datetime({ offset: true }), z.number().min(0)])
    .nullable()
    .optional()
    .meta({
      description: 'ISO 8601, or seconds or milliseconds since 1970; now when absent; at most 5 minutes in the future',
    }),
  features: z
    .record(z.string(), z.unknown())
    .nullable()
    .optional()
    .meta({ description: 'the input; nested values get dotted names. Never stored, only counted' }),
  confidence: z.number().min(0).max(1).nullable().optional(),
  latency_seconds: z.number().min(0).nullable().optional(),
  latency_ms: z.number().min(0).nullable().optional(),
  label: scalar.nullable().optional().meta({ description: 'what the answer should have been, when known' }),
  model_version: z.union([z.string(), z.number()]).nullable().optional(),
};
const answered = z.strictObject({ ...common, prediction: scalar }).meta({ id: 'LoggedPrediction' });
const failed = z
  .strictObject({ ...common, error: z.union([z.string(), z.literal(true)]) })
  .meta({ id: 'LoggedFailure', description: 'a call that gave no usable answer' });
const label = z
  .strictObject({ prediction_id: predictionId, label: scalar, timestamp: common.timestamp })
  .meta({ id: 'LateLabel', description: 'the label of an earlier prediction' });
const event = z.union([answered, failed, label]).meta({ id: 'LoggedEvent' });
const batch = z.union([event, z.array(event)]).meta({ id: 'LoggedBatch' });

const LINES = z.string().meta({ description: 'one LoggedEvent a line' });
const content = {
  'application/json': batch,
  'application/x-ndjson': LINES,
  'application/ndjson': LINES,
  'application/jsonl': LINES,
};

const result = z
  .object({
    accepted: z.number(),
    rejected: z.number(),
    labels_matched: z.number(),
    labels_unmatched: z.number(),
    duplicate: z.boolean().meta({ description: 'this batch_id was taken before; nothing was counted again' }),
    errors: z.array(z.object({ line: z.number(), field: z.string(), message: z.string() })),
  })
  .meta({ id: 'IngestResult' });
const batchId = z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be 1 to 128 characters of A–Z a–z 0–9 . _ : -');

const ERRORS_SHOWN = 100;

const ingest = (path: 'observations' | 'labels', summary: string): Route =>
  route({
    method: 'POST',
    path: `/api/v1/models/:id/${path}`,
    scope: 'ingest',
    summary,
    params: z.strictObject({ id: modelIdSchema }),
    query: z.strictObject({
      batch_id: batchId.optional().meta({ description: 'makes a repetition harmless; also as header mlfi-batch-id' }),
      ack: z
        .enum(['commit', 'memory'])
        .default('commit')
        .meta({ description: '`commit`: answered when stored · `memory`: at once, and lost if mlfi dies' }),
    }),
    body: { kind: 'text', content },
    responses: { 200: result, 400: result },
    async handler({ ports: { application, parseBatch, clock }, params: { id }, query, body, headers }) {
      application.models.status(id);
      const header = headers['mlfi-batch-id'];
      const named = query.batch_id ?? (typeof header === 'string' ? batchIdOf(header) : null);
      const isLines = mediaType({ headers }).endsWith('ndjson') || mediaType({ headers }).endsWith('jsonl');
      const parsed = parseBatch(body, isLines, clock.now());
      const taken = await application.models.ingest(id, { ...parsed, batchId: named, acknowledge: query.ack });
      const shown = {
        accepted: taken.accepted,
        rejected: taken.rejected,
        labels_matched: taken.labelsMatched,
        labels_unmatched: taken.labelsUnmatched,
        duplicate: taken.duplicate,
        errors: taken.errors.slice(0, ERRORS_SHOWN).map(({ line, field, message }) => ({ line, field, message })),
      };
      return { status: taken.accepted === 0 && taken.rejected > 0 ? 400 : 200, body: shown };
    },
  });

/** @throws Invalid when the header is no batch id */
function batchIdOf(header: string): string {
  const read = batchId.safeParse(header);
  if (read.success) return read.data;
  throw new Invalid(`mlfi-batch-id: ${read.error.issues[0]?.message ?? 'is no batch id'}`, 'mlfi-batch-id');
}

export const observationRoutes: readonly Route[] = [
  ingest(
    'observations',
    'Log predictions: one object, an array, or one object per line; good lines are taken, bad ones named',
  ),
  ingest('labels', 'Labels for earlier predictions, by prediction_id'),
];
