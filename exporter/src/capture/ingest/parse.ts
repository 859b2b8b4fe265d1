import type { IngestLineError } from '../../domain/ingest.js';
import type { Failure, LateLabel, Observation, Prediction } from '../../domain/observation.js';
import { FAILURE_REASONS, type FailureReason } from '../../domain/observation.js';
import { flattenFeatures } from './text-features.js';

export interface ParsedBatch {
  readonly observations: readonly Observation[];
  readonly labels: readonly LateLabel[];
  readonly errors: readonly IngestLineError[];
}

/** A clock more than this ahead is wrong; logs from the past are taken as they are. */
const FUTURE_TOLERANCE_MS = 5 * 60_000;
const LONGEST_ID = 200;
const DEEPEST = 8;
const KNOWN = new Set([
  'model_id',
  'prediction_id',
  'timestamp',
  'features',
  'input_features',
  'prediction',
  'confidence',
  'latency_seconds',
  'latency_ms',
  'label',
  'ground_truth',
  'model_version',
  'error',
]);

class FieldError extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** Reads a body as one JSON value, a JSON array, or one JSON value per line; lines that are not JSON are named. */
export function splitBody(
  text: string,
  isNdjson: boolean,
): {
  readonly values: readonly { readonly line: number; readonly value: unknown }[];
  readonly errors: readonly IngestLineError[];
} {
  const trimmed = text.trimStart();
  if (!isNdjson || trimmed.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(text);
      const list: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
      return { values: list.map((value, i) => ({ line: i + 1, value })), errors: [] };
    } catch {
      if (!trimmed.startsWith('{'))
        return {
          values: [],
          errors: [
            {
              line: 1,
              field: '',
              message:
                'the body is not JSON; send an object, an array of objects, or one object per line (application/x-ndjson)',
            },
          ],
        };
    }
  }
  const values: { line: number; value: unknown }[] = [];
  const errors: IngestLineError[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    try {
      values.push({ line: i + 1, value: JSON.parse(line) });
    } catch {
      errors.push({ line: i + 1, field: '', message: 'this line is not JSON' });
    }
  });
  return { values, errors };
}

/**
 * Turns logged predictions into observations. Good lines are taken, bad ones named with the field and what would be right;
 * a line with only an id and a label is a label for an earlier prediction. Values themselves are never repeated in errors.
 */
export function parseBatch(text: string, isNdjson: boolean, nowMs: number): ParsedBatch {
  const { values, errors } = splitBody(text, isNdjson);
  const observations: Observation[] = [];
  const labels: LateLabel[] = [];
  const wrong: IngestLineError[] = [...errors];
  for (const { line, value } of values) {
    try {
      const parsed = parseOne(value, nowMs);
      if ('prediction' in parsed) observations.push(parsed);
      else labels.push(parsed);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      wrong.push({ line, field: error.field, message: error.message });
    }
  }
  return { observations, labels, errors: wrong.sort((a, b) => a.line - b.line) };
}

function parseOne(value: unknown, nowMs: number): Observation | LateLabel {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FieldError('', 'each line must be a JSON object');
  const record = value as Record<string, unknown>;
  const unknown = Object.keys(record).find((key) => !KNOWN.has(key));
  if (unknown !== undefined)
    throw new FieldError(unknown.slice(0, 60), `unknown field; known are ${[...KNOWN].join(', ')}`);
  const predictionId = idOf(record.prediction_id);
  const label = answerOf('label', record.label ?? record.ground_truth ?? null);
  const atMs = timeOf(record.timestamp, nowMs);
  if (
    predictionId !== null &&
    label !== null &&
    record.prediction === undefined &&
    record.features === undefined &&
    record.input_features === undefined
  ) {
    return { atMs, predictionId, label };
  }
  const failure = failureOf(record.error);
  const prediction = answerOf('prediction', record.prediction ?? null);
  if (prediction === null && failure === null && record.confidence == null)
    throw new FieldError('prediction', 'a line needs a prediction, an error, or a prediction_id with a label');
  return {
    atMs,
    source: 'ingest',
    predictionId,
    goldenId: null,
    features: featuresOf(record.features ?? record.input_features),
    prediction,
    confidence: confidenceOf(record.confidence),
    latencySeconds: latencyOf(record),
    failure,
    label,
    modelVersion: versionOf(record.model_version),
  };
}

function versionOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number') return String(value).slice(0, 100);
  throw new FieldError('model_version', 'model_version must be a text or a number');
}

function idOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (
    (typeof value !== 'string' && typeof value !== 'number') ||
    String(value).length === 0 ||
    String(value).length > LONGEST_ID
  ) {
    throw new FieldError('prediction_id', `prediction_id must be a text of 1 to ${LONGEST_ID} characters`);
  }
  return String(value);
}

function answerOf(field: 'prediction' | 'label', value: unknown): Prediction {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.slice(0, LONGEST_ID);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new FieldError(field, `${field} must be a text, a finite number, true or false`);
}

/** ISO 8601 text, or a number of seconds or milliseconds since 1970 (told apart by size). Without one, now. */
function timeOf(value: unknown, nowMs: number): number {
  if (value === undefined || value === null) return nowMs;
  const ms =
    typeof value === 'number'
      ? value < 1e11
        ? value * 1_000
        : value
      : typeof value === 'string'
        ? Date.parse(value)
        : NaN;
  if (!Number.isFinite(ms) || ms < 0)
    throw new FieldError(
      'timestamp',
      'timestamp must be ISO 8601 like 2026-11-24T14:05:00Z, or seconds or milliseconds since 1970',
    );
  if (ms > nowMs + FUTURE_TOLERANCE_MS)
    throw new FieldError('timestamp', 'timestamp lies more than 5 minutes in the future; check the sender’s clock');
  return ms;
}

function confidenceOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new FieldError(
    'confidence',
    `confidence must be a number from 0 to 1${typeof value === 'number' ? `, got ${value}` : ''}`,
  );
}

function latencyOf(record: Record<string, unknown>): number | null {
  const [field, factor] =
    record.latency_ms === undefined ? (['latency_seconds', 1] as const) : (['latency_ms', 0.001] as const);
  const value = record[field];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value * factor;
  throw new FieldError(field, `${field} must be a number of at least 0`);
}

function failureOf(value: unknown): Failure | null {
  if (value === undefined || value === null || value === false) return null;
  const reason: FailureReason = (FAILURE_REASONS as readonly unknown[]).includes(value)
    ? (value as FailureReason)
    : 'other';
  return { reason, detail: 'logged by the sender as failed', httpStatus: null, retryAfterMs: null };
}

function featuresOf(value: unknown): Observation['features'] {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new FieldError('features', 'features must be an object of name → number, text, true, false or null');
  if (depthOf(value) > DEEPEST) throw new FieldError('features', `features are nested deeper than ${DEEPEST} levels`);
  return flattenFeatures(value);
}

function depthOf(value: unknown, depth = 1): number {
  if (typeof value !== 'object' || value === null || depth > DEEPEST + 1) return depth;
  return Math.max(
    depth,
    ...Object.values(value)
      .slice(0, 1_000)
      .map((item) => depthOf(item, depth + 1)),
  );
}
