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
  | { readonly kind: 'refused'; readonly message: string };

/** The spans or log records of an OTLP request, in JSON or Protocol Buffers. */
export function readSignals(of: 'traces' | 'logs', body: Buffer, contentType: string): SignalReading {
  const isProtobuf = /^application\/(?:x-)?protobuf/i.test(contentType.trim());
  let document: Json;
  if (isProtobuf) {
    try {
      document = readMessage(body, of === 'traces' ? EXPORT_TRACES : EXPORT_LOGS);
    } catch (error) {
      if (error instanceof NotProtobuf)
        return { kind: 'refused', message: `the body is no OTLP message: ${error.message}` };
      throw error;
    }
  } else {
    const reading = readJson(body.toString('utf8'));
    if (reading.kind === 'not-json') return { kind: 'refused', message: 'the body is not JSON' };
    document = reading.value as Json;
  }
  if (!isObject(document)) return { kind: 'refused', message: 'the body is no OTLP request' };
  const [outer, scopes, items] =
    of === 'traces' ? ['resourceSpans', 'scopeSpans', 'spans'] : ['resourceLogs', 'scopeLogs', 'logRecords'];
  const signals = objectsIn(document[outer ?? '']).flatMap((group) => {
    const resource = attributesOf(isObject(group.resource) ? group.resource.attributes : undefined);
    return objectsIn(group[scopes ?? ''])
      .flatMap((scope) => objectsIn(scope[items ?? '']))
      .map((item) => (of === 'traces' ? spanOf(item, resource) : logOf(item, resource)));
  });
  return { kind: 'signals', signals };
}

const objectsIn = (value: Json | undefined): readonly JsonObject[] => (isList(value) ? value.filter(isObject) : []);

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function spanOf(item: JsonObject, resource: Attributes): Signal {
  const code = isObject(item.status) ? item.status.code : null;
  const [started, ended] = [nanosecondsOf(item.startTimeUnixNano), nanosecondsOf(item.endTimeUnixNano)];
  return {
    kind: 'span',
    name: textOf(item.name),
    traceId: textOf(item.traceId),
    spanId: textOf(item.spanId),
    attributes: attributesOf(item.attributes),
    resource,
    startedAtMs: millisecondsOf(item.startTimeUnixNano),
    durationMs: started === null || ended === null ? null : Math.max(0, Number(ended - started) / 1e6),
    isError: code === 2 || code === '2' || code === 'STATUS_CODE_ERROR',
    body: null,
    events: objectsIn(item.events).map((event) => ({
      name: textOf(event.name),
      atMs: millisecondsOf(event.timeUnixNano),
      attributes: attributesOf(event.attributes),
    })),
  };
}

function logOf(item: JsonObject, resource: Attributes): Signal {
  const attributes = attributesOf(item.attributes);
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

function attributesOf(value: Json | undefined): Attributes {
  const attributes = new Map<string, Json>();
  for (const { key, value: given } of objectsIn(value))
    if (typeof key === 'string') attributes.set(key, anyValue(given, 0));
  return attributes;
}

const DEEPEST = 16;

/** The one filled field of an AnyValue; bytes are left out. */
function anyValue(value: Json | undefined, depth: number): Json {
  if (!isObject(value) || depth > DEEPEST) return null;
  if (typeof value.stringValue === 'string' || typeof value.boolValue === 'boolean')
    return value.stringValue ?? value.boolValue ?? null;
  const number = value.intValue ?? value.doubleValue;
  if (typeof number === 'number') return number;
  if (typeof number === 'string') return numberOf(number);
  if (isObject(value.arrayValue)) return objectsIn(value.arrayValue.values).map((item) => anyValue(item, depth + 1));
  if (!isObject(value.kvlistValue)) return null;
  const entries = objectsIn(value.kvlistValue.values).flatMap(({ key, value: inner }): [string, Json][] =>
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
