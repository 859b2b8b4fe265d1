import { z } from 'zod';
import type { WindowAggregate } from '../../application/models.js';
import { Invalid, isAppError } from '../../domain/errors.js';
import type { ModelId } from '../../domain/identifiers.js';
import { implausible } from '../../domain/plausible-time.js';
import { CHANGE_KINDS } from '../../domain/symptoms.js';
import { changeBody, changeOf, discoveryBody, registrationBody, registrationOf, targetOf } from '../model-bodies.js';
import { LATEST_MS, modelIdSchema, text, wholeNumber } from '../parameters.js';
import { route, textResponse, type Route } from '../route.js';
import { distributionSchema, distributionsView } from '../views/baselines.js';
import { discoverySchema, discoveryView } from '../views/discovery.js';
import { nullableText } from '../views/estimates.js';
import {
  modelDetailSchema,
  modelDetailView,
  modelSchema,
  modelSummarySchema,
  modelSummaryView,
  modelView,
} from '../views/models.js';

const params = z.strictObject({ id: modelIdSchema });

const COLUMNS =
  'window_start,calls,failures,confidence_mean,confidence_std,latency_p50_seconds,latency_p95_seconds,labelled,correct';
const csvLine = (window: WindowAggregate): string =>
  [
    new Date(window.windowStartMs).toISOString(),
    window.calls,
    window.failures,
    window.confidenceMean,
    window.confidenceStandardDeviation,
    window.latencyP50Seconds,
    window.latencyP95Seconds,
    window.labelled,
    window.correct,
  ].join(',');

const pageOfModels = z.strictObject({
  limit: wholeNumber(1, 1_000, null).meta({ description: 'most models of one answer; all when it is not given' }),
  after: modelIdSchema.optional().meta({ description: '`next` of the page before; models come by their ids' }),
});
const next = nullableText.meta({ description: 'where the next page begins, as `after`; null on the last one' });
const nextOf = (ids: readonly ModelId[], limit: number | null): ModelId | null =>
  limit === null || ids.length < limit ? null : (ids.at(-1) ?? null);

/** Longest stretch of work on a list before others get their turn. */
const TURN_MS = 5;

/** What is shown of each model that is still there when its turn comes. */
async function inTurns<T>(ids: readonly ModelId[], show: (id: ModelId) => T): Promise<T[]> {
  const all: T[] = [];
  let turnEndsAt = performance.now() + TURN_MS;
  for (const id of ids) {
    try {
      all.push(show(id));
    } catch (error) {
      if (!(isAppError(error) && error.kind === 'not-found')) throw error;
    }
    if (performance.now() < turnEndsAt) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turnEndsAt = performance.now() + TURN_MS;
  }
  return all;
}

/** Stops or resumes probing and evaluation. */
const pausing = (verb: 'start' | 'pause', summary: string): Route =>
  route({
    method: 'POST',
    path: `/api/v1/models/:id/${verb}`,
    scope: 'operate',
    summary,
    params,
    responses: { 200: modelSchema },
    async handler({ ports: { application }, params: { id }, actor }) {
      await application.models.setPaused(id, verb === 'pause', actor);
      return { status: 200, body: modelView(application.models.status(id)) };
    },
  });

export const modelRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/models',
    scope: 'read',
    summary:
      'Every watched model with its state and figures, or a page of them; GET /api/v1/model-summaries is lighter',
    query: pageOfModels,
    responses: { 200: z.object({ models: z.array(modelSchema), next }) },
    async handler({ ports: { application }, query: { limit, after } }) {
      const ids = application.models.ids(after, limit);
      const models = await inTurns(ids, (id) => modelView(application.models.status(id)));
      return { status: 200, body: { models, next: nextOf(ids, limit) } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/model-summaries',
    scope: 'read',
    summary: 'Every watched model, or a page of them: what is the matter with it, and no figures',
    query: pageOfModels,
    responses: { 200: z.object({ models: z.array(modelSummarySchema), next }) },
    async handler({ ports: { application }, query: { limit, after } }) {
      const ids = application.models.ids(after, limit);
      const models = await inTurns(ids, (id) => modelSummaryView(application.models.summary(id)));
      return { status: 200, body: { models, next: nextOf(ids, limit) } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models',
    scope: 'operate',
    summary: 'Watch a model: protocol and payload are found from its URL',
    body: registrationBody,
    responses: { 201: modelSchema },
    async handler({ ports: { application }, body, actor }) {
      const { id, readFrom } = await application.models.register(registrationOf(body), actor);
      const view = modelView(application.models.status(id));
      return { status: 201, body: { ...view, read_from: view.read_from ?? readFrom } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/discover',
    scope: 'operate',
    summary: 'Find out how a URL may be asked, without watching it',
    body: discoveryBody,
    responses: { 200: discoverySchema },
    handler: async ({ ports, body }) => ({
      status: 200,
      body: discoveryView(await ports.application.models.discover(targetOf(body))),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/models/:id',
    scope: 'read',
    summary: 'One model with its findings',
    params,
    responses: { 200: modelDetailSchema },
    handler: ({ ports, params: { id } }) => ({
      status: 200,
      body: modelDetailView(ports.application.models.status(id)),
    }),
  }),
  route({
    method: 'PATCH',
    path: '/api/v1/models/:id',
    scope: 'operate',
    summary:
      'Change a model as RFC 7396 merges; a new way of asking is tried first, and refused when the model does not answer',
    params,
    body: changeBody,
    responses: { 200: modelDetailSchema },
    async handler({ ports: { application }, params: { id }, body, actor }) {
      await application.models.change(id, changeOf(body), actor);
      return { status: 200, body: modelDetailView(application.models.status(id)) };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/models/:id',
    scope: 'operate',
    summary: 'Stop watching and forget a model; decisions and audit stay',
    params,
    responses: {
      200: z.object({
        removed: z.boolean(),
        note: z.string().optional().meta({ description: 'of a model that stands in the configuration file' }),
      }),
    },
    async handler({ ports, params: { id }, actor }) {
      const { isConfigured } = await ports.application.models.remove(id, actor);
      const note = `the configuration file names this model: take it out of \`models\` there, or it returns, new and empty, at the next start`;
      return { status: 200, body: { removed: true, ...(isConfigured ? { note } : {}) } };
    },
  }),
  pausing('start', 'Probe and evaluate the model again'),
  pausing('pause', 'Neither probe nor evaluate the model until it is started'),
  route({
    method: 'GET',
    path: '/api/v1/models/:id/distributions',
    scope: 'read',
    summary: 'Counts per signal, baseline and now, on the same grid',
    params,
    responses: { 200: z.object({ signals: z.array(distributionSchema) }) },
    handler: ({ ports, params: { id } }) => ({
      status: 200,
      body: { signals: distributionsView(ports.application.models.status(id)) },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/models/:id/aggregates.csv',
    scope: 'read',
    summary:
      'Stored windows as CSV: calls, failures, confidence, latency, labels (`correct` is empty where they are quantities). Without `from_ms` those of the seven days up to the newest one before `to_ms`',
    params,
    query: z.strictObject({ from_ms: wholeNumber(0, LATEST_MS, null), to_ms: wholeNumber(0, LATEST_MS, LATEST_MS) }),
    responses: { 200: textResponse('text/csv; charset=utf-8', 'one window a line') },
    async handler({ ports, params: { id }, query: { from_ms: fromMs, to_ms: toMs } }) {
      const windows = await ports.application.models.aggregates(id, fromMs, toMs);
      return { status: 200, text: [COLUMNS, ...windows.map(csvLine), ''].join('\r\n'), fileName: `${id}.csv` };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/models/:id/changes',
    scope: 'ingest',
    summary: 'Tell of a release or another change, as evidence',
    params,
    body: z.strictObject({
      kind: z.enum(CHANGE_KINDS),
      text: text(1, 500),
      at_ms: z.int().min(0).max(LATEST_MS).optional().meta({
        description:
          'milliseconds since 1970 at which it was done, now unless given; as of rows not before 2000 and at most 5 minutes ahead',
      }),
    }),
    responses: { 202: z.object({ recorded: z.boolean() }) },
    async handler({ ports, params: { id }, body, actor }) {
      const nowMs = ports.clock.now();
      const atMs = body.at_ms ?? nowMs;
      const wrong = implausible(atMs, nowMs);
      if (wrong !== null) throw new Invalid(`at_ms: ${wrong}`, 'at_ms');
      const change = { kind: body.kind, text: body.text, atMs };
      await ports.application.models.recordChange(id, change, actor);
      return { status: 202, body: { recorded: true } };
    },
  }),
];
