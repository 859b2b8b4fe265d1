import { Invalid } from '../domain/errors.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Application } from '../application/index.js';
import type { DecisionRecord } from '../domain/decision-record.js';
import type { IngestBatch } from '../domain/ingest.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import type { ReceivedAlert } from '../domain/alert.js';
import type { AuditEntry } from '../domain/audit.js';
import { modelId, type ModelId } from '../domain/identifiers.js';
import type { Clock, Logger, Scope } from '../domain/ports.js';
import type { OpenStreams } from './open-streams.js';
import type { Authentication } from './identity/authenticate.js';
import type { ExpositionFormat } from '../metrics/exposition.js';
import type { Actor } from '../domain/actor.js';

/** What routes need besides the application. Stages come in as functions, so that http imports none of them. */
export interface HttpPorts {
  readonly application: Application;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly parseBatch: (
    text: string,
    isNdjson: boolean,
    nowMs: number,
  ) => Pick<IngestBatch, 'observations' | 'labels' | 'errors'>;
  readonly decisionsCsv: (records: readonly DecisionRecord[]) => string;
  readonly auditExportLine: (entry: AuditEntry) => string;
  readonly processMetrics: { render(format: ExpositionFormat): Promise<string> };
  readonly fleetMetrics: (format: ExpositionFormat) => Promise<string>;
  /** How a probe module asks, null for an unknown one. */
  readonly probeModule: (name: string) => ProbeRequest | null;
  readonly receiveAlerts: {
    readonly parse: (
      body: string,
      nowMs: number,
    ) =>
      | { readonly kind: 'parsed'; readonly alerts: readonly ReceivedAlert[] }
      | { readonly kind: 'refused'; readonly field: string; readonly message: string };
    /** `valid` also where no secret is configured. */
    readonly verifyGrafana: (
      body: string,
      signature: string | undefined,
      timestamp: string | undefined,
      nowMs: number,
    ) => 'valid' | 'absent' | 'wrong' | 'stale';
  };
  /** Who is calling, from the request's headers. */
  readonly authenticate: (headers: IncomingMessage['headers']) => Promise<Authentication>;
  /** Why no request is taken now: the service is still restoring, or stopping. Null while it runs. */
  readonly closedBecause: () => string | null;
  /** Why the service is not ready, asked now; null when it is restored and the store takes writes. */
  readonly notReadyBecause: () => Promise<string | null>;
  readonly streams: OpenStreams;
  /** Reads the configuration again. A wrong one changes nothing, and its problems are told. */
  readonly reload: () =>
    | { readonly kind: 'applied'; readonly changed: readonly string[]; readonly needRestart: readonly string[] }
    | { readonly kind: 'refused'; readonly problems: readonly string[] };
  readonly limits: { readonly maximumBodyBytes: number };
}

/** One request, already authenticated and within its limits. */
export interface RequestContext {
  readonly ports: HttpPorts;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly actor: Actor;
  /** The body as text, decompressed, at most `maximumBodyBytes`. */
  readonly text: () => Promise<string>;
  /** For answers that stream; the handler then returns `streamed`. */
  readonly raw: { readonly request: IncomingMessage; readonly response: ServerResponse };
}

export type Reply =
  | { readonly kind: 'json'; readonly status?: number; readonly body: unknown }
  | {
      readonly kind: 'text';
      readonly status?: number;
      readonly type: string;
      readonly body: string | Buffer;
      readonly encoding?: 'gzip';
      readonly fileName?: string;
    }
  | { readonly kind: 'streamed' };

export const json = (body: unknown, status = 200): Reply => ({ kind: 'json', status, body });
export const text = (body: string, type: string, fileName?: string): Reply =>
  fileName === undefined ? { kind: 'text', type, body } : { kind: 'text', type, body, fileName };

/** One line of the route table: the router, the scopes, the OpenAPI document and the authorisation tests are made of it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Koa's syntax, e.g. `/api/v1/models/:id`. */
  readonly path: string;
  /** Null = open to everybody. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly handle: (context: RequestContext) => Promise<Reply> | Reply;
}

/** Reads and checks a JSON body. @throws Invalid naming the first wrong field */
export async function bodyOf<T>(context: RequestContext, schema: z.ZodType<T>): Promise<T> {
  const raw = await context.text();
  let value: unknown;
  try {
    value = raw.trim() === '' ? {} : JSON.parse(raw);
  } catch {
    throw new Invalid('the body is not JSON');
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new Invalid(
    `${field === '' ? 'the body' : field}: ${issue?.message ?? 'is not as described in /api/v1/openapi.json'}`,
    field,
  );
}

/** The model id in the path. @throws Invalid */
export function modelParam(context: RequestContext, name = 'id'): ModelId {
  try {
    return modelId(context.params[name] ?? '');
  } catch (error) {
    throw new Invalid(error instanceof Error ? error.message : 'not a model id', name);
  }
}

/** A whole number from the query within bounds. @throws Invalid */
export function numberQuery(
  context: RequestContext,
  name: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  const given = context.query.get(name);
  if (given === null) return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Invalid(`${name} must be a whole number from ${least} to ${most}`, name);
  return value;
}
