import { z } from 'zod';
import { codec } from '../../domain/codec.js';

/** What the ledger holds in columns, for JSON of the row. */
const CELL = z.int().nullable();

const entry = z.object({
  prediction_id_hash: z.string(),
  answer_hash: z.string(),
  confidence_tenth: z.int().min(0).max(9).nullable(),
  // A store that an earlier release wrote has none of these, nor a time of arrival.
  grid_centre: z.number().nullable().default(null),
  answer_cell: CELL.default(null),
  at_ms: z.number(),
  arrived_at_ms: z.number().nullable().default(null),
});
const label = z.object({
  prediction_id_hash: z.string(),
  label_hash: z.string(),
  grid_centre: z.number().nullable(),
  label_cell: CELL,
  at_ms: z.number(),
  arrived_at_ms: z.number(),
});

export const ledgerEntryCodec = codec('entry of the ledger', entry);
export const waitingLabelCodec = codec('waiting label', label);
