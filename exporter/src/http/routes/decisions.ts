import { z } from 'zod';
import type { DecisionRecord, RecommendationRecord } from '../../domain/decision-record.js';
import type { KillSwitch, Review } from '../../domain/decision.js';
import { executionId, incidentId, modelId, recommendationId } from '../../domain/identifiers.js';
import { ACTION_IDS } from '../../domain/recommendation.js';
import { bodyOf, json, numberQuery, text, type RequestContext, type Route } from '../route.js';
import type { Actor } from '../../domain/actor.js';

const id = z.string().min(1).max(100);
const reason = z.string().min(3).max(4_096);
const proposal = z.strictObject({ incident_id: id, action: z.enum(ACTION_IDS), why: reason });
const vote = z.strictObject({
  recommendation_id: id,
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be the 64-digit digest shown with the recommendation'),
  verdict: z.enum(['approve', 'reject']),
  reason,
  break_glass: z.strictObject({ ticket: z.string().min(1).max(200) }).optional(),
});
const withReason = z.strictObject({ recommendation_id: id, reason });
const report = z.strictObject({ recommendation_id: id, outcome: z.enum(['succeeded', 'failed']), reason });
const callback = z.strictObject({
  execution_id: id,
  outcome: z.enum(['succeeded', 'failed']),
  detail: z.string().max(1_000).default(''),
});
const killSwitch = z.strictObject({ on: z.boolean(), reason });

/** The actor as readers see it: no key id and no token hash. */
const actorView = ({ kind, subject, name, person }: Actor): object => ({
  kind,
  subject,
  name,
  ...(person === undefined ? {} : { login: person.login, role: person.role, issuer: person.issuer }),
});

function recordView(record: DecisionRecord & Partial<RecommendationRecord>): object {
  const { recommendation, votes, execution, attempts, verification, dryRun = null } = record;
  return {
    ...recommendation,
    proposedBy: actorView(recommendation.proposedBy),
    votes: votes.map((cast) => ({ ...cast, by: actorView(cast.by) })),
    execution,
    attempts,
    verification,
    dry_run: dryRun,
  };
}

const reviewView = (review: Review): object => ({
  ...review,
  usedBy: actorView(review.usedBy),
  reviewedBy: review.reviewedBy === null ? null : actorView(review.reviewedBy),
});

const killSwitchView = ({ configured, on, reason: why, by, atMs }: KillSwitch & { configured: boolean }): object => ({
  configured,
  switched: on,
  reason: why,
  by,
  at_ms: atMs,
});

function filterOf(
  context: RequestContext,
  pendingOnly: boolean,
): Parameters<RequestContext['ports']['application']['decisions']['records']>[0] {
  const incident = context.query.get('incident');
  const model = context.query.get('model');
  return {
    ...(incident === null ? {} : { incident: incidentId(incident) }),
    ...(model === null ? {} : { model: modelId(model) }),
    pendingOnly,
    limit: numberQuery(context, 'limit', 100, 1, 1_000),
  };
}

export const decisionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/recommendations',
    scope: 'read',
    summary: 'Recommendations; ?incident=, ?model=, ?pending=true',
    async handle(context) {
      const filter = filterOf(context, context.query.get('pending') === 'true');
      const records = await context.ports.application.decisions.records(filter);
      return json({ recommendations: records.map((record) => recordView(record)) });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/decisions.csv',
    scope: 'read',
    summary: 'Every decision as a table, newest first; ?incident=, ?model=, ?limit= (JSON: /api/v1/recommendations)',
    async handle(context) {
      const records = await context.ports.application.decisions.records(filterOf(context, false));
      const newestFirst = records.toSorted((a, b) => b.recommendation.createdAtMs - a.recommendation.createdAtMs);
      return text(context.ports.decisionsCsv(newestFirst), 'text/csv; charset=utf-8', 'decisions.csv');
    },
  },
  {
    method: 'GET',
    path: '/api/v1/recommendations/:id',
    scope: 'read',
    summary: 'One recommendation with plan, dry run, digest, policy, votes, attempts and outcome',
    handle: async ({ ports, params }) =>
      json(recordView(await ports.application.decisions.record(recommendationId(params.id ?? '')))),
  },
  {
    method: 'POST',
    path: '/api/v1/recommendations',
    scope: 'propose',
    summary: 'Propose an action for an open incident; a person who proposes may not decide',
    body: proposal,
    async handle(context) {
      const { incident_id, action, why } = await bodyOf(context, proposal);
      const request = { incident: incidentId(incident_id), action, why };
      return json(recordView(await context.ports.application.decisions.propose(request, context.actor)), 201);
    },
  },
  {
    method: 'POST',
    path: '/api/v1/votes',
    scope: 'approve',
    summary: 'Approve or reject exactly what the digest stands for; with break_glass one person decides alone',
    body: vote,
    async handle(context) {
      const body = await bodyOf(context, vote);
      const request = {
        recommendation: recommendationId(body.recommendation_id),
        verdict: body.verdict,
        digest: body.digest,
        reason: body.reason,
        breakGlass: body.break_glass ?? null,
      };
      return json(recordView(await context.ports.application.decisions.vote(request, context.actor)));
    },
  },
  {
    method: 'POST',
    path: '/api/v1/revocations',
    scope: 'approve',
    summary: 'Take an approval back before anything was sent',
    body: withReason,
    async handle(context) {
      const body = await bodyOf(context, withReason);
      const { application } = context.ports;
      const record = await application.decisions.revoke(
        recommendationId(body.recommendation_id),
        body.reason,
        context.actor,
      );
      return json(recordView(record));
    },
  },
  {
    method: 'POST',
    path: '/api/v1/withdrawals',
    scope: 'propose',
    summary: 'Take a pending recommendation off the table',
    body: withReason,
    async handle(context) {
      const body = await bodyOf(context, withReason);
      const { application } = context.ports;
      const record = await application.decisions.withdraw(
        recommendationId(body.recommendation_id),
        body.reason,
        context.actor,
      );
      return json(recordView(record));
    },
  },
  {
    method: 'POST',
    path: '/api/v1/outcomes',
    scope: 'approve',
    summary:
      'A person says what became of an action: an execution whose answer was lost, or advice carried out by hand',
    body: report,
    async handle(context) {
      const { recommendation_id, outcome, reason: detail } = await bodyOf(context, report);
      const { application } = context.ports;
      return json(
        recordView(
          await application.decisions.report(recommendationId(recommendation_id), outcome, detail, context.actor),
        ),
      );
    },
  },
  {
    method: 'POST',
    path: '/api/v1/callbacks',
    scope: 'operate',
    summary: 'The system that carries an action out says what became of it; repetitions change nothing',
    body: callback,
    async handle(context) {
      const { execution_id, outcome, detail } = await bodyOf(context, callback);
      await context.ports.application.decisions.callback(executionId(execution_id), outcome, detail, context.actor);
      return json({ received: true });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/kill-switch',
    scope: 'read',
    summary: 'Whether executions are stopped, by the configuration or by a person',
    handle: async ({ ports }) => json(killSwitchView(await ports.application.decisions.killSwitch())),
  },
  {
    method: 'PUT',
    path: '/api/v1/kill-switch',
    scope: 'approve',
    summary: 'Stop every execution, or let them go on; admins only',
    body: killSwitch,
    async handle(context) {
      const { on, reason: why } = await bodyOf(context, killSwitch);
      await context.ports.application.decisions.setKillSwitch(on, why, context.actor);
      return json(killSwitchView(await context.ports.application.decisions.killSwitch()));
    },
  },
  {
    method: 'GET',
    path: '/api/v1/reviews',
    scope: 'read',
    summary: 'Break-glass decisions that another person has to review; ?open=false for those reviewed',
    handle: async ({ ports, query }) =>
      json({ reviews: (await ports.application.decisions.reviews(query.get('open') !== 'false')).map(reviewView) }),
  },
  {
    method: 'POST',
    path: '/api/v1/reviews',
    scope: 'approve',
    summary: 'Review a break-glass decision of somebody else',
    body: withReason,
    async handle(context) {
      const body = await bodyOf(context, withReason);
      await context.ports.application.decisions.review(
        recommendationId(body.recommendation_id),
        body.reason,
        context.actor,
      );
      return json({ reviewed: true });
    },
  },
];
