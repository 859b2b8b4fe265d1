import { z } from 'zod';
import type { RecommendationRecord } from '../../domain/application.js';
import { incidentId, modelId, recommendationId } from '../../domain/identifiers.js';
import { bodyOf, json, numberQuery, text, type Route } from '../route.js';

const vote = z.strictObject({
  recommendation_id: z.string().min(1).max(100),
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be the 64-digit digest shown with the recommendation'),
  verdict: z.enum(['approve', 'reject']),
  reason: z.string().min(3).max(4_096),
});
const PAGE = 1_000;

function recordView({ recommendation, votes, execution, verification, dryRun }: RecommendationRecord): object {
  return { ...recommendation, votes, execution, verification, dry_run: dryRun };
}

export const decisionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/recommendations',
    scope: 'read',
    summary: 'Recommendations; ?incident=, ?model=, ?pending=true',
    async handle(context) {
      const { query, ports } = context;
      const incident = query.get('incident');
      const model = query.get('model');
      const records = await ports.application.recommendations({
        ...(incident === null ? {} : { incident: incidentId(incident) }),
        ...(model === null ? {} : { model: modelId(model) }),
        pendingOnly: query.get('pending') === 'true',
        limit: numberQuery(context, 'limit', 100, 1, 1_000),
      });
      return json({ recommendations: records.map(recordView) });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/recommendations/:id',
    scope: 'read',
    summary: 'One recommendation with plan, dry run, digest, votes and outcome',
    handle: async ({ ports, params }) =>
      json(recordView(await ports.application.recommendation(recommendationId(params.id ?? '')))),
  },
  {
    method: 'POST',
    path: '/api/v1/votes',
    scope: 'approve',
    summary: 'Approve or reject exactly what the digest stands for',
    body: vote,
    async handle(context) {
      const body = await bodyOf(context, vote);
      const record = await context.ports.application.vote(
        recommendationId(body.recommendation_id),
        body.verdict,
        body.digest,
        body.reason,
        context.actor,
      );
      return json(recordView(record));
    },
  },
  {
    method: 'GET',
    path: '/api/v1/audit',
    scope: 'read',
    summary: 'Audit entries; ?from=, ?limit=',
    async handle(context) {
      const entries = await context.ports.application.auditEntries(
        numberQuery(context, 'from', 1, 1, 2 ** 31),
        numberQuery(context, 'limit', 100, 1, PAGE),
      );
      return json({
        entries: entries.map(({ sequence, previousHash, hash, body }) => ({
          sequence,
          previous_hash: previousHash,
          hash,
          body: JSON.parse(Buffer.from(body).toString('utf8')) as unknown,
        })),
      });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/audit/verify',
    scope: 'read',
    summary: 'Check the whole hash chain now',
    handle: async ({ ports }) => json(await ports.application.verifyAudit()),
  },
  {
    method: 'GET',
    path: '/api/v1/audit/export',
    scope: 'read',
    summary: 'The whole log as JSON lines, for `mlfi audit verify --export`',
    async handle({ ports }) {
      const lines: string[] = [];
      for (let from = 1; ; from += PAGE) {
        const entries = await ports.application.auditEntries(from, PAGE);
        lines.push(...entries.map(ports.auditExportLine));
        if (entries.length < PAGE) break;
      }
      return text(lines.join(''), 'application/x-ndjson', 'audit.ndjson');
    },
  },
];
