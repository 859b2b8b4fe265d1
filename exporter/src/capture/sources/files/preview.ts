import { beginningOf } from '../../ingest/formats/csv.js';
import { placeName } from '../../ingest/formats/table.js';
import { fieldRoles, isFlatRow, type FieldRole } from '../../ingest/field-roles.js';
import type { BatchReader } from '../../ingest/batch-reader.js';
import { NO_MAPPING, type FieldMapping } from '../../../domain/field-mapping.js';
import { answerText, type Observation } from '../../../domain/observation.js';
import type { ImportNote, ImportPreview } from '../../../domain/import-preview.js';
import type { Piece } from './file-pieces.js';

const ROLE_WORDS: Readonly<Record<FieldRole, string>> = {
  predictionId: 'prediction_id',
  timestamp: 'timestamp',
  prediction: 'prediction',
  confidence: 'confidence',
  positiveProbability: 'probability (of the positive class)',
  label: 'label',
  latencySeconds: 'latency_seconds',
  latencyMs: 'latency_ms',
  modelVersion: 'model_version',
  modelId: 'model_id (not read)',
  error: 'error',
  features: 'features',
  context: 'context',
  contextColumn: 'context',
  feature: 'feature',
  ignored: 'ignored',
  leftOut: 'left out',
};
const LONGEST_EXAMPLE = 30;
/** So few may differ by chance. */
const FEWEST_LABELS = 25;

/** @param nowMs the time that rows without one are given */
export function previewOf(
  piece: Piece,
  batches: Pick<BatchReader, 'read'>,
  model: string,
  said: FieldMapping['fields'],
  nowMs: number,
): ImportPreview {
  const { file, body, contentType } = piece;
  const { observations, labels, rejected, errors, notes } = batches.read(body, contentType, nowMs, model, said, 'past');
  const roles = fieldRoles({ ...NO_MAPPING, fields: said });
  const isTable = contentType !== 'application/x-ndjson' && !body.startsWith('[');
  const first = firstRow(piece);
  const isFlat = isTable || isFlatRow(Object.fromEntries(first), roles);
  const columns = first.map(([name, value]) => ({
    name,
    role: roleText(name, roles, isFlat),
    kind: kindOf(value),
    example: exampleOf(value),
  }));
  return {
    file,
    columns,
    rows: observations.length,
    labels: labels.length,
    refused: rejected,
    errors,
    notes: [...notes, ...unlikeLabels(observations)],
    isTable,
    hasPredictions: observations.some(({ prediction, failure }) => prediction !== null || failure !== null),
    isUndated: observations.some(({ atMs }) => atMs === nowMs),
  };
}

/** A target of another kind under a name that says label: nothing can be told of how often the model is right. */
function unlikeLabels(observations: readonly Observation[]): readonly ImportNote[] {
  const both = observations.flatMap(({ prediction, label }) =>
    prediction === null || label === null ? [] : [{ prediction, label }],
  );
  const isUnlike = both.every(
    ({ prediction, label }) => typeof prediction !== typeof label && answerText(prediction) !== answerText(label),
  );
  if (both.length < FEWEST_LABELS || !isUnlike) return [];
  const message =
    'no label equals its prediction, one is a text and the other is none: give both the same values, or say that the column is none (map NAME:ignore)';
  return [{ reason: 'labels_unlike', field: 'label', message, rows: both.length }];
}

function roleText(name: string, roles: ReturnType<typeof fieldRoles>, isTable: boolean): string {
  if (['captureData', 'request', 'response'].includes(name)) return 'a logged call';
  const category = roles.classOf(name);
  if (category !== null) return `probability of ${category}`;
  const known = roles.roleOf(name);
  if (known !== null) return ROLE_WORDS[known.role];
  return isTable ? 'feature' : 'unknown';
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (typeof value === 'number' || (typeof value === 'string' && Number.isFinite(Number(value)))) return 'number';
  if (typeof value === 'boolean') return 'true or false';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'object' : 'text';
}

function exampleOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > LONGEST_EXAMPLE ? `${text.slice(0, LONGEST_EXAMPLE)}…` : text;
}

/** Names and values of the first row; empty where it cannot be read, which the reader of rows says. */
function firstRow({ body, contentType }: Piece): readonly (readonly [string, unknown])[] {
  if (contentType === 'text/csv' || contentType === 'text/tab-separated-values') {
    const [header, first] = beginningOf(body);
    return header.map((name, i) => [name.trim() || placeName(i), first[i] ?? '']);
  }
  try {
    const value: unknown = JSON.parse(contentType === 'application/x-ndjson' ? (body.split('\n', 1)[0] ?? '') : body);
    if (isFrame(value)) return value.columns.map((name, i) => [name, value.data[0]?.[i]]);
    const row: unknown = Array.isArray(value) ? value[0] : value;
    return typeof row === 'object' && row !== null ? Object.entries(row) : [];
  } catch {
    return [];
  }
}

const isFrame = (
  value: unknown,
): value is { readonly columns: readonly string[]; readonly data: readonly (readonly unknown[])[] } =>
  typeof value === 'object' && value !== null && 'columns' in value && 'data' in value && Array.isArray(value.columns);
