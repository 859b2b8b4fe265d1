import { Invalid } from '../../domain/errors.js';
import { isReportFormat, type ReportFormat } from '../../domain/report-format.js';
import { z } from 'zod';
import { incidentId, modelId } from '../../domain/identifiers.js';
import { bodyOf, json, numberQuery, text, type Route } from '../route.js';

const TYPES: Readonly<Record<ReportFormat, readonly [type: string, ending: string]>> = {
  markdown: ['text/markdown; charset=utf-8', 'md'],
  html: ['text/html; charset=utf-8', 'html'],
  json: ['application/json', 'json'],
  csv: ['text/csv; charset=utf-8', 'csv'],
};

const opinion = z.strictObject({
  incident_id: z.string().min(1),
  useful: z.boolean(),
  reason: z.string().min(3).max(4_096),
});

export const incidentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/incidents',
    scope: 'read',
    summary: 'Incidents, newest first; ?model=, ?open=true|false, ?limit=',
    async handle(context) {
      const { query, ports } = context;
      const model = query.get('model');
      const open = query.get('open');
      return json({
        incidents: await ports.application.incidents.list({
          ...(model === null ? {} : { model: modelId(model) }),
          ...(open === null ? {} : { open: open === 'true' }),
          limit: numberQuery(context, 'limit', 100, 1, 1_000),
        }),
      });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/incidents/:id',
    scope: 'read',
    summary: 'One incident with diagnosis, explanation and timeline',
    handle: async ({ ports, params }) => json(await ports.application.incidents.get(incidentId(params.id ?? ''))),
  },
  {
    method: 'GET',
    path: '/api/v1/incidents/:id/similar',
    scope: 'read',
    summary: 'Closed incidents like this one, and what helped',
    handle: async ({ ports, params }) =>
      json({ similar: await ports.application.incidents.similar(incidentId(params.id ?? '')) }),
  },
  {
    method: 'GET',
    path: '/api/v1/incidents/:id/report',
    scope: 'read',
    summary: 'Diagnostic report; ?format=markdown|html|json|csv',
    async handle({ ports, params, query }) {
      const format = query.get('format') ?? 'markdown';
      if (!isReportFormat(format))
        throw new Invalid(`format must be one of ${Object.keys(TYPES).join(', ')}`, 'format');
      const incident = await ports.application.incidents.get(incidentId(params.id ?? ''));
      const [type, ending] = TYPES[format];
      return text(
        await ports.application.incidents.report(incident.id, format),
        type,
        `incident-${incident.id}.${ending}`,
      );
    },
  },
  {
    method: 'GET',
    path: '/api/v1/incidents/:id/opinions',
    scope: 'read',
    summary: 'What people said of the page: was it worth being called for',
    handle: async ({ ports, params }) =>
      json({ opinions: await ports.application.incidents.feedback(incidentId(params.id ?? '')) }),
  },
  {
    method: 'POST',
    path: '/api/v1/opinions',
    scope: 'approve',
    summary:
      'Say whether a page was useful; "not useful" by most doubles the evidence the model’s next page needs, "useful" halves it again',
    body: opinion,
    async handle(context) {
      const { incident_id: id, useful, reason } = await bodyOf(context, opinion);
      return json({
        opinions: await context.ports.application.incidents.giveFeedback(
          incidentId(id),
          { useful, reason },
          context.actor,
        ),
      });
    },
  },
];
