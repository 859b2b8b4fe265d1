import { Invalid } from '../../domain/errors.js';
import { z } from 'zod';
import type { ModelRegistration } from '../../domain/model-registration.js';
import { modelId } from '../../domain/identifiers.js';
import type { Json } from '../../domain/json.js';
import { CONNECTOR_IDS } from '../../domain/model.js';
import { baselineView, countsView, goldenInputsView, modelView } from '../model-view.js';
import { bodyOf, json, modelParam, numberQuery, text, type Route } from '../route.js';

/** The last millisecond a date can say. */
const LATEST_MS = 8_640_000_000_000_000;
const jsonValue: z.ZodType<Json> = z.json();
const registration = z.strictObject({
  id: z.string().optional(),
  name: z.string().min(1).max(120).optional(),
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
  connector: z.enum(CONNECTOR_IDS).optional(),
  payloads: z.array(jsonValue).min(1).max(100).optional(),
  golden_inputs: z.array(jsonValue).min(1).max(50).optional(),
  version: z.string().max(100).optional(),
  owner: z.string().max(120).optional(),
  tags: z.array(z.string().max(60)).max(20).optional(),
  interval_seconds: z.number().min(1).max(86_400).optional(),
});
const address = z.strictObject({ url: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }) });
const reason = z.strictObject({ reason: z.string().min(3).max(1_000) });
const freeze = z.strictObject({ frozen: z.boolean() });
const change = z.strictObject({
  kind: z.enum(['model-version', 'answer-schema', 'deployment', 'configuration', 'other']),
  text: z.string().min(1).max(500),
  at_ms: z.number().optional(),
});

/** Leaves out what was not given, as optional properties want it. */
function registrationOf(body: z.infer<typeof registration>): ModelRegistration {
  let id;
  try {
    id = body.id === undefined ? undefined : modelId(body.id);
  } catch (error) {
    throw new Invalid(error instanceof Error ? error.message : 'not a model id', 'id');
  }
  const entries = {
    id,
    name: body.name,
    url: body.url,
    connector: body.connector,
    payloads: body.payloads,
    goldenInputs: body.golden_inputs,
    versionLabel: body.version,
    owner: body.owner,
    tags: body.tags,
    schedule: body.interval_seconds === undefined ? undefined : { intervalMs: body.interval_seconds * 1_000 },
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

export const modelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/models',
    scope: 'read',
    summary: 'Every watched model with its state and figures',
    handle: ({ ports }) => json({ models: ports.application.models.statuses().map(modelView) }),
  },
  {
    method: 'POST',
    path: '/api/v1/models',
    scope: 'operate',
    summary: 'Watch a model: protocol and payload are found from its URL',
    body: registration,
    async handle(context) {
      const { application } = context.ports;
      const model = await application.models.register(
        registrationOf(await bodyOf(context, registration)),
        context.actor,
      );
      return json(modelView(application.models.status(model.id)), 201);
    },
  },
  {
    method: 'POST',
    path: '/api/v1/discover',
    scope: 'operate',
    summary: 'Find out how a URL may be asked, without watching it',
    body: address,
    handle: async (context) =>
      json(await context.ports.application.models.discover((await bodyOf(context, address)).url, null)),
  },
  {
    method: 'GET',
    path: '/api/v1/models/:id',
    scope: 'read',
    summary: 'One model with its findings',
    handle(context) {
      const status = context.ports.application.models.status(modelParam(context));
      return json({
        ...modelView(status),
        findings: status.findings,
        golden_inputs: goldenInputsView(status),
        schedule: status.model.schedule,
      });
    },
  },
  {
    method: 'DELETE',
    path: '/api/v1/models/:id',
    scope: 'operate',
    summary: 'Stop watching and forget a model; decisions and audit stay',
    async handle(context) {
      await context.ports.application.models.remove(modelParam(context), context.actor);
      return json({ removed: true });
    },
  },
  ...(['start', 'pause', 'stop'] as const).map((verb): Route => ({
    method: 'POST',
    path: `/api/v1/models/:id/${verb}`,
    scope: 'operate',
    summary:
      verb === 'start' ? 'Probe and judge the model again' : 'Neither probe nor judge the model until it is started',
    handle: async (context) =>
      json(await context.ports.application.models.setPaused(modelParam(context), verb !== 'start', context.actor)),
  })),
  {
    method: 'GET',
    path: '/api/v1/models/:id/distributions',
    scope: 'read',
    summary: 'Counts per signal, baseline and now, on the same grid',
    handle(context) {
      const { baseline, window } = context.ports.application.models.status(modelParam(context));
      const signals = [...new Set([...(baseline?.profile.signals.keys() ?? []), ...window.signals.keys()])];
      return json({
        signals: signals.map((key) => {
          const before = baseline?.profile.signals.get(key);
          const now = window.signals.get(key);
          return {
            signal: key,
            bins: baseline?.bins.get(key) ?? null,
            before: before === undefined ? null : countsView(before),
            now: now === undefined ? null : countsView(now),
          };
        }),
      });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/models/:id/aggregates.csv',
    scope: 'read',
    summary: 'Stored windows as CSV: calls, failures, confidence, latency; ?from_ms=, ?to_ms=',
    async handle(context) {
      const id = modelParam(context);
      const { application, clock } = context.ports;
      const fromMs = numberQuery(context, 'from_ms', 0, 0, LATEST_MS);
      const toMs = numberQuery(context, 'to_ms', clock.now() + 86_400_000, 0, LATEST_MS);
      const windows = await application.models.aggregates(id, fromMs, toMs);
      const lines = windows.map((window) =>
        [
          new Date(window.windowStartMs).toISOString(),
          window.calls,
          window.failures,
          window.confidenceMean ?? '',
          window.confidenceStandardDeviation ?? '',
          window.latencyP50Seconds ?? '',
          window.latencyP95Seconds ?? '',
          window.labelled,
          window.correct,
        ].join(','),
      );
      return text(
        [
          'window_start,calls,failures,confidence_mean,confidence_std,latency_p50_seconds,latency_p95_seconds,labelled,correct',
          ...lines,
        ].join('\r\n') + '\r\n',
        'text/csv',
        `${id}.csv`,
      );
    },
  },
  {
    method: 'GET',
    path: '/api/v1/models/:id/baseline',
    scope: 'read',
    summary: 'How far learning is, or the admitted baseline and its versions',
    async handle(context) {
      const id = modelParam(context);
      const { application } = context.ports;
      return json({
        ...baselineView(application.models.status(id)),
        versions: await application.baselines.versions(id),
      });
    },
  },
  {
    method: 'POST',
    path: '/api/v1/models/:id/baseline/reset',
    scope: 'operate',
    summary: 'Learn a new baseline version from now on',
    body: reason,
    async handle(context) {
      const body = await bodyOf(context, reason);
      await context.ports.application.baselines.reset(modelParam(context), context.actor, body.reason);
      return json(baselineView(context.ports.application.models.status(modelParam(context))), 202);
    },
  },
  {
    method: 'POST',
    path: '/api/v1/models/:id/baseline/accept',
    scope: 'operate',
    summary: 'Accept what is seen since the change as the new normal',
    body: reason,
    async handle(context) {
      const body = await bodyOf(context, reason);
      await context.ports.application.baselines.accept(modelParam(context), context.actor, body.reason);
      return json(baselineView(context.ports.application.models.status(modelParam(context))), 202);
    },
  },
  {
    method: 'POST',
    path: '/api/v1/models/:id/baseline/freeze',
    scope: 'operate',
    summary: 'Freeze or unfreeze the admitted baseline',
    body: freeze,
    async handle(context) {
      const body = await bodyOf(context, freeze);
      await context.ports.application.baselines.freeze(modelParam(context), body.frozen, context.actor);
      return json(baselineView(context.ports.application.models.status(modelParam(context))));
    },
  },
  {
    method: 'POST',
    path: '/api/v1/models/:id/changes',
    scope: 'ingest',
    summary: 'Tell of a release or another change, as evidence',
    body: change,
    async handle(context) {
      const body = await bodyOf(context, change);
      await context.ports.application.models.recordChange(
        modelParam(context),
        { kind: body.kind, text: body.text, atMs: body.at_ms ?? context.ports.clock.now() },
        context.actor,
      );
      return json({ recorded: true }, 202);
    },
  },
];
