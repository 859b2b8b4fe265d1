import type { IntakeLimits } from '../../domain/ingest.js';
import { fieldRoles } from './field-roles.js';
import { json } from './formats/json.js';
import { plainValue } from './values.js';
import { createVerdicts } from './verdicts.js';

const OWN_NAMES = fieldRoles();

/** What the rows of a JSON body say under `model_id`, each once, as sent; null for rows that name no model. */
export function namedModels(body: string, limits: IntakeLimits): readonly unknown[] {
  const rows = json.read(body, limits, createVerdicts(body.length), OWN_NAMES);
  return [...new Set(rows.map(({ value }) => plainValue(namedBy(value))))];
}

const namedBy = (row: unknown): unknown =>
  typeof row === 'object' && row !== null && 'model_id' in row ? (row.model_id ?? null) : null;
