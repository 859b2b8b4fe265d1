import { Forbidden, Invalid, isAppError, NotFound, Unavailable, type AppErrorKind } from '../domain/errors.js';
import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import Koa from 'koa';
import type { Scope } from '../domain/ports.js';
import { readBody } from './body.js';
import { HttpError } from './http-error.js';
import type { Authentication } from './identity/authenticate.js';
import { landingPage } from './landing-page.js';
import { openApiDocument } from './openapi.js';
import type { HttpPorts, Reply, Route } from './route.js';
import { ROUTES } from './routes/index.js';
import type { Actor } from '../domain/actor.js';

const STATUS: Readonly<Record<AppErrorKind, number>> = {
  invalid: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unavailable: 503,
};
/** Paths that another layer may read differently than this one are refused before anything looks at them. */
const SUSPICIOUS_PATH = /\.\.|\/\/|%2f|%5c|%2e|\\/i;
/** What is answered while the service restores its models or stops; a 404 then would make senders drop what they have. */
const OPEN_PATHS = new Set(['/-/healthy', '/-/ready', '/metrics']);
const NOBODY: Actor = { kind: 'api-key', subject: 'nobody', name: 'nobody' };

export interface AppPorts extends HttpPorts {
  /** A request was refused for who asked; the reason is one of a closed list. */
  readonly onRefusedCredential: (reason: string) => void;
  readonly onRequest: (route: string, method: string, status: number, seconds: number) => void;
}

/** The Koa application: path check, authentication, route, error as JSON. Thin: routes parse, ask the application, render. */
export function createHttpApp(ports: AppPorts): Koa {
  const app = new Koa();
  app.silent = true;
  const table: readonly Route[] = [
    ...ROUTES,
    {
      method: 'GET',
      path: '/',
      scope: null,
      summary: 'What is here',
      handle: () => ({ kind: 'text', type: 'text/html; charset=utf-8', body: landingPage(ports.version, ROUTES) }),
    },
    {
      method: 'GET',
      path: '/api/v1/openapi.json',
      scope: 'read',
      summary: 'This API',
      handle: () => ({ kind: 'json', body: openApiDocument(ROUTES, ports.version) }),
    },
  ];
  const router = new Router();
  for (const route of table)
    router.register(route.path, [route.method], (context: Koa.Context & { params: Record<string, string> }) =>
      serve(ports, route, context),
    );

  app.use(async (context, next) => {
    const startedAt = performance.now();
    context.set('x-content-type-options', 'nosniff');
    context.set('cache-control', 'no-store');
    try {
      if (SUSPICIOUS_PATH.test((context.req.url ?? '').split('?')[0] ?? ''))
        throw new Invalid('the path holds a sequence that is not allowed (.., //, or an encoded separator)', 'path');
      const closed = OPEN_PATHS.has(context.path) ? null : ports.closedBecause();
      if (closed !== null) throw new Unavailable(closed, 1);
      await next();
      if (context.status === 404 && context.body == null && context.respond !== false) {
        throw new NotFound(
          `there is nothing at ${context.method} ${context.path.slice(0, 100)}; / lists what there is`,
        );
      }
    } catch (error) {
      answerError(ports, context, error);
    } finally {
      const matched = (context as Koa.Context & { _matchedRoute?: string })._matchedRoute;
      ports.onRequest(
        typeof matched === 'string' ? matched : 'unmatched',
        context.method,
        context.status,
        (performance.now() - startedAt) / 1_000,
      );
    }
  });
  app.use(router.routes());
  return app;
}

async function serve(
  ports: AppPorts,
  route: Route,
  context: Koa.Context & { params: Record<string, string> },
): Promise<void> {
  const actor = await authorised(ports, route, context);
  if (actor === null) return;
  const reply = await route.handle({
    ports,
    params: context.params,
    query: new URLSearchParams(context.querystring),
    headers: context.headers,
    actor,
    text: () => readBody(context.req, ports.limits.maximumBodyBytes),
    raw: { request: context.req, response: context.res },
  });
  render(context, reply);
}

/**
 * 401 only for a caller without any credential, and never where people decide: Grafana would send the request a second time.
 * A wrong or insufficient credential is 403, which Grafana passes on as it is.
 */
async function authorised(ports: AppPorts, route: Route, context: Koa.Context): Promise<Actor | null> {
  if (route.scope === null) return NOBODY;
  const known = await ports.authenticate(context.headers);
  if (known.kind === 'known' && known.scopes.includes(route.scope)) return known.actor;
  if (known.kind === 'absent' && route.scope !== 'approve') {
    context.set('www-authenticate', 'Bearer');
    ports.onRefusedCredential('no-credential');
    context.status = 401;
    context.body = {
      error: {
        code: 'unauthenticated',
        message: 'send "Authorization: Bearer mlfi_…"; the first key is printed at the first start',
        field: 'authorization',
        details: null,
      },
    };
    return null;
  }
  const { code, message } = refusalOf(known, route.scope);
  ports.onRefusedCredential(code);
  throw new Forbidden(message, 'authorization', { problem: code });
}

function refusalOf(known: Authentication, scope: Scope): { readonly code: string; readonly message: string } {
  if (known.kind === 'absent')
    return { code: 'no-credential', message: 'people decide in Grafana, or with a token of identity.local_people' };
  if (known.kind === 'refused') return known.problem;
  if (known.problem !== null) return known.problem;
  if (scope === 'approve' && known.actor.kind === 'api-key')
    return { code: 'not-a-person', message: 'only people decide: an API key may propose, but it never votes' };
  return { code: 'scope', message: `this credential lacks the scope "${scope}"` };
}

function render(context: Koa.Context, reply: Reply): void {
  if (reply.kind === 'streamed') {
    context.respond = false;
    return;
  }
  context.status = reply.status ?? 200;
  if (reply.kind === 'json') {
    context.body = JSON.stringify(reply.body);
    context.type = 'application/json';
    return;
  }
  context.set('content-type', reply.type);
  if (reply.encoding !== undefined) {
    context.set('content-encoding', reply.encoding);
    context.vary('accept-encoding');
  }
  if (reply.fileName !== undefined)
    context.set('content-disposition', `inline; filename="${reply.fileName.replace(/[^A-Za-z0-9._-]/g, '_')}"`);
  context.body = reply.body;
}

function answerError(ports: HttpPorts, context: Koa.Context, error: unknown): void {
  context.type = 'application/json';
  if (isAppError(error)) {
    context.status = STATUS[error.kind];
    if (error.kind === 'unavailable') context.set('retry-after', String(error.retryAfterSeconds));
    context.body = { error: { code: error.kind, message: error.message, field: error.field, details: error.details } };
    return;
  }
  if (error instanceof HttpError) {
    context.status = error.status;
    if (error.status === 413) context.set('connection', 'close');
    context.body = { error: { code: error.code, message: error.message, field: error.field, details: null } };
    return;
  }
  const reference = randomUUID();
  ports.logger.error(
    { reference, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    'a request failed',
  );
  context.status = 500;
  context.body = {
    error: {
      code: 'internal',
      message: `something went wrong here; the log has it under ${reference}`,
      field: null,
      details: null,
    },
  };
}
