import { z } from 'zod';
import { IMPORT_PURPOSES, type ImportOutcome, type ImportProgress } from '../../domain/import.js';
import type { IncidentRow } from '../../domain/incident.js';
import { SEVERITIES } from '../../domain/severity.js';
import { instant, nullableInstant, nullableText } from './estimates.js';

export const importProgressSchema = z
  .object({
    as: z.enum(IMPORT_PURPOSES),
    rows: z.number(),
    labels: z.number(),
    refused: z.number(),
    repeated: z.number().meta({ description: 'rows of batches that had been taken before' }),
    from_ms: nullableInstant,
    to_ms: nullableInstant,
  })
  .meta({ id: 'ImportProgress', description: 'since the import was begun, or taken up again' });

/** What there would have been to say about the past. */
const toldIncidentSchema = z
  .object({
    id: z.string(),
    severity: z.enum(SEVERITIES),
    since_ms: nullableInstant.meta({ description: 'when it began; null where that is not known' }),
    opened_at_ms: instant,
    closed_at_ms: nullableInstant.meta({ description: 'null when it was open at the end of what was imported' }),
    cause: nullableText,
    headline: z.string(),
    summary: nullableText,
  })
  .meta({ id: 'ImportedIncident' });

export const importOutcomeSchema = z
  .object({
    progress: importProgressSchema,
    baseline_version: z.number().nullable(),
    learns_still: z.array(z.string()).meta({ description: 'why there is no baseline yet' }),
    notes: z.array(z.string()).meta({ description: 'what a restart of mlfi on the way has changed' }),
    incidents: z.array(toldIncidentSchema).meta({ description: 'oldest first' }),
  })
  .meta({ id: 'ImportOutcome' });

export const importProgressView = (progress: ImportProgress): z.output<typeof importProgressSchema> => ({
  as: progress.purpose,
  rows: progress.rows,
  labels: progress.labels,
  refused: progress.refused,
  repeated: progress.repeated,
  from_ms: progress.fromMs,
  to_ms: progress.toMs,
});

const toldIncidentView = (incident: IncidentRow): z.output<typeof toldIncidentSchema> => ({
  id: incident.id,
  severity: incident.severity,
  since_ms: incident.diagnosis.sinceMs ?? null,
  opened_at_ms: incident.openedAtMs,
  closed_at_ms: incident.closedAtMs,
  cause: incident.diagnosis.causes[0]?.title ?? null,
  headline: incident.explanation.headline,
  summary: incident.explanation.summary ?? null,
});

export const importOutcomeView = (outcome: ImportOutcome): z.output<typeof importOutcomeSchema> => ({
  progress: importProgressView(outcome.progress),
  baseline_version: outcome.baselineVersion,
  learns_still: [...outcome.learnsStill],
  notes: [...outcome.notes],
  incidents: outcome.incidents.map(toldIncidentView),
});
