import { Invalid, Unavailable } from '../../domain/errors.js';
import { z } from 'zod';
import { apiKeyId } from '../../domain/identifiers.js';
import { API_SCOPES, type ApiKey, type DomainEvent } from '../../domain/ports.js';
import { bodyOf, json, text, type Route } from '../route.js';

const newKey = z.strictObject({ name: z.string().min(1).max(100), scopes: z.array(z.enum(API_SCOPES)).min(1) });
const HEARTBEAT_MS = 15_000;

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
    summary: 'Every model is restored and the store can be written',
    async handle({ ports }) {
      const reason = await ports.notReadyBecause();
      if (reason !== null) throw new Unavailable(reason, 1);
      return text('ready\n', 'text/plain');
    },
  },
  {
    method: 'POST',
    path: '/-/reload',
    scope: 'admin',
    summary: 'Read the configuration again, as SIGHUP does; a wrong one is refused and changes nothing',
    handle({ ports }) {
      const reloaded = ports.reload();
      if (reloaded.kind === 'refused')
        throw new Invalid(reloaded.problems.join('\n'), 'configuration', [...reloaded.problems]);
      return json({ changed: reloaded.changed, need_restart: reloaded.needRestart });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/events',
    scope: 'read',
    summary: 'Server-sent events: models, incidents, recommendations, baselines',
    handle({ ports, raw: { request, response } }) {
      ports.streams.admit(response);
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
    handle: async ({ ports }) => json({ keys: (await ports.application.apiKeys.list()).map(keyView) }),
  },
  {
    method: 'POST',
    path: '/api/v1/keys',
    scope: 'admin',
    summary: 'Make an API key; its text is shown only in this answer',
    body: newKey,
    async handle(context) {
      const body = await bodyOf(context, newKey);
      const { key, text: secret } = await context.ports.application.apiKeys.create(body.name, body.scopes);
      return json({ ...keyView(key), key: secret }, 201);
    },
  },
  {
    method: 'DELETE',
    path: '/api/v1/keys/:id',
    scope: 'admin',
    summary: 'Revoke an API key',
    async handle({ ports, params }) {
      await ports.application.apiKeys.revoke(apiKeyId(params.id ?? ''));
      return json({ revoked: true });
    },
  },
];
