import { z } from 'zod';
import { Invalid, Unavailable } from '../../domain/errors.js';
import { API_SCOPES, KEY_LIFE_SECONDS } from '../../domain/api-key.js';
import { apiKeyIdSchema, label } from '../parameters.js';
import { route, textResponse, type Route } from '../route.js';
import { apiKeySchema, apiKeyView } from '../views/api-keys.js';
import { eventSchema } from '../views/events.js';

const lifecycleRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/-/healthy',
    scope: null,
    summary: 'The process is alive',
    responses: { 200: textResponse('text/plain; charset=utf-8', 'ok') },
    handler: () => ({ status: 200, text: 'ok\n' }),
  }),
  route({
    method: 'GET',
    path: '/-/ready',
    scope: null,
    summary: 'mlfi has started and the store can be written; the text names models that were left out',
    responses: { 200: textResponse('text/plain; charset=utf-8', 'ready') },
    async handler({ ports }) {
      const reason = await ports.notReadyBecause();
      if (reason !== null) throw new Unavailable(reason, 1);
      const leftOut = ports.unrestoredModels();
      const without =
        leftOut.length === 0 ? '' : `, without models whose stored state cannot be read: ${leftOut.join(', ')}`;
      const refused = ports.decisionsRefusedBecause();
      return { status: 200, text: `ready${without}${refused === null ? '' : `; ${refused}`}\n` };
    },
  }),
  route({
    method: 'POST',
    path: '/-/reload',
    scope: 'admin',
    summary: 'Read the configuration again, as SIGHUP does; a wrong one is refused and changes nothing',
    responses: { 200: z.object({ changed: z.array(z.string()), need_restart: z.array(z.string()) }) },
    handler({ ports }) {
      const reloaded = ports.reload();
      if (reloaded.kind === 'refused')
        throw new Invalid(reloaded.problems.join('\n'), 'configuration', [...reloaded.problems]);
      const { changed, needRestart } = reloaded;
      return { status: 200, body: { changed: [...changed], need_restart: [...needRestart] } };
    },
  }),
];

const eventRoute = route({
  method: 'GET',
  path: '/api/v1/events',
  scope: 'read',
  summary: 'Server-sent events: models, incidents, recommendations, baselines; Last-Event-ID brings what was missed',
  responses: {
    200: {
      kind: 'stream',
      type: 'text/event-stream',
      description: 'one event after the other',
      item: eventSchema,
      name: 'Event',
    },
  },
  handler({ ports, actor, headers }) {
    const mayListen = async (): Promise<boolean> => {
      const known = await ports.authenticate(headers, null);
      return known.kind === 'known' && known.scopes.includes('read');
    };
    return {
      status: 200,
      stream: (request, response) => ports.streams.answer(request, response, actor.subject, mayListen),
    };
  },
});

const newApiKeySchema = z.object({ ...apiKeySchema.shape, key: z.string() }).meta({ id: 'NewApiKey' });

/** A day to change the senders of a key. */
const OVERLAP_SECONDS = 86_400;
const LONGEST_OVERLAP_SECONDS = 90 * 86_400;

const keyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/keys',
    scope: 'admin',
    summary: 'API keys, without their secrets',
    responses: { 200: z.object({ keys: z.array(apiKeySchema) }) },
    handler: async ({ ports }) => ({
      status: 200,
      body: { keys: (await ports.application.apiKeys.list()).map(apiKeyView) },
    }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/keys',
    scope: 'admin',
    summary: 'Make an API key; its text is shown only in this answer',
    body: z.strictObject({
      name: label(1, 100),
      scopes: z.array(z.enum(API_SCOPES)).min(1),
      expires_in_seconds: z.int().min(KEY_LIFE_SECONDS.shortest).max(KEY_LIFE_SECONDS.longest).optional(),
    }),
    responses: { 201: newApiKeySchema },
    async handler({ ports, body: { name, scopes, expires_in_seconds: seconds }, actor }) {
      const expiresAtMs = seconds === undefined ? null : ports.clock.now() + seconds * 1_000;
      const { key, text: secret } = await ports.application.apiKeys.create(name, scopes, expiresAtMs, actor);
      return { status: 201, body: { ...apiKeyView(key), key: secret } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/keys/:id/rotations',
    scope: 'admin',
    summary: 'Make a key with the same name, scopes and lifetime; the old one ends after the overlap',
    params: z.strictObject({ id: apiKeyIdSchema }),
    body: z.strictObject({ overlap_seconds: z.int().min(0).max(LONGEST_OVERLAP_SECONDS).default(OVERLAP_SECONDS) }),
    responses: { 201: newApiKeySchema },
    async handler({ ports: { application, streams }, params: { id }, body, actor }) {
      const { key, text: secret } = await application.apiKeys.rotate(id, body.overlap_seconds * 1_000, actor);
      if (body.overlap_seconds === 0) streams.endOf(`key:${id}`);
      return { status: 201, body: { ...apiKeyView(key), key: secret } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/keys/:id',
    scope: 'admin',
    summary: 'Revoke an API key; its open event streams end',
    params: z.strictObject({ id: apiKeyIdSchema }),
    responses: { 200: z.object({ revoked: z.boolean() }) },
    async handler({ ports: { application, streams }, params: { id }, actor }) {
      await application.apiKeys.revoke(id, actor);
      streams.endOf(`key:${id}`);
      return { status: 200, body: { revoked: true } };
    },
  }),
];

export const serviceRoutes: readonly Route[] = [...lifecycleRoutes, eventRoute, ...keyRoutes];
