import { z } from 'zod';
import { RequestRefused } from '../../domain/application.js';
import { apiKeyId } from '../../domain/identifiers.js';
import { API_SCOPES, type ApiKey, type DomainEvent } from '../../domain/ports.js';
import { createApiKey } from '../identity/api-keys.js';
import { bodyOf, json, modelParam, text, type Route } from '../route.js';

const newKey = z.strictObject({ name: z.string().min(1).max(100), scopes: z.array(z.enum(API_SCOPES)).min(1) });
const HEARTBEAT_MS = 15_000;
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

const keyView = ({ id, name, scopes, createdAtMs, lastUsedAtMs, revokedAtMs }: ApiKey): object => ({
  id,
  name,
  scopes,
  created_at_ms: createdAtMs,
  last_used_at_ms: lastUsedAtMs,
  revoked_at_ms: revokedAtMs,
});

/** The event as listeners of the stream see it: identifiers and states, to be looked up for more. */
function eventView(event: DomainEvent): object {
  switch (event.kind) {
    case 'model-updated':
      return { kind: event.kind, model: event.model.id, state: event.model.state };
    case 'baseline-admitted':
      return { kind: event.kind, model: event.modelId, version: event.version };
    case 'recommendation-updated':
      return {
        kind: event.kind,
        recommendation: event.recommendation.id,
        model: event.recommendation.modelId,
        state: event.recommendation.state,
      };
    default:
      return {
        kind: event.kind,
        incident: event.incident.id,
        model: event.incident.modelId,
        severity: event.incident.severity,
        headline: event.incident.explanation.headline,
      };
  }
}

export const serviceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/-/healthy',
    scope: null,
    summary: 'The process is alive',
    handle: () => text('ok\n', 'text/plain'),
  },
  {
    method: 'GET',
    path: '/-/ready',
    scope: null,
    summary: 'The store can be written',
    async handle({ ports }) {
      if (!(await ports.ready())) throw new RequestRefused('unavailable', 'the store cannot be written now');
      return text('ready\n', 'text/plain');
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    summary: 'This process, for Prometheus',
    handle: async ({ ports }) => text(await ports.processMetrics.render(), PROMETHEUS),
  },
  {
    method: 'GET',
    path: '/metrics/models',
    scope: 'read',
    summary: 'All models, for Prometheus',
    handle: async ({ ports }) => text(await ports.fleetMetrics(), PROMETHEUS),
  },
  {
    method: 'GET',
    path: '/probe',
    scope: 'read',
    summary: 'Probe a watched model now, as blackbox_exporter does; ?target=<model id>',
    async handle(context) {
      const target = context.query.get('target') ?? '';
      const id = modelParam({ ...context, params: { target } }, 'target');
      const startedAt = performance.now();
      const samples = await context.ports.application.probeNow(id, 30_000);
      const failed = samples.filter(({ failure }) => failure !== null).length;
      const confidences = samples.flatMap(({ confidence }) => (confidence === null ? [] : [confidence]));
      const gauge = (name: string, help: string, value: number): string =>
        `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
      return text(
        gauge('probe_success', 'Whether every call was answered', samples.length > 0 && failed === 0 ? 1 : 0) +
          gauge('probe_duration_seconds', 'How long the whole probe took', (performance.now() - startedAt) / 1_000) +
          gauge('mlfi_probe_samples', 'Calls made', samples.length) +
          (confidences.length === 0
            ? ''
            : gauge(
                'mlfi_probe_confidence_ratio',
                'Mean confidence of the answers',
                confidences.reduce((sum, value) => sum + value, 0) / confidences.length,
              )),
        PROMETHEUS,
      );
    },
  },
  {
    method: 'GET',
    path: '/sd/models',
    scope: 'read',
    summary: 'Prometheus HTTP service discovery: one probe target per model',
    handle(context) {
      const host = context.headers.host ?? 'localhost';
      return json(
        context.ports.application
          .statuses()
          .filter(({ model }) => model.endpoint !== null)
          .map(({ model }) => ({
            targets: [host],
            labels: { __metrics_path__: '/probe', __param_target: model.id, model_name: model.id },
          })),
      );
    },
  },
  {
    method: 'GET',
    path: '/api/v1/events',
    scope: 'read',
    summary: 'Server-sent events: models, incidents, recommendations, baselines',
    handle({ ports, raw: { request, response } }) {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      });
      response.write(': connected\n\n');
      let id = 0;
      const unsubscribe = ports.application.events.subscribe((event) => {
        id += 1;
        response.write(`id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(eventView(event))}\n\n`);
      });
      const heartbeat = setInterval(() => response.write(': alive\n\n'), HEARTBEAT_MS);
      request.on('close', () => {
        clearInterval(heartbeat);
        unsubscribe();
        response.end();
      });
      return { kind: 'streamed' };
    },
  },
  {
    method: 'GET',
    path: '/api/v1/keys',
    scope: 'admin',
    summary: 'API keys, without their secrets',
    handle: async ({ ports }) => json({ keys: (await ports.application.store.apiKeys.list()).map(keyView) }),
  },
  {
    method: 'POST',
    path: '/api/v1/keys',
    scope: 'admin',
    summary: 'Make an API key; its text is shown only in this answer',
    body: newKey,
    async handle(context) {
      const body = await bodyOf(context, newKey);
      const { key, text: secret } = await createApiKey(
        context.ports.application.store.apiKeys,
        context.ports.clock,
        body.name,
        body.scopes,
      );
      return json({ ...keyView(key), key: secret }, 201);
    },
  },
  {
    method: 'DELETE',
    path: '/api/v1/keys/:id',
    scope: 'admin',
    summary: 'Revoke an API key',
    async handle({ ports, params }) {
      const keys = ports.application.store.apiKeys;
      const key = await keys.get(apiKeyId(params.id ?? ''));
      if (key === null) throw new RequestRefused('not-found', 'there is no such key', 'id');
      await keys.save({ ...key, revokedAtMs: ports.clock.now() });
      return json({ revoked: true });
    },
  },
];
