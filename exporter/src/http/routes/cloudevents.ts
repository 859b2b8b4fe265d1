import { z } from 'zod';
import { route, type Route } from '../route.js';
import { senderOf } from '../sender.js';

const taken = z
  .object({
    rows: z.number().meta({ description: 'predictions and labels counted now' }),
    waiting: z.number().meta({ description: 'requests and responses that wait for their other half' }),
    repeated: z.number().meta({ description: 'events that were taken, or given up, before' }),
    skipped: z.number().meta({ description: 'events that are no prediction, e.g. explanations' }),
    refused: z.number(),
    errors: z
      .array(z.object({ event: z.number(), field: z.string(), message: z.string() }))
      .meta({ description: 'the first refused events and rows' }),
  })
  .meta({ id: 'EventsTaken' });

/** Logs of model servers as CloudEvents. */
export const cloudEventRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/cloudevents',
    scope: 'ingest',
    summary:
      'Logs of KServe, Seldon, MLServer and Azure ML as CloudEvents (binary, structured, batched); requests and responses are joined by id',
    query: z.strictObject({
      ack: z.enum(['commit', 'memory']).default('memory').meta({
        description: '`memory`: answered at once, for senders that never repeat · `commit`: when stored',
      }),
    }),
    body: {
      kind: 'bytes',
      content: {
        'application/cloudevents+json': z.looseObject({
          specversion: z.string(),
          id: z.string(),
          type: z.string(),
          source: z.string(),
        }),
        'application/cloudevents-batch+json': z.array(z.looseObject({ id: z.string(), type: z.string() })),
      },
      takesOthers: true,
    },
    responses: { 200: taken, 400: taken },
    async handler({ ports, query, body, headers, actor, address }) {
      const { rows, waiting, repeated, skipped, refused, errors } = await ports.intake.events.receive(
        headers,
        body,
        ports.clock.now(),
        query.ack,
        (name) => ports.application.models.ensureWatched(name, actor),
        senderOf(headers, actor, address),
      );
      const nothing = rows + waiting + repeated + skipped === 0 && refused > 0;
      const shown = errors.map(({ event, field, message }) => ({ event, field, message }));
      return { status: nothing ? 400 : 200, body: { rows, waiting, repeated, skipped, refused, errors: shown } };
    },
  }),
];
