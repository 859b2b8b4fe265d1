import { z } from 'zod';
import { bodyOf, json, numberQuery, type Route } from '../route.js';

const reset = z.strictObject({ reason: z.string().min(3).max(4_096) });

export const learningRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/lessons',
    scope: 'read',
    summary: 'What is remembered of closed incidents',
    handle: async (context) =>
      json({
        lessons: await context.ports.application.history.lessons(numberQuery(context, 'limit', 100, 1, 1_000)),
      }),
  },
  {
    method: 'GET',
    path: '/api/v1/learning',
    scope: 'read',
    summary: 'What the ranking of actions rests on: verified outcomes by cause and action, with a version',
    handle: ({ ports }) => json(ports.application.history.summary()),
  },
  {
    method: 'POST',
    path: '/api/v1/learning/reset',
    scope: 'approve',
    summary: 'Rank by the rules alone again: lessons so far are kept, but no longer used',
    body: reset,
    async handle(context) {
      const { reason } = await bodyOf(context, reset);
      await context.ports.application.history.reset(reason, context.actor);
      return json(context.ports.application.history.summary());
    },
  },
];
