import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { FieldRole, FieldRoles } from '../field-roles.js';
import { readJson } from '../formats/tolerant-json.js';
import { idOf } from '../values.js';
import type { LoggedCall } from './logged-call.js';

/**
 * The call that a row holds as raw payloads: a line of SageMaker's data capture, or a row with `request` and `response`
 * (inference tables of Databricks, mlfi's Python client). Null for a row that names a prediction itself.
 * @throws Refusal for an id that is none
 */
export function callInRow(row: unknown, roles: FieldRoles): LoggedCall | null {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
  const fields = row as JsonObject;
  if (isObject(fields.captureData)) return sageMakerCall(fields.captureData, fields.eventMetadata);
  if (!('response' in fields) && !('request' in fields)) return null;
  if ('prediction' in fields || 'features' in fields || roles.isSaid('request') || roles.isSaid('response'))
    return null;
  const of = (role: FieldRole): { readonly name: string; readonly value: Json } | undefined => {
    const [name, value] =
      Object.entries(fields).find(([key, given]) => given !== null && roles.roleOf(key)?.role === role) ?? [];
    return name === undefined || value === undefined ? undefined : { name, value };
  };
  const latency = of('latencyMs')?.value;
  const status = fields.status_code;
  const isFailed = typeof status === 'number' && (status < 200 || status > 299);
  return {
    id: idOf(of('predictionId')),
    request: payloadOf(fields.request),
    response: isFailed ? undefined : payloadOf(fields.response),
    requestedAt: timeOf(of('timestamp')?.value),
    latencyMs: typeof latency === 'number' ? latency : null,
    modelVersion: textOf(of('modelVersion')?.value),
    context: {},
    ...(isFailed ? { failed: true as const } : {}),
  };
}

const textOf = (value: Json | undefined): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null;

const timeOf = (value: Json | undefined): string | number | null =>
  typeof value === 'string' || typeof value === 'number' ? value : null;

/** A payload that travels as text is parsed. */
function payloadOf(value: Json | undefined): Json | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'string') return value;
  const reading = readJson(value);
  return reading.kind === 'value' ? (reading.value as Json) : value;
}

function sageMakerCall(capture: JsonObject, metadata: Json | undefined): LoggedCall {
  const { eventId, inferenceId, inferenceTime } = isObject(metadata) ? metadata : {};
  const id = [inferenceId, eventId].find((one) => typeof one === 'string' && one !== '');
  return {
    id: typeof id === 'string' ? id : null,
    request: captured(capture.endpointInput),
    response: captured(capture.endpointOutput),
    requestedAt: timeOf(inferenceTime),
    latencyMs: null,
    modelVersion: null,
    context: {},
  };
}

/** Content types that nobody declared are captured in base64, whatever they are. */
function captured(side: Json | undefined): Json | undefined {
  if (!isObject(side) || typeof side.data !== 'string') return undefined;
  return payloadOf(side.encoding === 'BASE64' ? Buffer.from(side.data, 'base64').toString('utf8') : side.data);
}
