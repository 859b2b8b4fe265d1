import type { WireField, WireSchema, WireType } from './protobuf.js';

/** Fields of opentelemetry-proto that are read, by number (opentelemetry/proto/{common,resource,trace,logs}/v1/*.proto). */
const schema = (
  fields: Readonly<Record<number, readonly [name: string, type: WireType, isList?: 'list']>>,
): WireSchema =>
  new Map(
    Object.entries(fields).map(([number, [name, type, list]]): [number, WireField] => [
      Number(number),
      { name, type, ...(list === undefined ? {} : { isList: true as const }) },
    ]),
  );

const ANY_VALUE: WireSchema = schema({
  1: ['stringValue', 'text'],
  2: ['boolValue', 'bool'],
  3: ['intValue', 'int'],
  4: ['doubleValue', 'double'],
  5: ['arrayValue', () => ARRAY_VALUE],
  6: ['kvlistValue', () => KEY_VALUE_LIST],
  7: ['bytesValue', 'hex'],
});
const KEY_VALUE = schema({ 1: ['key', 'text'], 2: ['value', () => ANY_VALUE] });
const ARRAY_VALUE = schema({ 1: ['values', () => ANY_VALUE, 'list'] });
const KEY_VALUE_LIST = schema({ 1: ['values', () => KEY_VALUE, 'list'] });
const RESOURCE = schema({ 1: ['attributes', () => KEY_VALUE, 'list'] });

const STATUS = schema({ 2: ['message', 'text'], 3: ['code', 'int'] });
const SPAN_EVENT = schema({
  1: ['timeUnixNano', 'fixed64'],
  2: ['name', 'text'],
  3: ['attributes', () => KEY_VALUE, 'list'],
});
const SPAN = schema({
  1: ['traceId', 'hex'],
  2: ['spanId', 'hex'],
  5: ['name', 'text'],
  7: ['startTimeUnixNano', 'fixed64'],
  8: ['endTimeUnixNano', 'fixed64'],
  9: ['attributes', () => KEY_VALUE, 'list'],
  11: ['events', () => SPAN_EVENT, 'list'],
  15: ['status', () => STATUS],
});
const LOG_RECORD = schema({
  1: ['timeUnixNano', 'fixed64'],
  5: ['body', () => ANY_VALUE],
  6: ['attributes', () => KEY_VALUE, 'list'],
  9: ['traceId', 'hex'],
  10: ['spanId', 'hex'],
  11: ['observedTimeUnixNano', 'fixed64'],
  12: ['eventName', 'text'],
});
const SCOPE_SPANS = schema({ 2: ['spans', () => SPAN, 'list'] });
const RESOURCE_SPANS = schema({ 1: ['resource', () => RESOURCE], 2: ['scopeSpans', () => SCOPE_SPANS, 'list'] });
const SCOPE_LOGS = schema({ 2: ['logRecords', () => LOG_RECORD, 'list'] });
const RESOURCE_LOGS = schema({ 1: ['resource', () => RESOURCE], 2: ['scopeLogs', () => SCOPE_LOGS, 'list'] });

export const EXPORT_TRACES = schema({ 1: ['resourceSpans', () => RESOURCE_SPANS, 'list'] });
export const EXPORT_LOGS = schema({ 1: ['resourceLogs', () => RESOURCE_LOGS, 'list'] });
