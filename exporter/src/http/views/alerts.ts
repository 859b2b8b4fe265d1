import { z } from 'zod';
import { ALERT_SENDERS, type AlertIntake, type ExternalAlert } from '../../domain/alert.js';
import { instant, nullableInstant, nullableText } from './estimates.js';

export const alertSchema = z
  .object({
    sender: z.enum(ALERT_SENDERS),
    fingerprint: z.string(),
    model_id: nullableText,
    name: z.string(),
    summary: z.string(),
    labels: z.record(z.string(), z.string()),
    starts_at_ms: instant,
    ends_at_ms: nullableInstant,
    received_at_ms: instant,
  })
  .meta({ id: 'ExternalAlert' });

/** An alert somebody else raised. */
export const alertView = (alert: ExternalAlert): z.output<typeof alertSchema> => ({
  sender: alert.sender,
  fingerprint: alert.fingerprint,
  model_id: alert.modelId,
  name: alert.name,
  summary: alert.summary,
  labels: { ...alert.labels },
  starts_at_ms: alert.startsAtMs,
  ends_at_ms: alert.endsAtMs,
  received_at_ms: alert.receivedAtMs,
});

export const alertIntakeSchema = z
  .object({
    taken: z.number(),
    duplicate: z.number(),
    resolved: z.number(),
    unassigned: z.number().meta({ description: 'of those taken, alerts that name no watched model' }),
    own: z.number().meta({ description: "refused: mlfi's own alerts" }),
  })
  .meta({ id: 'AlertIntake' });

/** What became of the alerts of one notification. */
export const alertIntakeView = (intake: AlertIntake): z.output<typeof alertIntakeSchema> => ({
  taken: intake.taken,
  duplicate: intake.duplicate,
  resolved: intake.resolved,
  unassigned: intake.unassigned,
  own: intake.own,
});
