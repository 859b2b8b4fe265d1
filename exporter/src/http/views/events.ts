import { z } from 'zod';
import { MODEL_STATES } from '../../domain/model.js';
import type { DomainEvent } from '../../domain/ports.js';
import { RECOMMENDATION_STATES } from '../../domain/recommendation.js';
import { SEVERITIES } from '../../domain/severity.js';

export const eventSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('model-updated'), model_id: z.string(), state: z.enum(MODEL_STATES) }),
    z.object({ kind: z.literal('baseline-admitted'), model_id: z.string(), version: z.number() }),
    z.object({
      kind: z.literal('recommendation-updated'),
      recommendation_id: z.string(),
      model_id: z.string(),
      state: z.enum(RECOMMENDATION_STATES),
    }),
    z.object({
      kind: z.enum(['incident-opened', 'incident-updated', 'incident-closed']),
      incident_id: z.string(),
      model_id: z.string(),
      severity: z.enum(SEVERITIES),
      headline: z.string(),
    }),
    z.object({ kind: z.literal('missed') }).meta({ description: 'events were missed: read again what is shown' }),
  ])
  .meta({ id: 'Event' });

/** The event as listeners of the stream see it: identifiers and states, to be looked up for more. */
export function eventView(event: DomainEvent): z.output<typeof eventSchema> {
  switch (event.kind) {
    case 'model-updated':
      return { kind: event.kind, model_id: event.model.id, state: event.model.state };
    case 'baseline-admitted':
      return { kind: event.kind, model_id: event.modelId, version: event.version };
    case 'recommendation-updated': {
      const { id, modelId, state } = event.recommendation;
      return { kind: event.kind, recommendation_id: id, model_id: modelId, state };
    }
    case 'incident-opened':
    case 'incident-updated':
    case 'incident-closed': {
      const { id, modelId, severity, explanation } = event.incident;
      return { kind: event.kind, incident_id: id, model_id: modelId, severity, headline: explanation.headline };
    }
  }
}
