import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { markedNumber, readJson } from '../../ingest/formats/tolerant-json.js';
import { EXPORT_LOGS, EXPORT_TRACES } from './otlp-schema.js';
import { NotProtobuf, readMessage, TooManyParts } from './protobuf.js';

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
    readonly wanted: string,
  ) {
    super(`${field}: must be ${wanted}`);
  }

  /** The same, said of what holds the part. */
  within(path: string): OtherShape {
    return new OtherShape(`${path}.${this.field}`, this.wanted);
  }
}

/** What one export may hold. */
export interface ExportLimits {
  /** Spans or log records. */
  readonly rowsPerBatch: number;
}

/**
 * Attributes, events and parts of their values that an export may hold for each signal it may; no fewer than a batch of an
 * exporter's usual size has.
 */
const PARTS_EACH = 4;
const LEAST_PARTS = 100_000;

/** The spans or log records of an OTLP request, in JSON or Protocol Buffers. */
export function readSignals(
  of: 'traces' | 'logs',
  body: Buffer,
  contentType: string,
  { rowsPerBatch }: ExportLimits,
): SignalReading {
  const isProtobuf = /^application\/(?:x-)?protobuf/i.test(contentType.trim());
  const mostParts = Math.max(LEAST_PARTS, PARTS_EACH * rowsPerBatch);
  const tooMany = (what: string): SignalReading => ({
    kind: 'refused',
    message: `the export holds more than ${what} (intake.limits.rows_per_batch); nothing of it was taken, send it in parts`,
    field: 'body',
  });
  let document: Json;
  if (isProtobuf) {
    try {
      document = readMessage(body, of === 'traces' ? EXPORT_TRACES : EXPORT_LOGS, { parts: mostParts });
    } catch (error) {
      if (error instanceof TooManyParts) return tooMany(`${mostParts} signals, attributes and values`);
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
    const { signals, parts } = countedIn(of, document);
    if (signals > rowsPerBatch) return tooMany(`${rowsPerBatch} signals`);
    if (parts > mostParts) return tooMany(`${mostParts} signals, attributes and values`);
    return { kind: 'signals', signals: signalsIn(of, document) };
  } catch (error) {
    if (error instanceof OtherShape) return { kind: 'refused', message: error.message, field: error.field };
    throw error;
  }
}

const LEVELS = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
} as const;

/** Signals, and all list entries that become one of their parts, counted without making anything of them. */
function countedIn(of: 'traces' | 'logs', document: JsonObject): { readonly signals: number; readonly parts: number } {
  const [outer, scopes, items] = LEVELS[of];
  let signals = 0;
  let parts = 0;
  const listOf = (parent: Json, name: string): readonly Json[] => {
    const value = isObject(parent) ? parent[name] : undefined;
    return isList(value) ? value : [];
  };
  const lengthOf = (list: Json | undefined): number => (isList(list) ? list.length : 0);
  for (const group of listOf(document, outer)) {
    parts += 1;
    for (const scope of listOf(group, scopes)) {
      parts += 1;
      const list = listOf(scope, items);
      signals += list.length;
      for (const item of list) parts += isObject(item) ? 1 + lengthOf(item.attributes) + lengthOf(item.events) : 1;
    }
  }
  return { signals, parts };
}

/** @throws OtherShape */
function signalsIn(of: 'traces' | 'logs', document: JsonObject): readonly Signal[] {
  const [outer, scopes, items] = LEVELS[of];
  const signals: Signal[] = [];
  each(document, outer, (group) => {
    const resource = named('resource', () => attributesOf(objectIn(group, 'resource')));
    each(group, scopes, (scope) =>
      each(scope, items, (item) => void signals.push(of === 'traces' ? spanOf(item, resource) : logOf(item, resource))),
    );
  });
  return signals;
}

/** A list; empty where it is absent. @throws OtherShape */
function listIn(parent: JsonObject, name: string): readonly Json[] {
  const value = parent[name] ?? null;
  if (value === null) return [];
  if (!isList(value)) throw new OtherShape(name, 'a list');
  return value;
}

/** Reads the objects of a list; none where it is absent. @throws OtherShape, with the path of the part */
function each(parent: JsonObject, name: string, read: (item: JsonObject) => void): void {
  for (const [i, item] of listIn(parent, name).entries()) {
    if (!isObject(item)) throw new OtherShape(`${name}[${i}]`, 'an object');
    // A text for each path would be the greater part of what an empty object costs.
    try {
      read(item);
    } catch (error) {
      throw error instanceof OtherShape ? error.within(`${name}[${i}]`) : error;
    }
  }
}

/** @throws OtherShape of what `read` throws, with the name before */
function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof OtherShape && error.field !== name ? error.within(name) : error;
  }
}

/** @throws OtherShape */
function objectIn(parent: JsonObject, name: string): JsonObject {
  const value = parent[name] ?? null;
  if (value === null) return {};
  if (!isObject(value)) throw new OtherShape(name, 'an object');
  return value;
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function spanOf(item: JsonObject, resource: Attributes): Signal {
  const code = isObject(item.status) ? item.status.code : null;
  const [started, ended] = [nanosecondsOf(item.startTimeUnixNano), nanosecondsOf(item.endTimeUnixNano)];
  const events: Signal['events'][number][] = [];
  each(item, 'events', (event) => {
    const { name, timeUnixNano } = event;
    events.push({ name: textOf(name), atMs: millisecondsOf(timeUnixNano), attributes: attributesOf(event) });
  });
  return {
    kind: 'span',
    name: textOf(item.name),
    traceId: textOf(item.traceId),
    spanId: textOf(item.spanId),
    attributes: attributesOf(item),
    resource,
    startedAtMs: millisecondsOf(item.startTimeUnixNano),
    durationMs: started === null || ended === null ? null : Math.max(0, Number(ended - started) / 1e6),
    isError: code === 2 || code === '2' || code === 'STATUS_CODE_ERROR',
    body: null,
    events,
  };
}

function logOf(item: JsonObject, resource: Attributes): Signal {
  const attributes = attributesOf(item);
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

const NO_ATTRIBUTES: Attributes = new Map();

/** @throws OtherShape */
function attributesOf(parent: JsonObject): Attributes {
  if ((parent.attributes ?? null) === null) return NO_ATTRIBUTES;
  const attributes = new Map<string, Json>();
  each(parent, 'attributes', ({ key, value: given }) => {
    if (typeof key === 'string') attributes.set(key, anyValue(given, 0));
  });
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
