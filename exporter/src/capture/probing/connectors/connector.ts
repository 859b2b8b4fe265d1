import type { Json } from '../../../domain/json.js';
import type { ConnectorId, Endpoint } from '../../../domain/model.js';
import type { ModelAnswer } from '../../../domain/observation.js';
import type { HttpAnswer, HttpClient } from '../../../domain/ports.js';
import { failureAnswer, modelAnswer } from '../answers/read-answer.js';

/** What a connector may use. */
export interface ConnectorContext {
  readonly http: HttpClient;
  readonly timeoutMs: number;
  /** Value of the Authorization header for a named secret, null when there is none. */
  readonly authorizationOf: (secretName: string) => string | null;
}

/** A way of asking that the endpoint's own description suggests, with payloads that fit it. */
export interface Candidate {
  readonly endpoint: Endpoint;
  readonly payloads: readonly Json[];
  /** For people, e.g. "OpenAPI document". */
  readonly what: string;
}

/** One protocol. One file each, registered in `index.ts`. */
export interface Connector {
  readonly id: ConnectorId;
  /** Reads the server's description and says how it may be asked; empty when it is not of this kind. */
  describe(context: ConnectorContext, url: URL, authorizationSecret: string | null): Promise<readonly Candidate[]>;
  ask(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer>;
}

const LARGEST_ANSWER_BYTES = 1_048_576;

export function headersFor(context: ConnectorContext, secretName: string | null): Record<string, string> {
  const authorization = secretName === null ? null : context.authorizationOf(secretName);
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(authorization === null ? {} : { authorization }),
  };
}

/** POSTs JSON; a failure of the transport becomes a model answer. */
export async function post(
  context: ConnectorContext,
  endpoint: Endpoint,
  url: string,
  body: Json,
): Promise<HttpAnswer | ModelAnswer> {
  const answer = await context.http.call({
    method: 'POST',
    url,
    headers: headersFor(context, endpoint.authorizationSecret),
    body: JSON.stringify(body),
    timeoutMs: context.timeoutMs,
    maxResponseBytes: LARGEST_ANSWER_BYTES,
  });
  if (answer.kind === 'answer') return answer;
  return failureAnswer(answer.failure.reason, answer.failure.detail, answer.latencySeconds);
}

/** Asks by one POST of the payload and reads the answer as it is: what most protocols need. */
export async function askByPost(context: ConnectorContext, endpoint: Endpoint, payload: Json): Promise<ModelAnswer> {
  const answer = await post(context, endpoint, endpoint.url, payload);
  return isHttpAnswer(answer) ? modelAnswer(answer) : answer;
}

export const isHttpAnswer = (answer: HttpAnswer | ModelAnswer): answer is HttpAnswer => 'status' in answer;

/** GETs JSON from the server; null for anything but a 2xx JSON object or list. */
export async function getJson(context: ConnectorContext, url: string, secretName: string | null): Promise<Json | null> {
  const answer = await context.http.call({
    method: 'GET',
    url,
    headers: headersFor(context, secretName),
    body: null,
    timeoutMs: context.timeoutMs,
    maxResponseBytes: LARGEST_ANSWER_BYTES,
  });
  if (answer.kind === 'failure' || answer.status < 200 || answer.status >= 300) return null;
  try {
    return JSON.parse(answer.body) as Json;
  } catch {
    return null;
  }
}

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
