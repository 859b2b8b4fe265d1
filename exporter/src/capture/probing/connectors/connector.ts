import type { Asking, AskedValue } from '../../../domain/asking.js';
import { type Json, parseJson } from '../../../domain/json.js';
import type { ConnectorId, Endpoint } from '../../../domain/model.js';
import type { ModelAnswer } from '../../../domain/observation.js';
import type { Clock, HttpAnswer, HttpClient, HttpFailure } from '../../../domain/ports.js';
import { hidingSecrets, isSecret, secretsInAddress } from '../hidden-secrets.js';
import { failureAnswer, modelAnswer } from '../answers/read-answer.js';
import { requestBodyOf } from '../payloads/request-body.js';
import { awaitAnswer, receiptIn, type Receipt } from '../answers/receipt.js';
import type { CalledAnswer } from '../answers/sign-in.js';

/** What a connector may use. */
export interface ConnectorContext {
  readonly http: HttpClient;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly timeoutMs: number;
  /** Value of the Authorization header for a named secret, null when there is none. */
  readonly authorizationOf: (secretName: string) => string | null;
  /** What else the server wants to be given; absent for nothing. */
  readonly asking?: Asking;
  /** Addresses that are another by a slash at their end, as servers said; filled and used by every call. */
  readonly moved?: Map<string, string>;
}

/** A way of asking that the endpoint's own description suggests, with payloads that fit it. */
export interface Candidate {
  readonly endpoint: Endpoint;
  readonly payloads: readonly Json[];
  /** For people, e.g. "OpenAPI document". */
  readonly what: string;
  /** The server does not say what it takes: the payloads are what models of its kind often take. */
  readonly isGuess?: boolean;
  /** The payloads are made of fields that the server named when it refused others. */
  readonly isOfNames?: boolean;
  /** A person gave the payloads. */
  readonly isGiven?: boolean;
}

/** One protocol. One file each, registered in `index.ts`. */
export interface Connector {
  readonly id: ConnectorId;
  /** Reads the server's description and says how it may be asked; empty when it is not of this kind. */
  describe(context: ConnectorContext, url: URL, authorizationSecret: string | null): Promise<readonly Candidate[]>;
  ask(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer>;
}

/** Of a document that describes a model, and what else is read by GET. */
const LARGEST_DOCUMENT_BYTES = 1_048_576;

const valueOf = (context: ConnectorContext, asked: AskedValue): string | null =>
  'value' in asked ? asked.value : context.authorizationOf(asked.secret);

const namedValues = (
  context: ConnectorContext,
  asked: Readonly<Record<string, AskedValue>> = {},
): readonly (readonly [string, string])[] =>
  Object.entries(asked).flatMap(([name, one]) => {
    const value = valueOf(context, one);
    return value === null ? [] : [[name, value] as const];
  });

/** Headers of every call to a model: JSON both ways unless a file is sent, its credentials, and what else it wants. */
function headersFor(
  context: ConnectorContext,
  secretName: string | null,
  contentType = 'application/json',
  accept = 'application/json',
): Record<string, string> {
  const authorization = secretName === null ? null : context.authorizationOf(secretName);
  return {
    'content-type': contentType,
    accept,
    ...(authorization === null ? {} : { authorization }),
    ...Object.fromEntries(
      namedValues(context, context.asking?.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
}

/** The address with the parameters every call needs. */
function addressFor(
  context: ConnectorContext,
  url: string,
  query: readonly (readonly [string, string])[] = [],
): string {
  const parameters = [...query, ...namedValues(context, context.asking?.query)];
  if (parameters.length === 0 || !URL.canParse(url)) return url;
  const address = new URL(url);
  for (const [name, value] of parameters) address.searchParams.set(name, value);
  return address.href;
}

/** A response that repeats a credential (`invalid key sk-…`), in its body or its headers, does not carry it any further. */
function withoutSecrets<T extends HttpAnswer | HttpFailure>(
  context: ConnectorContext,
  url: string,
  secretName: string | null,
  answer: T,
): T {
  if (answer.kind === 'failure') return answer;
  const asked = [...Object.entries(context.asking?.headers ?? {}), ...Object.entries(context.asking?.query ?? {})];
  const secrets = [
    ...(secretName === null ? [] : [context.authorizationOf(secretName)]),
    ...asked.map(([name, one]) => ('secret' in one || isSecret(name, one.value) ? valueOf(context, one) : null)),
    ...secretsInAddress(url),
  ].filter((secret) => secret !== null);
  if (secrets.length === 0) return answer;
  const hide = hidingSecrets(secrets);
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, hide(value)]));
  return { ...answer, headers, body: hide(answer.body) };
}

/**
 * POSTs a payload; a failure of the transport becomes a model answer. A server that only wants another slash at the end of the address,
 * or none, is asked once more there.
 */
export async function post(
  context: ConnectorContext,
  endpoint: Endpoint,
  url: string,
  body: Json,
): Promise<CalledAnswer | ModelAnswer> {
  const answer = await postOnce(context, endpoint, context.moved?.get(url) ?? url, body);
  const there = isHttpAnswer(answer) ? otherSlash(url, answer) : null;
  if (there === null) return answer;
  context.moved?.set(url, there);
  return postOnce(context, endpoint, there, body);
}

/** The address with a slash at its end, or without, if that is where a redirect that keeps the body points; the answer may repeat a key. */
function otherSlash(url: string, { status, headers }: HttpAnswer): string | null {
  if ((status !== 307 && status !== 308) || headers.location === undefined) return null;
  const here = new URL(url);
  if (!URL.canParse(headers.location, url) || here.pathname === '/') return null;
  const { origin, pathname } = new URL(headers.location, here);
  const other = here.pathname.endsWith('/') ? here.pathname.slice(0, -1) : `${here.pathname}/`;
  if (origin !== here.origin || pathname !== other) return null;
  here.pathname = other;
  return here.href;
}

async function postOnce(
  context: ConnectorContext,
  endpoint: Endpoint,
  url: string,
  body: Json,
): Promise<CalledAnswer | ModelAnswer> {
  const { contentType, accept, query, ...sent } = requestBodyOf(endpoint, body);
  const answer = await context.http.call({
    method: context.asking?.method ?? 'POST',
    url: addressFor(context, url, query),
    headers: headersFor(context, endpoint.authorizationSecret, contentType, accept),
    ...sent,
    timeoutMs: context.timeoutMs,
    maxResponseBytes: null,
    retriesIdleClose: true,
    notesArrivals: true,
    ...(context.asking?.tls === undefined ? {} : { tls: context.asking.tls }),
  });
  if (answer.kind === 'answer')
    return { ...withoutSecrets(context, url, endpoint.authorizationSecret, answer), calledUrl: url };
  const { reason, detail, retryAfterMs } = answer.failure;
  return failureAnswer(reason, detail, answer.latencySeconds, null, retryAfterMs);
}

/** Asks by one POST of the payload and reads the answer as it is, or as it comes later: what most protocols need. */
export async function askByPost(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer> {
  const answer = await post(context, endpoint, endpoint.url, payload);
  if (!isHttpAnswer(answer)) return answer;
  const receipt = receiptIn(answer, endpoint.url);
  if (receipt !== null) return askLater(context, endpoint, payload, answer, receipt);
  return modelAnswer(answer, undefined, context.asking?.pointers, payload);
}

/** The answer of a server that gave a receipt for it. */
async function askLater(
  context: ConnectorContext,
  endpoint: Endpoint,
  payload: Json,
  submitted: HttpAnswer,
  receipt: Receipt,
): Promise<ModelAnswer> {
  const { timeoutMs } = context;
  const fetch = async (url: string, withinMs: number): Promise<HttpAnswer | null> => {
    const answer = await get({ ...context, timeoutMs: withinMs }, url, endpoint.authorizationSecret);
    return answer.kind === 'answer' ? answer : null;
  };
  const awaited = await awaitAnswer(receipt, submitted, timeoutMs, fetch, (ms) => context.clock.sleep(ms));
  if (awaited.kind === 'answered') return modelAnswer(awaited.answer, undefined, context.asking?.pointers, payload);
  if (awaited.kind === 'late')
    return failureAnswer(
      'timeout',
      `the server took the call and gave no answer at ${new URL(receipt.statusUrl).pathname} within ${timeoutMs / 1_000} s`,
      awaited.latencySeconds,
    );
  const detail = `the server gave a receipt and no answer, and there is none at ${new URL(receipt.statusUrl).pathname}`;
  return failureAnswer('schema', detail, submitted.latencySeconds, submitted.status);
}

export const isHttpAnswer = (answer: HttpAnswer | ModelAnswer): answer is HttpAnswer => 'status' in answer;

/** GETs what else there is at the server, with what every call to it needs. */
export async function get(
  context: ConnectorContext,
  url: string,
  secretName: string | null,
  accept?: string,
): Promise<HttpAnswer | HttpFailure> {
  const answer = await context.http.call({
    method: 'GET',
    url: addressFor(context, url),
    headers: headersFor(context, secretName, undefined, accept),
    body: null,
    timeoutMs: context.timeoutMs,
    maxResponseBytes: LARGEST_DOCUMENT_BYTES,
    retriesIdleClose: true,
    ...(context.asking?.tls === undefined ? {} : { tls: context.asking.tls }),
  });
  return withoutSecrets(context, url, secretName, answer);
}

/** GETs JSON from the server; null for anything but a 2xx JSON object or list. */
export async function getJson(context: ConnectorContext, url: string, secretName: string | null): Promise<Json | null> {
  const answer = await get(context, url, secretName);
  if (answer.kind === 'failure' || answer.status < 200 || answer.status >= 300) return null;
  try {
    return parseJson(answer.body);
  } catch {
    return null;
  }
}

/**
 * The address of a path that a server's description names. What does not begin with exactly one slash would lead to another
 * host (`//evil`, `.evil.test`, `@evil.test`) and stays as it is: `discover` asks no other server.
 */
export const addressBelow = (base: string, path: string): string =>
  path === '' || /^\/(?![/\\])/.test(path) ? `${base}${path}` : path;

export const rootOf = (url: URL): string => url.origin;
export const isRoot = (url: URL): boolean => url.pathname === '/' || url.pathname === '';

/** Places at which a server below the address may describe itself: the address without its end, then upwards to the root. */
export function basesAbove(url: URL): string[] {
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const bases = Array.from({ length: parts.length + 1 }, (_, dropped) =>
    [url.origin, ...parts.slice(0, parts.length - dropped)].join('/'),
  );
  return bases.length <= MOST_BASES ? bases : [...bases.slice(0, MOST_BASES - 1), url.origin];
}
const MOST_BASES = 5;
