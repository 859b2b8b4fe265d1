import { z } from 'zod';
import { codec } from '../../domain/codec.js';
import type { IngestResult } from '../../domain/ingest.js';

const result: z.ZodType<IngestResult> = z.object({
  accepted: z.number(),
  labelsMatched: z.number(),
  labelsUnmatched: z.number(),
  rejected: z.number(),
  errors: z.array(z.object({ line: z.number(), field: z.string(), message: z.string() })),
  duplicate: z.boolean(),
});

export const ingestResultCodec = codec('result of a batch', result);
