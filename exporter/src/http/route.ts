import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Application } from '../application/index.js';
import type { Actor } from '../domain/actor.js';
import type { AlertIntake, AlertSender, ReceivedAlert } from '../domain/alert.js';
import type { AuditEntry } from '../domain/audit.js';
import type { FieldMapping } from '../domain/field-mapping.js';
import type { DecisionRecord } from '../domain/decision-record.js';
import type { QueuePlace } from '../domain/intake-queue.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestBatch, RowTaker } from '../domain/ingest.js';
import type { Scope } from '../domain/api-key.js';
import type { Clock, Logger } from '../domain/ports.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import type { ExpositionFormat } from '../metrics/exposition.js';
import type { EventStreams } from './event-streams.js';
import type { Authentication } from './identity/authenticate.js';
import type { TextInPieces } from './negotiation.js';

/** What became of the events of one request. */
export interface EventsTaken {
  readonly rows: number;
  readonly waiting: number;
  readonly repeated: number;
  readonly skipped: number;
  readonly refused: number;
  readonly errors: readonly { readonly event: number; readonly field: string; readonly message: string }[];
}

/** What takes in rows and alerts: the routes call it directly, and nothing lies between. */
export interface HttpIntake {
  /** The watched models, which count rows. */
  readonly models: Pick<RowTaker, 'ingest'>;
  readonly batches: {
    /** Reads a batch of logged predictions; `contentType` as in the header, empty when absent; `said` of its fields. */
    read(
      body: string,
      contentType: string,
      nowMs: number,
      model: string,
      said?: FieldMapping['fields'],
      expected?: 'observations' | 'labels',
    ): Omit<IngestBatch, 'batchId' | 'bodyDigest' | 'acknowledge'>;
    /** What the rows of a JSON body say under `model_id`, each once, as sent; null for rows that name no model. */
    namedModels(body: string): readonly unknown[];
  };
  readonly imports: {
    /** Reads uploaded rows of the past, which may be a Parquet file. @throws Invalid */
    read(
      body: Buffer,
      contentType: string,
      nowMs: number,
      model: string,
      said: FieldMapping['fields'],
    ): Promise<Omit<IngestBatch, 'batchId' | 'bodyDigest' | 'acknowledge'>>;
  };
  readonly queue: {
    /** Begins a request that brings rows for a model; how much may wait is bounded. */
    enter(model: string): QueuePlace;
  };
  readonly events: {
    /** Takes CloudEvents with logged calls; `ensureWatched` makes a model of a service's name. */
    receive(
      headers: IncomingMessage['headers'],
      body: Buffer,
      nowMs: number,
      acknowledge: 'commit' | 'memory',
      ensureWatched: (name: string) => Promise<ModelId>,
      sender: string,
    ): Promise<EventsTaken>;
  };
  readonly telemetry: {
    /** Takes what OpenTelemetry exports; `ensureWatched` makes a model of a service's name. */
    receive(
      of: 'traces' | 'logs',
      body: Buffer,
      contentType: string,
      nowMs: number,
      ensureWatched: (name: string) => Promise<ModelId>,
      sender: string,
    ): Promise<
      | { readonly kind: 'refused'; readonly message: string; readonly field: string }
      | { readonly kind: 'taken'; readonly rejected: number; readonly message: string }
    >;
  };
  readonly alerts: {
    parse(
      body: string,
    ):
      | { readonly kind: 'parsed'; readonly alerts: readonly ReceivedAlert[] }
      | { readonly kind: 'refused'; readonly field: string; readonly message: string };
    /** `valid` also where no secret is configured. */
    verifyGrafana(
      body: string,
      signature: string | undefined,
      timestamp: string | undefined,
    ): 'valid' | 'absent' | 'wrong' | 'stale';
    /** Resolves when they are stored. @throws Unavailable */
    receive(sender: AlertSender, alerts: readonly ReceivedAlert[]): Promise<AlertIntake>;
  };
}

/** What routes need besides the application. Stages come in as functions, so that http imports none of them. */
export interface HttpPorts {
  readonly application: Application;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly intake: HttpIntake;
  readonly decisionsCsv: (records: readonly DecisionRecord[]) => string;
  readonly auditExportLine: (entry: AuditEntry) => string;
  readonly processMetrics: { render(format: ExpositionFormat): Promise<string> };
  readonly fleetMetrics: (format: ExpositionFormat) => Promise<TextInPieces>;
  /** How a probe module asks, null for an unknown one. */
  readonly probeModule: (name: string) => ProbeRequest | null;
  /** Who is calling, from the request's headers and the address it came from; @throws TooManyRequests */
  readonly authenticate: (headers: IncomingMessage['headers'], address: string | null) => Promise<Authentication>;
  /** Why no request is taken now: the service is still restoring, or stopping. Null while it runs. */
  readonly closedBecause: () => string | null;
  /** Why the service is not ready, asked now; null when it is restored and the store takes writes. */
  readonly notReadyBecause: () => Promise<string | null>;
  /** Why no decision is taken though the service is ready; null while they are taken. */
  readonly decisionsRefusedBecause: () => string | null;
  /** Models that are left out because what is stored of them cannot be read. */
  readonly unrestoredModels: () => readonly string[];
  /** Open streams of `/api/v1/events`. */
  readonly streams: EventStreams;
  /** Reads the configuration again. A wrong one changes nothing, and its problems are told. */
  readonly reload: () =>
    | { readonly kind: 'applied'; readonly changed: readonly string[]; readonly needRestart: readonly string[] }
    | { readonly kind: 'refused'; readonly problems: readonly string[] };
  readonly limits: { readonly maximumBodyBytes: number };
}

/** A request body the handler reads itself, as text. */
export interface TextBody {
  readonly kind: 'text';
  /** Media types taken, each with the schema the document shows for it. */
  readonly content: Readonly<Record<string, z.ZodType>>;
  /** Bodies of any other type are read as well: senders' headers are often wrong. */
  readonly takesOthers?: true;
}
/** A request body the handler reads itself, as bytes. */
export interface BytesBody extends Omit<TextBody, 'kind'> {
  readonly kind: 'bytes';
}
export type BodyDefinition = z.ZodType | TextBody | BytesBody;

/** A response that is no JSON. */
export interface TextResponse {
  readonly kind: 'text';
  readonly types: readonly [string, ...string[]];
  readonly description: string;
}
/** A response that is written over time. */
export interface StreamResponse {
  readonly kind: 'stream';
  readonly type: string;
  readonly description: string;
  /** One event of it, and its name among the schemas of the document. */
  readonly item: z.ZodType;
  readonly name: string;
}
export type ResponseDefinition = z.ZodType | TextResponse | StreamResponse;
export type ResponseDefinitions = Readonly<Record<number, ResponseDefinition>>;

type ReplyBody<R> = R extends z.ZodType
  ? { readonly body: z.output<R> }
  : R extends TextResponse
    ? {
        readonly text: string | Buffer | Readable;
        /** One of the declared types; the first when absent. */
        readonly type?: string;
        readonly encoding?: 'gzip';
        readonly fileName?: string;
      }
    : { readonly stream: (request: IncomingMessage, response: ServerResponse) => Promise<void> };

/** A reply whose definition is forgotten. */
export interface AnyReply {
  readonly status: number;
  readonly text?: string | Buffer | Readable;
  readonly type?: string;
  readonly encoding?: 'gzip';
  readonly fileName?: string;
  readonly stream?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** What a handler returns: one of the statuses it declares, with the body declared for it. */
export type Reply<R extends ResponseDefinitions> = AnyReply &
  {
    readonly [Status in keyof R & number]: { readonly status: Status } & ReplyBody<R[Status]>;
  }[keyof R & number];

export interface RouteRequest<P extends z.ZodObject, Q extends z.ZodObject, B extends BodyDefinition> {
  readonly ports: HttpPorts;
  /** Parts of the path, checked. */
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  /** The JSON value, checked; the text of a `TextBody`, the bytes of a `BytesBody`. */
  readonly body: B extends z.ZodType ? z.output<B> : B extends BytesBody ? Buffer : string;
  readonly headers: IncomingMessage['headers'];
  /** Where the request came from. */
  readonly address: string;
  readonly actor: Actor;
}

type NoParameters = z.ZodObject<Record<never, never>>;

/** Everything about one route: the router, the checks, the OpenAPI document and the authorisation tests are made of it. */
export interface RouteDefinition<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends BodyDefinition,
  R extends ResponseDefinitions,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Koa's syntax, e.g. `/api/v1/models/:id`. */
  readonly path: string;
  /** Null = open to everybody. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly params?: P;
  /** Without it every parameter is refused. */
  readonly query?: Q;
  readonly body?: B;
  /** The body brings rows: it counts in the queue of intake until it is answered, as every body of scope `ingest` does. */
  readonly isIntake?: true;
  /** Senders repeat what is answered 503, and give up what is answered 429. */
  readonly repeatsOn503Only?: true;
  /** The query names a thing that may not exist. */
  readonly queryNamesThing?: true;
  /** By status; what every route may answer besides (`common-responses.ts`) is not repeated. */
  readonly responses: R;
  handler(request: RouteRequest<P, Q, B>): Reply<NoInfer<R>> | Promise<Reply<NoInfer<R>>>;
}

export const textResponse = (types: string | readonly [string, ...string[]], description: string): TextResponse => ({
  kind: 'text',
  types: typeof types === 'string' ? [types] : types,
  description,
});

/** A route as the server sees it, its types forgotten. */
export interface Route extends Omit<
  RouteDefinition<z.ZodObject, z.ZodObject, BodyDefinition, ResponseDefinitions>,
  'handler'
> {
  handler(request: RouteRequest<z.ZodObject, z.ZodObject, BodyDefinition>): AnyReply | Promise<AnyReply>;
}

/** Declares a route; the types of its schemas flow to the handler, and what it returns is checked against `responses`. */
export function route<
  R extends ResponseDefinitions,
  P extends z.ZodObject = NoParameters,
  Q extends z.ZodObject = NoParameters,
  B extends BodyDefinition = NoParameters,
>(definition: RouteDefinition<P, Q, B, R>): Route {
  return definition;
}
