import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { basename } from 'node:path';
import Router from '@koa/router';
import Koa from 'koa';
import type { Actor } from '../domain/actor.js';
import { StoreDocumentDamaged } from '../domain/codec.js';
import {
  Forbidden,
  Invalid,
  isAppError,
  NotFound,
  TooManyRequests,
  Unavailable,
  type AppErrorKind,
} from '../domain/errors.js';
import type { Scope } from '../domain/api-key.js';
import type { QueuePlace } from '../domain/intake-queue.js';
import { HttpError } from './http-error.js';
import type { Authentication } from './identity/authenticate.js';
import { landingPage } from './landing-page.js';
import { openApiDocument } from './openapi.js';
import { readBytes, readJson, readParameters } from './request.js';
import {
  route,
  textResponse,
  type AnyReply,
  type BytesBody,
  type HttpPorts,
  type ResponseDefinitions,
  type Route,
  type TextBody,
} from './route.js';
import { ROUTES } from './routes/index.js';
import { z } from 'zod';

const STATUS: Readonly<Record<AppErrorKind, number>> = {
  invalid: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-many-requests': 429,
  unavailable: 503,
};
/** Paths that another layer may read differently than this one are refused before anything looks at them. */
const SUSPICIOUS_PATH = /\.\.|\/\/|%2f|%5c|%2e|\\/i;
/** What RFC 9112 §3.2 lets stand in the header Host: a name or an address, and perhaps a port. */
const HOST = /^(?:[\w.~%!$&'()*+,;=-]*|\[[\w.:%~-]+\])(?::\d*)?$/;
/** What is answered while the service restores its models or stops; a 404 then would make senders drop what they have. */
const OPEN_PATHS = new Set(['/-/healthy', '/-/ready', '/metrics']);
const NOBODY: Actor = { kind: 'api-key', subject: 'nobody', name: 'nobody' };

export interface AppPorts extends HttpPorts {
  /** A request was refused for who asked; the reason is one of a closed list. */
  readonly onRefusedCredential: (reason: string) => void;
  readonly onRequest: (route: string, method: string, status: number, seconds: number) => void;
}

type RoutedContext = Koa.Context & { params: Record<string, string> };

/** The two routes that are made of the table of routes. */
function madeOfTheTable(routes: readonly Route[], version: string): readonly Route[] {
  const document = { ...openApiDocument(routes, version) };
  return [
    route({
      method: 'GET',
      path: '/',
      scope: null,
      summary: 'What is here',
      responses: { 200: textResponse('text/html; charset=utf-8', 'a page for people') },
      handler: () => ({ status: 200, text: landingPage(version, routes) }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/openapi.json',
      scope: 'read',
      summary: 'This API',
      responses: { 200: z.looseObject({}) },
      handler: () => ({ status: 200, body: document }),
    }),
  ];
}

/** The Koa application: path check, authentication, request checked, handler, reply rendered, error as JSON. */
export function createHttpApp(ports: AppPorts): Koa {
  const app = new Koa();
  app.silent = true;
  const router = new Router();
  for (const one of [...ROUTES, ...madeOfTheTable(ROUTES, ports.version)])
    router.register(one.path, [one.method], (context: RoutedContext) => serve(ports, one, context));

  app.use(async (context, next) => {
    const startedAt = performance.now();
    context.set('x-content-type-options', 'nosniff');
    context.set('cache-control', 'no-store');
    try {
      refuseAmbiguous(context.req);
      const closed = OPEN_PATHS.has(context.path) ? null : ports.closedBecause();
      if (closed !== null) throw new Unavailable(closed, 1);
      await next();
      if (context.body == null && context.respond !== false) refuseUnmatched(context);
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
  app.use(router.allowedMethods());
  return app;
}

/** @throws Invalid for what another layer may read differently */
function refuseAmbiguous({ url = '', headers: { host = '' } }: IncomingMessage): void {
  if (SUSPICIOUS_PATH.test(url.split('?')[0] ?? ''))
    throw new Invalid('The path contains a forbidden sequence (.., //, or an encoded separator)', 'path');
  if (!HOST.test(host)) throw new Invalid('the header Host holds no host name or address', 'host');
}

/** What no route took: another method of a known path, or nothing there at all. @throws HttpError, NotFound */
function refuseUnmatched(context: Koa.Context): void {
  const asked = `${context.method} ${context.path.slice(0, 100)}`;
  if (context.status === 405 || context.status === 501)
    throw new HttpError(405, 'method-not-allowed', `${asked} is not served; the header Allow says what is`);
  if (context.status === 404) throw new NotFound(`there is nothing at ${asked}; / lists what there is`);
}

async function serve(ports: AppPorts, definition: Route, context: RoutedContext): Promise<void> {
  const actor = await authorised(ports, definition.scope, context);
  if (actor === null) return;
  const place = takesRows(definition) ? ports.intake.queue.enter(whomOf(definition, context.params.id)) : null;
  try {
    await answer(ports, definition, context, actor, place);
  } finally {
    place?.leave();
  }
}

/** Whatever a sender's key may bring has its place in the queue of intake, which bounds the memory of bodies under way. */
const takesRows = ({ isIntake, scope, body }: Route): boolean =>
  isIntake === true || (scope === 'ingest' && body !== undefined);

const whomOf = ({ path }: Route, model: string | undefined): string =>
  model === undefined ? path : `model "${model}"`;

async function answer(
  ports: AppPorts,
  definition: Route,
  context: RoutedContext,
  actor: Actor,
  place: QueuePlace | null,
): Promise<void> {
  const { params, query } = definition;
  const checked = {
    params: readParameters(params, new URLSearchParams(context.params)),
    query: readParameters(query, new URLSearchParams(context.querystring)),
    body: await readBodyOf(definition, context, ports.limits.maximumBodyBytes, place),
  };
  const reply = await definition.handler({
    ...checked,
    ports,
    headers: context.headers,
    address: addressOf(context),
    actor,
  });
  await render(context, definition.responses, reply);
}

/** @throws what reading a body throws; for senders that repeat on 503 alone, Unavailable where the queue is full */
async function readBodyOf(
  { body, repeatsOn503Only }: Route,
  context: RoutedContext,
  limitBytes: number,
  place: QueuePlace | null,
): Promise<unknown> {
  if (body === undefined) return undefined;
  try {
    return 'content' in body
      ? bodyOf(body, await readBytes(context.req, body, limitBytes, place))
      : await readJson(context.req, body, limitBytes, place);
  } catch (error) {
    if (!(error instanceof TooManyRequests) || repeatsOn503Only !== true) throw error;
    context.set('connection', 'close');
    throw new Unavailable(error.message, error.retryAfterSeconds);
  }
}

const bodyOf = ({ kind }: TextBody | BytesBody, bytes: Buffer): string | Buffer =>
  kind === 'text' ? bytes.toString('utf8') : bytes;

/** The peer's address; headers that name another could be anybody's. */
const addressOf = (context: Koa.Context): string => context.req.socket.remoteAddress ?? '';

/**
 * 401 only for a caller without any credential, and never where people decide: Grafana would send the request a second time.
 * A wrong or insufficient credential is 403, which Grafana passes on as it is.
 */
async function authorised(ports: AppPorts, scope: Scope | null, context: Koa.Context): Promise<Actor | null> {
  if (scope === null) return NOBODY;
  const known = await ports.authenticate(context.headers, addressOf(context));
  if (known.kind === 'known' && known.scopes.includes(scope)) return known.actor;
  if (known.kind === 'absent' && scope !== 'approve') {
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
  const { code, message } = refusalOf(known, scope);
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

async function render(context: Koa.Context, responses: ResponseDefinitions, reply: AnyReply): Promise<void> {
  context.status = reply.status;
  if (reply.stream !== undefined) {
    await reply.stream(context.req, context.res);
    context.respond = false;
    return;
  }
  if ('body' in reply) {
    context.body = JSON.stringify(reply.body);
    context.type = 'application/json';
    return;
  }
  const declared = responses[reply.status];
  const type = reply.type ?? (declared !== undefined && 'types' in declared ? declared.types[0] : 'text/plain');
  context.set('content-type', type);
  if (reply.encoding !== undefined) {
    context.set('content-encoding', reply.encoding);
    context.vary('accept-encoding');
  }
  if (reply.fileName !== undefined)
    context.set('content-disposition', `inline; filename="${reply.fileName.replace(/[^A-Za-z0-9._-]/g, '_')}"`);
  context.body = reply.text ?? '';
}

/** What is stored is not there to be read until somebody has restored it: asking again soon is of no use. */
const DAMAGED_RETRY_SECONDS = 300;

/** What is told of a row that cannot be read: the store without its folder, which the log names. */
function rowDamaged(damaged: StoreDocumentDamaged): Unavailable {
  const { store } = damaged;
  const { message } = store === null ? damaged : damaged.inStore(basename(store));
  return new Unavailable(`what is stored of it cannot be read: ${message}`, DAMAGED_RETRY_SECONDS);
}

function answerError(ports: HttpPorts, context: Koa.Context, thrown: unknown): void {
  context.type = 'application/json';
  if (thrown instanceof StoreDocumentDamaged) ports.logger.warn({ ...thrown.place }, thrown.message);
  const error = thrown instanceof StoreDocumentDamaged ? rowDamaged(thrown) : thrown;
  if (isAppError(error)) {
    context.status = STATUS[error.kind];
    if (error.kind === 'unavailable' || error.kind === 'too-many-requests')
      context.set('retry-after', String(error.retryAfterSeconds));
    // What is left of the body is not read.
    if (error.kind === 'too-many-requests') context.set('connection', 'close');
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
      message: `Internal error. Reference ${reference} (see the log of mlfi).`,
      field: null,
      details: null,
    },
  };
}
