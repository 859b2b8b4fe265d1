import { z } from 'zod';
import { batchDigest } from '../../domain/batch-identity.js';
import { Invalid } from '../../domain/errors.js';
import { mappingFrom, MAPPED_ROLES, NO_MAPPING, type MappedRole } from '../../domain/field-mapping.js';
import { NOTE_REASONS, REFUSAL_REASONS, type IngestResult } from '../../domain/ingest.js';
import { modelIdSchema } from '../parameters.js';
import { route, type Route } from '../route.js';
import { senderOf } from '../sender.js';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const number = z.number().nullable();
/** What a row may hold by mlfi's own names; `capture/ingest` judges it, and knows the names of other logs as well. */
const event = z
  .looseObject({
    prediction_id: z.union([z.string(), z.int(), z.null()]),
    timestamp: z
      .union([z.string(), z.number(), z.null()])
      .meta({ description: 'ISO 8601, or seconds or milliseconds since 1970; now when absent' }),
    features: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'the input; nested values get dotted names. Counted; a text that came ten times is stored by name',
    }),
    prediction: scalar,
    confidence: number.meta({ description: '0 to 1' }),
    latency_seconds: number,
    latency_ms: number,
    label: scalar.meta({ description: 'what the prediction should have been, once it is known' }),
    model_version: z.union([z.string(), z.number(), z.null()]),
    error: z
      .union([z.string(), z.boolean(), z.null()])
      .meta({ description: 'the call gave no usable answer; of which kind, if known' }),
    context: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'what the row is about besides the inputs, e.g. its region' }),
  })
  .partial()
  .meta({
    id: 'LoggedEvent',
    description:
      'A logged prediction (with `prediction` or `error`), or the label of an earlier one (`prediction_id` and `label`). Common names of other logs are understood too.',
  });
const LINES = z.string().meta({ description: 'one LoggedEvent a line' });
const TABLE = z.string().meta({ description: 'a header, then one row a line; columns without a role are features' });
const content = {
  'application/json': z.union([event, z.array(event)]).meta({ id: 'LoggedBatch' }),
  'application/x-ndjson': LINES,
  'text/csv': TABLE,
  'text/tab-separated-values': TABLE,
};

export const ingestResultSchema = z
  .object({
    accepted: z.number(),
    rejected: z.number(),
    rejected_by_reason: z.partialRecord(z.enum(REFUSAL_REASONS), z.number()),
    labels_in_rows: z.number().meta({ description: 'predictions that came with their label' }),
    labels_matched: z.number().meta({ description: 'labels sent by themselves whose prediction is known' }),
    labels_unmatched: z.number().meta({ description: 'labels sent by themselves whose prediction is not known' }),
    labels_waiting: z.number().meta({ description: 'of the unmatched those that wait, a day, for their prediction' }),
    duplicate: z.boolean().meta({ description: 'this batch_id was taken before; nothing was counted again' }),
    errors: z
      .array(
        z.object({
          line: z.number(),
          rows: z.number(),
          field: z.string(),
          reason: z.enum(REFUSAL_REASONS),
          message: z.string(),
        }),
      )
      .meta({ description: 'each slip of the refused rows, with the first row that has it and how many have it' }),
    notes: z
      .array(
        z.object({
          reason: z.enum(NOTE_REASONS),
          rows: z.number(),
          line: z.number(),
          field: z.string(),
          message: z.string(),
        }),
      )
      .meta({ description: 'what was changed or left out of rows that were taken' }),
  })
  .meta({ id: 'IngestResult' });
/** What became of a batch's rows. */
export const ingestResultView = (taken: IngestResult): z.output<typeof ingestResultSchema> => ({
  accepted: taken.accepted,
  rejected: taken.rejected,
  rejected_by_reason: { ...taken.rejectedByReason },
  labels_in_rows: taken.labelsInRows,
  labels_matched: taken.labelsMatched,
  labels_unmatched: taken.labelsUnmatched,
  labels_waiting: taken.labelsWaiting,
  duplicate: taken.duplicate,
  errors: taken.errors.map(({ line, rows, field, reason, message }) => ({ line, rows, field, reason, message })),
  notes: taken.notes.map(({ reason, rows, line, field, message }) => ({ reason, rows, line, field, message })),
});
export const batchIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be 1 to 128 characters of A–Z a–z 0–9 . _ : -');

export const MAP = new RegExp(`^[^,]*[^,]:(?:${MAPPED_ROLES.join('|')})(?:,[^,]*[^,]:(?:${MAPPED_ROLES.join('|')}))*$`);

/**
 * `amount:feature,y:label` as what each field is.
 * @throws Invalid for a part without a name and a role
 */
export function saidOfFields(text: string | undefined): ReadonlyMap<string, MappedRole> {
  const said = text === undefined ? NO_MAPPING.fields : mappingFrom(text);
  if (said === null) throw new Invalid(`map must be name:role, … with a role of ${MAPPED_ROLES.join(', ')}`, 'map');
  return said;
}

const ingest = (path: 'observations' | 'labels', summary: string): Route =>
  route({
    method: 'POST',
    path: `/api/v1/models/:id/${path}`,
    scope: 'ingest',
    summary,
    params: z.strictObject({ id: modelIdSchema }),
    query: z.strictObject({
      batch_id: batchIdSchema.optional().meta({
        description:
          'makes a repetition of the same body harmless, for intake.batch_ids_kept; another body, content type, map or route is refused (409); also as header mlfi-batch-id',
      }),
      map: z
        .string()
        .max(2_000)
        .regex(MAP, `must be name:role, … with a role of ${MAPPED_ROLES.join(', ')}`)
        .optional()
        .meta({
          description: `what fields are where their names do not say it: \`amount:feature,result.class:prediction,*:ignore\`; roles: ${MAPPED_ROLES.join(', ')}. Comes before intake.models`,
        }),
      ack: z
        .enum(['commit', 'memory'])
        .default('commit')
        .meta({ description: '`commit`: answered when stored · `memory`: at once, and lost if mlfi dies' }),
    }),
    body: { kind: 'text', content, takesOthers: true },
    responses: { 200: ingestResultSchema, 400: ingestResultSchema },
    async handler({ ports: { application, intake, clock }, params: { id }, query, body, headers, actor, address }) {
      application.models.require(id);
      const said = saidOfFields(query.map);
      const header = headers['mlfi-batch-id'];
      const named = query.batch_id ?? (typeof header === 'string' ? batchIdOf(header) : null);
      if (body.trim() === '') throw new Invalid('the body is empty; send at least one row', 'body');
      const type = headers['content-type'] ?? '';
      const batch = intake.batches.read(body, type, clock.now(), id, said, path);
      const taken = await intake.models.ingest(id, {
        ...batch,
        sender: senderOf(headers, actor, address),
        batchId: named,
        bodyDigest: named === null ? null : batchDigest(body, path, said, type),
        acknowledge: query.ack,
      });
      return { status: taken.accepted === 0 && taken.rejected > 0 ? 400 : 200, body: ingestResultView(taken) };
    },
  });

/** @throws Invalid when the header is no batch id */
function batchIdOf(header: string): string {
  const read = batchIdSchema.safeParse(header);
  if (read.success) return read.data;
  throw new Invalid(`mlfi-batch-id: ${read.error.issues[0]?.message ?? 'is no batch id'}`, 'mlfi-batch-id');
}

export const observationRoutes: readonly Route[] = [
  ingest(
    'observations',
    'Log predictions: one object, an array, one object per line, or a table; good rows are taken, bad ones named',
  ),
  ingest('labels', 'Labels for earlier predictions, by prediction_id'),
];
