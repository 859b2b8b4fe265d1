import { z } from 'zod';
import { codec, count } from '../../domain/codec.js';
import { NOTE_REASONS, REFUSAL_REASONS, type IngestResult } from '../../domain/ingest.js';

const reason = z.enum(REFUSAL_REASONS);
/** What later releases added has a default: results of earlier ones are still read. */
const result: z.ZodType<IngestResult> = z.object({
  accepted: count,
  labelsInRows: count.default(0),
  labelsMatched: count,
  labelsUnmatched: count,
  labelsWaiting: count.default(0),
  rejected: count,
  rejectedByReason: z.partialRecord(reason, count).default({}),
  errors: z.array(
    z.object({
      line: count,
      rows: count.default(1),
      field: z.string(),
      reason: reason.default('unspecified'),
      message: z.string(),
    }),
  ),
  notes: z
    .array(
      z.object({
        reason: z.enum(NOTE_REASONS),
        rows: count,
        line: count,
        field: z.string(),
        message: z.string(),
      }),
    )
    .default([]),
  duplicate: z.boolean(),
});

export const ingestResultCodec = codec('result of a batch', result);
