import { z } from 'zod';
import { ALERT_SENDERS, type ExternalAlert } from '../../domain/alert.js';
import type { AlertFeedback } from '../../domain/alert-feedback.js';
import { codec, inRow } from '../../domain/codec.js';
import { ids } from './fields.js';

const alert: z.ZodType<ExternalAlert> = z.object({
  sender: z.enum(ALERT_SENDERS),
  fingerprint: z.string(),
  startsAtMs: z.number(),
  endsAtMs: z.number().nullable(),
  modelId: ids.model.nullable(),
  receivedAtMs: z.number(),
  name: z.string(),
  summary: z.string(),
  labels: z.record(z.string(), z.string()),
});

const feedback: z.ZodType<AlertFeedback> = z.object({
  incidentId: ids.incident,
  modelId: ids.model,
  by: z.object({ subject: z.string(), name: z.string() }),
  useful: z.boolean(),
  reason: z.string(),
  atMs: z.number(),
  onEvidence: z.boolean(),
});

export const alertCodec = inRow(codec('alert', alert), ({ sender, fingerprint, startsAtMs }) => ({
  sender,
  fingerprint,
  starts_at_ms: startsAtMs,
}));
export const alertFeedbackCodec = inRow(codec('feedback on an alert', feedback), ({ incidentId: incident, by }) => ({
  incident,
  person: by.subject,
}));
