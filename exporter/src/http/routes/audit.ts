import { z } from 'zod';
import { limit, wholeNumber } from '../parameters.js';
import { route, textResponse, type Route } from '../route.js';
import {
  auditEntrySchema,
  auditEntryView,
  auditVerdictSchema,
  auditVerdictView,
  checkpointSchema,
  checkpointView,
} from '../views/audit.js';

const PAGE = 1_000;
const LAST_SEQUENCE = 2 ** 31;

export const auditRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/audit/checkpoints',
    scope: 'read',
    summary: 'Signed states of the log, newest first, and the key to check them with; hold them outside the database',
    query: z.strictObject({ limit }),
    responses: { 200: z.object({ key: z.string(), checkpoints: z.array(checkpointSchema) }) },
    async handler({ ports: { application }, query }) {
      const checkpoints = await application.audit.checkpoints(query.limit);
      return {
        status: 200,
        body: { key: application.audit.checkpointKey, checkpoints: checkpoints.map(checkpointView) },
      };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/audit/checkpoints',
    scope: 'operate',
    summary: 'Sign the log as it stands and send the checkpoint out',
    responses: { 200: z.object({ key: z.string(), checkpoint: checkpointSchema.nullable() }) },
    async handler({ ports: { application } }) {
      const newest = await application.audit.makeCheckpoint();
      return {
        status: 200,
        body: { key: application.audit.checkpointKey, checkpoint: newest === null ? null : checkpointView(newest) },
      };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/audit',
    scope: 'read',
    summary: 'Audit entries, oldest first, from a sequence on',
    query: z.strictObject({ from: wholeNumber(1, LAST_SEQUENCE, 1), limit }),
    responses: { 200: z.object({ entries: z.array(auditEntrySchema) }) },
    async handler({ ports, query }) {
      const entries = await ports.application.audit.entries(query.from, query.limit);
      return { status: 200, body: { entries: entries.map(auditEntryView) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/audit/verify',
    scope: 'read',
    summary: 'Check the whole hash chain now',
    responses: { 200: auditVerdictSchema },
    handler: async ({ ports }) => ({ status: 200, body: auditVerdictView(await ports.application.audit.verify()) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/audit/export',
    scope: 'read',
    summary: 'The whole log as JSON lines, for `mlfi audit verify --export`',
    responses: { 200: textResponse('application/x-ndjson', 'one entry a line, as it was hashed') },
    async handler({ ports }) {
      const lines: string[] = [];
      for (let from = 1; ; from += PAGE) {
        const entries = await ports.application.audit.entries(from, PAGE);
        lines.push(...entries.map(ports.auditExportLine));
        if (entries.length < PAGE) break;
      }
      return { status: 200, text: lines.join(''), fileName: 'audit.ndjson' };
    },
  }),
];
