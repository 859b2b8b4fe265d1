import { z } from 'zod';
import { limit, reasonSchema } from '../parameters.js';
import { route, type Route } from '../route.js';
import { learningSummarySchema, learningSummaryView, lessonSchema, lessonView } from '../views/history.js';

export const learningRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/lessons',
    scope: 'read',
    summary: 'What is remembered of closed incidents, newest first',
    query: z.strictObject({ limit }),
    responses: { 200: z.object({ lessons: z.array(lessonSchema) }) },
    async handler({ ports, query }) {
      const lessons = await ports.application.history.lessons(query.limit);
      return { status: 200, body: { lessons: lessons.map(lessonView) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/learning',
    scope: 'read',
    summary: 'What the ranking of actions rests on: verified outcomes by cause and action, with a version',
    responses: { 200: learningSummarySchema },
    handler: ({ ports }) => ({ status: 200, body: learningSummaryView(ports.application.history.summary()) }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/learning/reset',
    scope: 'approve',
    summary: 'Rank by the rules alone again: lessons so far are kept, but no longer used',
    body: z.strictObject({ reason: reasonSchema }),
    responses: { 200: learningSummarySchema },
    async handler({ ports: { application }, body, actor }) {
      await application.history.reset(body.reason, actor);
      return { status: 200, body: learningSummaryView(application.history.summary()) };
    },
  }),
];
