import { CAUSE_IDS } from '../../domain/cause.js';
import { z } from 'zod';
import type { IncidentId, ModelId } from '../../domain/identifiers.js';
import { ACTION_IDS } from '../../domain/recommendation.js';
import {
  executionIdSchema,
  flag,
  incidentIdSchema,
  limit,
  modelIdSchema,
  reasonSchema,
  recommendationIdSchema,
  text,
} from '../parameters.js';
import { route, textResponse, type Route } from '../route.js';
import {
  killSwitchSchema,
  killSwitchView,
  recommendationSchema,
  recommendationView,
  reviewSchema,
  reviewView,
} from '../views/decisions.js';

const withReason = z.strictObject({ recommendation_id: recommendationIdSchema, reason: reasonSchema });
const outcome = z.enum(['succeeded', 'failed']);
const ofWhat = { incident: incidentIdSchema.optional(), model: modelIdSchema.optional(), limit };

const filterOf = (
  given: { readonly incident?: IncidentId | undefined; readonly model?: ModelId | undefined; readonly limit: number },
  pendingOnly: boolean,
) => ({
  ...(given.incident === undefined ? {} : { incident: given.incident }),
  ...(given.model === undefined ? {} : { model: given.model }),
  pendingOnly,
  limit: given.limit,
});

const recommendationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/recommendations',
    scope: 'read',
    summary: 'Recommendations with their votes and executions',
    query: z.strictObject({ ...ofWhat, pending: flag }),
    responses: { 200: z.object({ recommendations: z.array(recommendationSchema) }) },
    async handler({ ports, query }) {
      const records = await ports.application.decisions.records(filterOf(query, query.pending ?? false));
      return { status: 200, body: { recommendations: records.map((record) => recommendationView(record)) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/decisions.csv',
    scope: 'read',
    summary: 'Every decision as a table, newest first (JSON: /api/v1/recommendations)',
    query: z.strictObject(ofWhat),
    responses: { 200: textResponse('text/csv; charset=utf-8', 'one decision a line') },
    async handler({ ports, query }) {
      const records = await ports.application.decisions.records(filterOf(query, false));
      const newestFirst = records.toSorted((a, b) => b.recommendation.createdAtMs - a.recommendation.createdAtMs);
      return { status: 200, text: ports.decisionsCsv(newestFirst), fileName: 'decisions.csv' };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/recommendations/:id',
    scope: 'read',
    summary: 'One recommendation with plan, dry run, digest, policy, votes, attempts and outcome',
    params: z.strictObject({ id: recommendationIdSchema }),
    responses: { 200: recommendationSchema },
    handler: async ({ ports, params }) => ({
      status: 200,
      body: recommendationView(await ports.application.decisions.record(params.id)),
    }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/recommendations',
    scope: 'propose',
    summary: 'Propose an action for an open incident; a person who proposes may not decide',
    body: z.strictObject({
      incident_id: incidentIdSchema,
      action: z.enum(ACTION_IDS).exclude(['none']),
      why: reasonSchema,
      cause: z.enum(CAUSE_IDS).nullable().default(null),
    }),
    responses: { 201: recommendationSchema },
    async handler({ ports, body: { incident_id: incident, ...asked }, actor }) {
      const record = await ports.application.decisions.propose({ incident, ...asked }, actor);
      return { status: 201, body: recommendationView(record) };
    },
  }),
];

const voteRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/votes',
    scope: 'approve',
    summary: 'Approve or reject exactly what the digest stands for; with break_glass one person decides alone',
    body: z.strictObject({
      recommendation_id: recommendationIdSchema,
      digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be the 64-digit digest shown with the recommendation'),
      verdict: z.enum(['approve', 'reject']),
      reason: reasonSchema,
      break_glass: z.strictObject({ ticket: text(1, 200) }).optional(),
    }),
    responses: { 200: recommendationSchema },
    async handler({ ports, body, actor }) {
      const { recommendation_id: recommendation, verdict, digest, reason, break_glass: breakGlass = null } = body;
      const request = { recommendation, verdict, digest, reason, breakGlass };
      return { status: 200, body: recommendationView(await ports.application.decisions.vote(request, actor)) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/revocations',
    scope: 'approve',
    summary: 'Take an approval back before anything was sent',
    body: withReason,
    responses: { 200: recommendationSchema },
    async handler({ ports, body, actor }) {
      const record = await ports.application.decisions.revoke(body.recommendation_id, body.reason, actor);
      return { status: 200, body: recommendationView(record) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/withdrawals',
    scope: 'propose',
    summary: 'Take a pending recommendation off the table',
    body: withReason,
    responses: { 200: recommendationSchema },
    async handler({ ports, body, actor }) {
      const record = await ports.application.decisions.withdraw(body.recommendation_id, body.reason, actor);
      return { status: 200, body: recommendationView(record) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/outcomes',
    scope: 'approve',
    summary:
      'A person says what became of an action: an execution whose answer was lost, or advice carried out by hand',
    body: z.strictObject({ recommendation_id: recommendationIdSchema, outcome, reason: reasonSchema }),
    responses: { 200: recommendationSchema },
    async handler({ ports, body, actor }) {
      const { recommendation_id: id, outcome: became, reason } = body;
      return {
        status: 200,
        body: recommendationView(await ports.application.decisions.report(id, became, reason, actor)),
      };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/callbacks',
    scope: 'operate',
    summary: 'The system that carries an action out says what became of it; repetitions change nothing',
    body: z.strictObject({ execution_id: executionIdSchema, outcome, detail: text(0, 1_000).default('') }),
    responses: { 200: z.object({ received: z.boolean() }) },
    async handler({ ports, body, actor }) {
      await ports.application.decisions.callback(body.execution_id, body.outcome, body.detail, actor);
      return { status: 200, body: { received: true } };
    },
  }),
];

const controlRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/kill-switch',
    scope: 'read',
    summary: 'Whether executions are stopped, by the configuration or by a person',
    responses: { 200: killSwitchSchema },
    handler: async ({ ports }) => ({
      status: 200,
      body: killSwitchView(await ports.application.decisions.killSwitch()),
    }),
  }),
  route({
    method: 'PUT',
    path: '/api/v1/kill-switch',
    scope: 'approve',
    summary: 'Stop every execution, or let them go on; admins only',
    body: z.strictObject({ on: z.boolean(), reason: reasonSchema }),
    responses: { 200: killSwitchSchema },
    async handler({ ports: { application }, body, actor }) {
      await application.decisions.setKillSwitch(body.on, body.reason, actor);
      return { status: 200, body: killSwitchView(await application.decisions.killSwitch()) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/reviews',
    scope: 'read',
    summary: 'Break-glass decisions that another person has to review; open=false for those reviewed',
    query: z.strictObject({ open: flag }),
    responses: { 200: z.object({ reviews: z.array(reviewSchema) }) },
    async handler({ ports, query }) {
      const reviews = await ports.application.decisions.reviews(query.open ?? true);
      return { status: 200, body: { reviews: reviews.map(reviewView) } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/reviews',
    scope: 'approve',
    summary: 'Review a break-glass decision of somebody else',
    body: withReason,
    responses: { 200: z.object({ reviewed: z.boolean() }) },
    async handler({ ports, body, actor }) {
      await ports.application.decisions.review(body.recommendation_id, body.reason, actor);
      return { status: 200, body: { reviewed: true } };
    },
  }),
];

export const decisionRoutes: readonly Route[] = [...recommendationRoutes, ...voteRoutes, ...controlRoutes];
