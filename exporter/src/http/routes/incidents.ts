import { z } from 'zod';
import type { IncidentId } from '../../domain/identifiers.js';
import { REPORT_FORMATS, type ReportFormat } from '../../domain/report-format.js';
import { flag, incidentIdSchema, limit, modelIdSchema, reasonSchema } from '../parameters.js';
import { route, textResponse, type HttpPorts, type Route } from '../route.js';
import { similarLessonSchema, similarLessonView } from '../views/history.js';
import { feedbackSchema, feedbackView, incidentSchema, incidentView, incidentViews } from '../views/incidents.js';
import { reportJson } from '../views/reports.js';
import { storySchema, storyView } from '../views/stories.js';

const MARKDOWN = 'text/markdown; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const CSV = 'text/csv; charset=utf-8';
const JSON_TYPE = 'application/json';
const FILES: Readonly<Record<ReportFormat, readonly [type: string, ending: string]>> = {
  markdown: [MARKDOWN, 'md'],
  html: [HTML, 'html'],
  json: [JSON_TYPE, 'json'],
  csv: [CSV, 'csv'],
};

const params = z.strictObject({ id: incidentIdSchema });
const feedbackList = z.object({ feedback: z.array(feedbackSchema) });

/** The incident as the API shows it, with the story it is told in now. */
async function shown({ application }: HttpPorts, id: IncidentId): Promise<ReturnType<typeof incidentView>> {
  const incident = await application.incidents.get(id);
  return incidentView(incident, application.incidents.storyOf(incident));
}

/** The incident with its recommendations and similar incidents, as the API shows each. */
async function jsonReport({ application, clock }: HttpPorts, id: IncidentId): Promise<string> {
  const [incident, records, similar] = await Promise.all([
    application.incidents.get(id),
    application.decisions.records({ incident: id, pendingOnly: false, limit: 100 }),
    application.incidents.similar(id),
  ]);
  return reportJson(incident, records, similar, clock.now(), application.incidents.storyOf(incident));
}

export const incidentRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/incidents',
    scope: 'read',
    summary: 'Incidents, newest first',
    query: z.strictObject({ model: modelIdSchema.optional(), open: flag, limit }),
    responses: { 200: z.object({ incidents: z.array(incidentSchema) }) },
    async handler({ ports, query: { model, open, limit: most } }) {
      const incidents = await ports.application.incidents.list({
        ...(model === undefined ? {} : { model }),
        ...(open === undefined ? {} : { open }),
        limit: most,
      });
      return { status: 200, body: { incidents: incidentViews(incidents, ports.application.incidents.storyOf) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/stories',
    scope: 'read',
    summary: 'Faults upstream that several models have open incidents of, the earliest first',
    responses: { 200: z.object({ stories: z.array(storySchema) }) },
    handler: async ({ ports }) => ({
      status: 200,
      body: { stories: ports.application.incidents.stories().map((story) => storyView(story)) },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/incidents/:id',
    scope: 'read',
    summary: 'One incident with diagnosis, explanation and timeline',
    params,
    responses: { 200: incidentSchema },
    handler: async ({ ports, params: { id } }) => ({ status: 200, body: await shown(ports, id) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/incidents/:id/similar',
    scope: 'read',
    summary: 'Closed incidents like this one, and what helped',
    params,
    responses: { 200: z.object({ similar: z.array(similarLessonSchema) }) },
    async handler({ ports, params: { id } }) {
      const similar = await ports.application.incidents.similar(id);
      return { status: 200, body: { similar: similar.map(similarLessonView) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/incidents/:id/report',
    scope: 'read',
    summary: 'Diagnostic report of an incident',
    params,
    query: z.strictObject({ format: z.enum(REPORT_FORMATS).default('markdown') }),
    responses: { 200: textResponse([MARKDOWN, HTML, CSV, JSON_TYPE], 'the report in the format asked for') },
    async handler({ ports, params: { id }, query: { format } }) {
      const [type, ending] = FILES[format];
      const text =
        format === 'json' ? await jsonReport(ports, id) : await ports.application.incidents.report(id, format);
      return { status: 200, text, type, fileName: `incident-${id}.${ending}` };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/incidents/:id/feedback',
    scope: 'read',
    summary: 'What people said of the alert: was it useful',
    params,
    responses: { 200: feedbackList },
    async handler({ ports, params: { id } }) {
      const feedback = await ports.application.incidents.feedback(id);
      return { status: 200, body: { feedback: feedback.map(feedbackView) } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/feedback',
    scope: 'approve',
    summary:
      'Say whether an alert was useful; "not useful" by most doubles the evidence the model’s next alert needs, "useful" halves it again',
    body: z.strictObject({ incident_id: incidentIdSchema, useful: z.boolean(), reason: reasonSchema }),
    responses: { 200: feedbackList },
    async handler({ ports, body: { incident_id: id, useful, reason }, actor }) {
      const feedback = await ports.application.incidents.giveFeedback(id, { useful, reason }, actor);
      return { status: 200, body: { feedback: feedback.map(feedbackView) } };
    },
  }),
];
