import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { markedNumber, readJson } from '../../ingest/formats/tolerant-json.js';
import { EXPORT_LOGS, EXPORT_TRACES } from './otlp-schema.js';
import { NotProtobuf, readMessage } from './protobuf.js';

export type Attributes = ReadonlyMap<string, Json>;

/** A span or a log record of an export. */
export interface Signal {
  readonly kind: 'span' | 'log';
  /** Of a span; of a log record the event's. */
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  /** Of a log record, when what it tells happened. */
  readonly startedAtMs: number | null;
  /** Null for a log record. */
  readonly durationMs: number | null;
  readonly isError: boolean;
  readonly body: Json;
  readonly events: readonly { readonly name: string; readonly atMs: number | null; readonly attributes: Attributes }[];
}
export type SignalReading =
  | { readonly kind: 'signals'; readonly signals: readonly Signal[] }
  /** `field` is where the body is of another shape than OTLP's; `body` where all of it is. */
  | { readonly kind: 'refused'; readonly message: string; readonly field: string };

/** A part of the body is of another shape than OTLP's. */
class OtherShape extends Error {
  constructor(
    readonly field: string,
    wanted: string,
  ) {
    super(`${field}: must be ${wanted}`);
  }
}

/** The spans or log records of an OTLP request, in JSON or Protocol Buffers. */
export function readSignals(of: 'traces' | 'logs', body: Buffer, contentType: string): SignalReading {
  const isProtobuf = /^application\/(?:x-)?protobuf/i.test(contentType.trim());
  let document: Json;
  if (isProtobuf) {
    try {
      document = readMessage(body, of === 'traces' ? EXPORT_TRACES : EXPORT_LOGS);
    } catch (error) {
      if (error instanceof NotProtobuf)
        return { kind: 'refused', message: `the body is no OTLP message: ${error.message}`, field: 'body' };
      throw error;
    }
  } else {
    const reading = readJson(body.toString('utf8'));
    if (reading.kind === 'not-json') return { kind: 'refused', message: 'the body is not JSON', field: 'body' };
    document = reading.value as Json;
  }
  if (!isObject(document)) return { kind: 'refused', message: 'the body is no OTLP request', field: 'body' };
  try {
    return { kind: 'signals', signals: signalsIn(of, document) };
  } catch (error) {
    if (error instanceof OtherShape) return { kind: 'refused', message: error.message, field: error.field };
    throw error;
  }
}

/** @throws OtherShape */
function signalsIn(of: 'traces' | 'logs', document: JsonObject): readonly Signal[] {
  const [outer, scopes, items] =
    of === 'traces'
      ? (['resourceSpans', 'scopeSpans', 'spans'] as const)
      : (['resourceLogs', 'scopeLogs', 'logRecords'] as const);
  return objectsIn(document, outer).flatMap(([group, inGroup]) => {
    const resource = attributesOf(objectIn(group, 'resource', inGroup), `${inGroup}.resource`);
    return objectsIn(group, scopes, inGroup)
      .flatMap(([scope, inScope]) => objectsIn(scope, items, inScope))
      .map(([item, path]) => (of === 'traces' ? spanOf(item, path, resource) : logOf(item, path, resource)));
  });
}

/** The objects of a list, each with its path; none where the list is absent. @throws OtherShape */
function objectsIn(parent: JsonObject, name: string, path = ''): readonly (readonly [JsonObject, string])[] {
  const value = parent[name] ?? null;
  const field = path === '' ? name : `${path}.${name}`;
  if (value === null) return [];
  if (!isList(value)) throw new OtherShape(field, 'a list');
  return value.map((each, i) => {
    if (!isObject(each)) throw new OtherShape(`${field}[${i}]`, 'an object');
    return [each, `${field}[${i}]`] as const;
  });
}

/** @throws OtherShape */
function objectIn(parent: JsonObject, name: string, path: string): JsonObject {
  const value = parent[name] ?? null;
  if (value === null) return {};
  if (!isObject(value)) throw new OtherShape(`${path}.${name}`, 'an object');
  return value;
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function spanOf(item: JsonObject, path: string, resource: Attributes): Signal {
  const code = isObject(item.status) ? item.status.code : null;
  const [started, ended] = [nanosecondsOf(item.startTimeUnixNano), nanosecondsOf(item.endTimeUnixNano)];
  return {
    kind: 'span',
    name: textOf(item.name),
    traceId: textOf(item.traceId),
    spanId: textOf(item.spanId),
    attributes: attributesOf(item, path),
    resource,
    startedAtMs: millisecondsOf(item.startTimeUnixNano),
    durationMs: started === null || ended === null ? null : Math.max(0, Number(ended - started) / 1e6),
    isError: code === 2 || code === '2' || code === 'STATUS_CODE_ERROR',
    body: null,
    events: objectsIn(item, 'events', path).map(([event, inEvent]) => ({
      name: textOf(event.name),
      atMs: millisecondsOf(event.timeUnixNano),
      attributes: attributesOf(event, inEvent),
    })),
  };
}

function logOf(item: JsonObject, path: string, resource: Attributes): Signal {
  const attributes = attributesOf(item, path);
  const atMs = millisecondsOf(item.timeUnixNano) ?? millisecondsOf(item.observedTimeUnixNano);
  return {
    kind: 'log',
    name: textOf(item.eventName) || textOf(attributes.get('event.name')),
    traceId: textOf(item.traceId),
    spanId: textOf(item.spanId),
    attributes,
    resource,
    startedAtMs: atMs,
    durationMs: null,
    isError: false,
    body: anyValue(item.body, 0),
    events: [],
  };
}

/** Nanoseconds since 1970, as text or as a number of JSON; 0 is none. A double would lose some of them. */
function nanosecondsOf(value: Json | undefined): bigint | null {
  const text =
    typeof value === 'string' ? (markedNumber(value) ?? value) : typeof value === 'number' ? String(value) : '';
  if (!/^\d{1,20}$/.test(text)) return null;
  const nanoseconds = BigInt(text);
  return nanoseconds === 0n ? null : nanoseconds;
}

const millisecondsOf = (value: Json | undefined): number | null => {
  const nanoseconds = nanosecondsOf(value);
  return nanoseconds === null ? null : Math.round(Number(nanoseconds) / 1e6);
};

/** @throws OtherShape */
function attributesOf(parent: JsonObject, path: string): Attributes {
  const attributes = new Map<string, Json>();
  for (const [{ key, value: given }] of objectsIn(parent, 'attributes', path))
    if (typeof key === 'string') attributes.set(key, anyValue(given, 0));
  return attributes;
}

const DEEPEST = 16;

const objectsOf = (value: Json | undefined): readonly JsonObject[] => (isList(value) ? value.filter(isObject) : []);

/** The one filled field of an AnyValue; bytes are left out. */
function anyValue(value: Json | undefined, depth: number): Json {
  if (!isObject(value) || depth > DEEPEST) return null;
  if (typeof value.stringValue === 'string' || typeof value.boolValue === 'boolean')
    return value.stringValue ?? value.boolValue ?? null;
  const number = value.intValue ?? value.doubleValue;
  if (typeof number === 'number') return number;
  if (typeof number === 'string') return numberOf(number);
  if (isObject(value.arrayValue)) return objectsOf(value.arrayValue.values).map((item) => anyValue(item, depth + 1));
  if (!isObject(value.kvlistValue)) return null;
  const entries = objectsOf(value.kvlistValue.values).flatMap(({ key, value: inner }): [string, Json][] =>
    typeof key === 'string' ? [[key, anyValue(inner, depth + 1)]] : [],
  );
  return Object.fromEntries(entries);
}

/** A 64-bit integer travels as text; one that a double cannot hold stays one. */
function numberOf(text: string): Json {
  const digits = markedNumber(text) ?? text;
  const number = Number(digits);
  if (!Number.isFinite(number)) return null;
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? digits : number;
}
