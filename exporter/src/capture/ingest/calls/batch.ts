import type { FieldMapping } from '../../../domain/field-mapping.js';
import type { IntakeLimits } from '../../../domain/ingest.js';
import type { LateLabel, Observation } from '../../../domain/observation.js';
import { eventOf } from '../event.js';
import { fieldRoles } from '../field-roles.js';
import type { ParsedBatch } from '../parse.js';
import { createVerdicts, Refusal } from '../verdicts.js';
import { rowsOfCall, type LoggedCall } from './logged-call.js';

/** What one entry of a log holds for a model: a call, a row as it is, or why there is neither. */
export type LogEntry =
  | { readonly kind: 'call'; readonly call: LoggedCall }
  | { readonly kind: 'row'; readonly row: unknown }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const CHARACTERS_PER_ENTRY = 1_000;

/**
 * The batch that entries of a log are; rows are judged as those of a sender of rows.
 * @param taken called for every row that is taken, with its entry
 */
export function batchOfEntries(
  entries: readonly LogEntry[],
  nowMs: number,
  limits: IntakeLimits,
  mapping: FieldMapping,
  taken: (entry: LogEntry) => void = () => undefined,
): ParsedBatch {
  const verdicts = createVerdicts(entries.length * CHARACTERS_PER_ENTRY);
  const roles = fieldRoles({ ...mapping, columns: [] });
  const observations: Observation[] = [];
  const labels: LateLabel[] = [];
  for (const [i, entry] of entries.entries()) {
    const line = i + 1;
    for (const row of rowsOf(entry, mapping)) {
      try {
        if (row instanceof Refusal) throw row;
        const tell = verdicts.tellOf(line);
        const event = eventOf(row, { nowMs, limits, tell, isTable: false, roles, expected: 'observations' });
        if (event.kind === 'prediction') observations.push(event.observation);
        else labels.push(event.label);
        taken(entry);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        verdicts.refuse(line, error);
      }
    }
  }
  return { observations, labels, ...verdicts.summary() };
}

function rowsOf(entry: LogEntry, mapping: FieldMapping): readonly unknown[] {
  if (entry.kind === 'refused') return [entry.refusal];
  if (entry.kind === 'row') return [entry.row];
  try {
    return rowsOfCall(entry.call, mapping);
  } catch (error) {
    if (error instanceof Refusal) return [error];
    throw error;
  }
}
