import { z } from 'zod';
import { codec } from '../../domain/codec.js';
import { NOTE_REASONS, REFUSAL_REASONS, type IngestResult } from '../../domain/ingest.js';

const reason = z.enum(REFUSAL_REASONS);
/** What later releases added has a default: results of earlier ones are still read. */
const result: z.ZodType<IngestResult> = z.object({
  accepted: z.number(),
  labelsInRows: z.number().default(0),
  labelsMatched: z.number(),
  labelsUnmatched: z.number(),
  labelsWaiting: z.number().default(0),
  rejected: z.number(),
  rejectedByReason: z.partialRecord(reason, z.number()).default({}),
  errors: z.array(
    z.object({
      line: z.number(),
      rows: z.number().default(1),
      field: z.string(),
      reason: reason.default('unspecified'),
      message: z.string(),
    }),
  ),
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
    .default([]),
  duplicate: z.boolean(),
});

export const ingestResultCodec = codec('result of a batch', result);
