import { gunzipSync } from 'node:zlib';
import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { readJson } from '../../ingest/formats/tolerant-json.js';

/** One CloudEvent (1.0 or 0.3), whichever way it travelled. */
export interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** RFC 3339, as sent. */
  readonly time: string | null;
  /** Attributes of the sender's own, names in lower case. */
  readonly extensions: ReadonlyMap<string, string>;
  /** JSON, or a text; undefined for an event without data, or with data elsewhere. */
  readonly data: Json | undefined;
}
export type EventReading =
  | { readonly kind: 'event'; readonly event: CloudEvent }
  | { readonly kind: 'refused'; readonly field: string; readonly message: string };

export interface EventLimits {
  /** Of all data of a request that comes compressed, unpacked. */
  readonly maximumDataBytes: number;
}

/** Bytes that compressed data of this request may still become. */
interface Unpacking {
  readonly mostBytes: number;
  leftBytes: number;
}

const ATTRIBUTES = new Set(['id', 'type', 'source', 'time', 'specversion', 'datacontenttype', 'subject', 'dataschema']);
const LONGEST_ATTRIBUTE = 16_384;
const MOST_EVENTS = 10_000;
/** Deflate makes a byte no more than this. */
const LARGEST_RATIO = 1_032;

const refused = (field: string, message: string): EventReading => ({ kind: 'refused', field, message });

/**
 * The events of an HTTP request by the binding's three modes: batched and structured by the content type, else binary
 * (`ce-*` headers around the data as it is).
 */
export function readEvents(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: Buffer,
  { maximumDataBytes }: EventLimits,
): readonly EventReading[] {
  const unpacking: Unpacking = { mostBytes: maximumDataBytes, leftBytes: maximumDataBytes };
  const type = textOf(headers['content-type']).split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!type.startsWith('application/cloudevents')) return [binaryEvent(headers, body, unpacking)];
  const reading = readJson(body.toString('utf8').replace(/^\uFEFF/, ''));
  if (reading.kind === 'not-json') return [refused('body', 'the body is not JSON, as its content type says')];
  const value = reading.value as Json;
  const isBatch = type.startsWith('application/cloudevents-batch');
  if (isBatch !== isList(value))
    return [
      refused('content-type', 'one event is application/cloudevents+json, a list application/cloudevents-batch+json'),
    ];
  const list = isList(value) ? value : [value];
  if (list.length > MOST_EVENTS)
    return [refused('body', `a batch of ${list.length} events; at most ${MOST_EVENTS} are taken at once`)];
  return list.map((item) => structuredEvent(item, unpacking));
}

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value?.[0] ?? '');

function binaryEvent(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: Buffer,
  unpacking: Unpacking,
): EventReading {
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('ce-')) attributes.set(name.slice(3).toLowerCase(), decoded(textOf(value)));
  if (attributes.size === 0)
    return refused('ce-id', 'no CloudEvent: neither ce-* headers nor content-type application/cloudevents+json');
  return eventOf(attributes, body.length === 0 ? undefined : dataOf(body, unpacking), unpacking);
}

/** Header values are percent-encoded; one that is not is taken as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function structuredEvent(item: Json, unpacking: Unpacking): EventReading {
  if (!isObject(item)) return refused('body', 'each event must be a JSON object');
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(item)) {
    if (name === 'data' || name === 'data_base64') continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      attributes.set(name.toLowerCase(), String(value));
  }
  return eventOf(attributes, dataOfItem(item, unpacking), unpacking);
}

/** `TOO_MUCH` stands for data that unpack to more than is left for the request. */
const TOO_MUCH = Symbol('too much');
type Data = Json | undefined | typeof TOO_MUCH;

function dataOfItem(item: JsonObject, unpacking: Unpacking): Data {
  if (typeof item.data_base64 === 'string') return dataOf(Buffer.from(item.data_base64, 'base64'), unpacking);
  return typeof item.data === 'string' ? dataOf(Buffer.from(item.data, 'utf8'), unpacking) : item.data;
}

function eventOf(attributes: ReadonlyMap<string, string>, data: Data, { mostBytes }: Unpacking): EventReading {
  if (data === TOO_MUCH)
    return refused(
      'data',
      `compressed data of one request may unpack to ${mostBytes} bytes in all (http.maximum_body); send it in parts`,
    );
  for (const name of ['id', 'type', 'source'])
    if ((attributes.get(name) ?? '') === '' && name !== 'source') return refused(name, `the event has no ${name}`);
  for (const [name, value] of attributes)
    if (value.length > LONGEST_ATTRIBUTE)
      return refused(name.slice(0, 80), 'an attribute of more than 16384 characters');
  return {
    kind: 'event',
    event: {
      id: attributes.get('id') ?? '',
      type: attributes.get('type') ?? '',
      source: attributes.get('source') ?? '',
      time: attributes.get('time') ?? null,
      extensions: new Map([...attributes].filter(([name]) => !ATTRIBUTES.has(name) || name === 'subject')),
      data,
    },
  };
}

/** What loggers send as data is the payload as the model got it: JSON whatever its content type says, JSON before tensors in binary, gzip, or a text. */
function dataOf(bytes: Buffer, unpacking: Unpacking): Data {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(bytes, unpacking) : bytes;
  if (plain === undefined || plain === TOO_MUCH) return plain;
  const text = plain.toString('utf8').replace(/^\uFEFF/, '');
  const reading = readJson(text);
  if (reading.kind === 'value') return reading.value as Json;
  const head = /^\s*\{/.test(text) ? jsonHead(text) : null;
  if (head !== null) return head;
  return text.includes('\u0000') || text.includes('\uFFFD') ? undefined : text;
}

/** Takes of what is left for the request, also for data that cannot be unpacked: they cost as much until that is known. */
function unpacked(bytes: Buffer, unpacking: Unpacking): Buffer | undefined | typeof TOO_MUCH {
  if (unpacking.leftBytes === 0) return TOO_MUCH;
  try {
    const plain = gunzipSync(bytes, { maxOutputLength: unpacking.leftBytes });
    unpacking.leftBytes -= plain.length;
    return plain;
  } catch (error) {
    const isTooMuch = error instanceof RangeError;
    unpacking.leftBytes = isTooMuch ? 0 : Math.max(0, unpacking.leftBytes - bytes.length * LARGEST_RATIO);
    return isTooMuch ? TOO_MUCH : undefined;
  }
}

/** The JSON object a text begins with (the v2 protocol's binary extension: tensors follow it); null without one. */
function jsonHead(text: string): Json | null {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === 92) at += 1;
      else if (code === 34) inText = false;
    } else if (code === 34) inText = true;
    else if (code === 123) depth += 1;
    else if (code === 125 && (depth -= 1) === 0) {
      const reading = readJson(text.slice(0, at + 1));
      return reading.kind === 'value' ? (reading.value as Json) : null;
    }
  }
  return null;
}
