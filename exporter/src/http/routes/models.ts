import { z } from 'zod';
import type { WindowAggregate } from '../../application/models.js';
import { askingBody, askingOf } from '../../domain/asking-schema.js';
import type { DiscoveryTarget } from '../../domain/discovery.js';
import { CONNECTOR_IDS, type ProbeSchedule } from '../../domain/model.js';
import type { ModelRegistration } from '../../domain/model-registration.js';
import { CHANGE_KINDS } from '../../domain/symptoms.js';
import { httpUrl, LATEST_MS, modelIdSchema, label, text, wholeNumber } from '../parameters.js';
import { route, textResponse, type Route } from '../route.js';
import { distributionSchema, distributionsView } from '../views/baselines.js';
import { discoverySchema, discoveryView } from '../views/discovery.js';
import { anyJson } from '../views/estimates.js';
import { modelDetailSchema, modelDetailView, modelSchema, modelView } from '../views/models.js';

const params = z.strictObject({ id: modelIdSchema });
const registration = z
  .strictObject({
    id: modelIdSchema.optional(),
    name: label(1, 120).optional(),
    url: httpUrl.optional(),
    connector: z.enum(CONNECTOR_IDS).optional(),
    payloads: z.array(anyJson).min(1).max(100).optional(),
    golden_inputs: z.array(anyJson).min(1).max(50).optional(),
    version: label(0, 100).optional(),
    owner: label(0, 120).optional(),
    tags: z.array(label(0, 60)).max(20).optional(),
    interval_seconds: z.number().min(1).max(86_400).optional(),
    timeout_seconds: z.number().min(0.01).max(300).optional(),
    ...askingBody,
  })
  .meta({ id: 'ModelRegistration' });

/** How a URL is asked, for one call that finds out. */
const discoveryRequest = z.strictObject({
  url: httpUrl,
  connector: z.enum(CONNECTOR_IDS).optional(),
  payloads: z.array(anyJson).min(1).max(100).optional(),
  ...askingBody,
});
const targetOf = (body: z.output<typeof discoveryRequest>): DiscoveryTarget => {
  const asking = askingOf(body);
  return {
    url: body.url,
    authorizationSecret: null,
    ...(body.connector === undefined ? {} : { connector: body.connector }),
    ...(body.payloads === undefined ? {} : { payloads: body.payloads }),
    ...(asking === undefined ? {} : { asking }),
  };
};
const scheduleOf = (body: z.output<typeof registration>): Partial<ProbeSchedule> => ({
  ...(body.interval_seconds === undefined ? {} : { intervalMs: body.interval_seconds * 1_000 }),
  ...(body.timeout_seconds === undefined ? {} : { timeoutMs: body.timeout_seconds * 1_000 }),
});

/** Leaves out what was not given, as optional properties want it. */
const registrationOf = (body: z.output<typeof registration>): ModelRegistration => {
  const asking = askingOf(body);
  return {
    ...(body.id === undefined ? {} : { id: body.id }),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.url === undefined ? {} : { url: body.url }),
    ...(body.connector === undefined ? {} : { connector: body.connector }),
    ...(body.payloads === undefined ? {} : { payloads: body.payloads }),
    ...(body.golden_inputs === undefined ? {} : { goldenInputs: body.golden_inputs }),
    ...(body.version === undefined ? {} : { versionLabel: body.version }),
    ...(body.owner === undefined ? {} : { owner: body.owner }),
    ...(body.tags === undefined ? {} : { tags: body.tags }),
    schedule: scheduleOf(body),
    ...(asking === undefined ? {} : { asking }),
  };
};

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
    summary: 'Every watched model with its state and figures',
    responses: { 200: z.object({ models: z.array(modelSchema) }) },
    handler: ({ ports }) => ({ status: 200, body: { models: ports.application.models.statuses().map(modelView) } }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/models',
    scope: 'operate',
    summary: 'Watch a model: protocol and payload are found from its URL',
    body: registration,
    responses: { 201: modelSchema },
    async handler({ ports: { application }, body, actor }) {
      const { id } = await application.models.register(registrationOf(body), actor);
      return { status: 201, body: modelView(application.models.status(id)) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/discover',
    scope: 'operate',
    summary: 'Find out how a URL may be asked, without watching it',
    body: discoveryRequest,
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
    method: 'DELETE',
    path: '/api/v1/models/:id',
    scope: 'operate',
    summary: 'Stop watching and forget a model; decisions and audit stay',
    params,
    responses: { 200: z.object({ removed: z.boolean() }) },
    async handler({ ports, params: { id }, actor }) {
      await ports.application.models.remove(id, actor);
      return { status: 200, body: { removed: true } };
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
    summary: 'Stored windows as CSV, from the first baseline on: calls, failures, confidence, latency',
    params,
    query: z.strictObject({ from_ms: wholeNumber(0, LATEST_MS, 0), to_ms: wholeNumber(0, LATEST_MS, LATEST_MS) }),
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
      at_ms: z.number().min(0).max(LATEST_MS).optional(),
    }),
    responses: { 202: z.object({ recorded: z.boolean() }) },
    async handler({ ports, params: { id }, body, actor }) {
      const change = { kind: body.kind, text: body.text, atMs: body.at_ms ?? ports.clock.now() };
      await ports.application.models.recordChange(id, change, actor);
      return { status: 202, body: { recorded: true } };
    },
  }),
];
