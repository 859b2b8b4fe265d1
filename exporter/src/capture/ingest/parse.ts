import { DEFAULT_INTAKE_LIMITS, type IngestBatch, type IntakeLimits } from '../../domain/ingest.js';
import { NO_MAPPING, type FieldMapping } from '../../domain/field-mapping.js';
import type { LateLabel, Observation } from '../../domain/observation.js';
import { callInRow } from './calls/call-in-row.js';
import { rowsOfCall } from './calls/logged-call.js';
import { eventOf, type EventOptions, type ExpectedRows, type IngestEvent } from './event.js';
import { fieldRoles, isFlatRow, type FieldRoles } from './field-roles.js';
import { csv } from './formats/csv.js';
import type { BatchFormat, SourceRow } from './formats/format.js';
import { json } from './formats/json.js';
import { ndjson, readEach } from './formats/ndjson.js';
import { tooManyRows } from './formats/table.js';
import { createVerdicts, Refusal, type Verdicts } from './verdicts.js';

/** By content type; the last one takes everything. */
const FORMATS: readonly BatchFormat[] = [ndjson, csv, json];
const BYTE_ORDER_MARK = /^\uFEFF/;
/** The first two bytes of gzip, of which the second is no UTF-8. */
const GZIP = /^\u001F[\u008B\uFFFD]/;

export type ParsedBatch = Omit<IngestBatch, 'batchId' | 'bodyDigest' | 'acknowledge'>;

/**
 * Turns logged predictions into observations. Every row is judged by itself: good ones are taken, bad ones are named with
 * the field, a reason code and what would be right; what was changed or left out of a row is noted. A row with only an id
 * and a label is a label for an earlier prediction. No value of a row is repeated anywhere.
 * @param contentType as in the HTTP header
 * @param mapping what is said of the fields besides their names
 * @param expected what a row is meant as that is neither a prediction nor a label
 */
export function parseBatch(
  body: string,
  contentType: string,
  nowMs: number,
  limits: IntakeLimits = DEFAULT_INTAKE_LIMITS,
  mapping: FieldMapping = NO_MAPPING,
  expected: ExpectedRows = 'observations',
): ParsedBatch {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const text = body.replace(BYTE_ORDER_MARK, '');
  const format = FORMATS.find((one) => one.takes(type, text)) ?? json;
  return judged(text, { nowMs, limits, mapping, expected }, (verdicts, roles) => {
    if (!GZIP.test(text)) return format.read(text, limits, verdicts, roles);
    verdicts.refuse(1, COMPRESSED);
    return [];
  });
}

/**
 * The same of lines that are not one body: each is a row, or refused by itself, whatever stands before it.
 * @param taken called for every row that is taken, with its 1-based line
 */
export function parseLines(
  lines: readonly string[],
  nowMs: number,
  limits: IntakeLimits,
  mapping: FieldMapping,
  taken: (line: number) => void,
): ParsedBatch {
  return judged(
    lines.join('\n'),
    { nowMs, limits, mapping, expected: 'observations' },
    (verdicts) => (tooManyRows(lines.length, limits, verdicts) ? [] : readEach(lines, limits, verdicts)),
    taken,
  );
}

interface Judging {
  readonly nowMs: number;
  readonly limits: IntakeLimits;
  readonly mapping: FieldMapping;
  readonly expected: ExpectedRows;
}

function judged(
  text: string,
  { nowMs, limits, mapping, expected }: Judging,
  read: (verdicts: Verdicts, roles: FieldRoles) => readonly SourceRow[],
  taken: (line: number) => void = () => undefined,
): ParsedBatch {
  const verdicts = createVerdicts(text.length);
  const observations: Observation[] = [];
  const labels: LateLabel[] = [];
  const roles = fieldRoles(mapping);
  let hasCalls = false;
  const isMangled = text.includes(REPLACEMENT);
  const rows = read(verdicts, roles);
  const eventsIn = ({ line, value, isTable }: SourceRow): readonly IngestEvent[] => {
    const tell = verdicts.tellOf(line);
    const mangled = isMangled ? mangledField(value) : null;
    if (mangled !== null) tell('not_utf8', mangled, NOT_UTF8);
    const call = callInRow(value, roles);
    const isFlat = isTable === true || (expected === 'past' && isFlatRow(value, roles));
    const options = { nowMs, limits, tell, isTable: isFlat, roles, expected };
    if (call === null) return [eventOf(value, options)];
    hasCalls = true;
    return eventsOf(rowsOfCall(call, mapping), line, options, verdicts);
  };
  for (const [i, row] of rows.entries()) {
    const { line } = row;
    try {
      for (const event of eventsIn(row)) {
        verdicts.take(line);
        taken(line);
        if (event.kind === 'prediction') observations.push(event.observation);
        else labels.push(event.label);
      }
    } catch (error) {
      verdicts.withdrawNotes(line);
      verdicts.refuse(line, refusalOf(error));
      if (verdicts.refuseRest(line + 1, () => rows.length - i - 1)) break;
    }
  }
  // What is said of a logged call is said of what lies in it.
  if (observations.length > 0 && !hasCalls)
    for (const name of roles.unmet(rows[0]?.isTable === true))
      verdicts.tellOf(1)('not_met', name, 'map names this field, and no row of the batch has it');
  return { observations, labels, ...verdicts.summary() };
}

const COMPRESSED = new Refusal('not_json', '', 'the body is gzip: send it with the header Content-Encoding: gzip');

/** What stands for bytes that are no UTF-8. */
const REPLACEMENT = '\uFFFD';
const NOT_UTF8 = 'has bytes that are no UTF-8, and different ones look alike: send it as UTF-8';

/** The first field of a row with bytes that were no UTF-8; null when there is none. */
function mangledField(row: unknown): string | null {
  if (!JSON.stringify(row).includes(REPLACEMENT)) return null;
  const fields = typeof row === 'object' && row !== null ? Object.entries(row) : [];
  return fields.find((field) => JSON.stringify(field).includes(REPLACEMENT))?.[0] ?? '';
}

/** @throws what is neither about the row nor about its depth */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  // The stack is as deep as the values are nested.
  if (error instanceof RangeError)
    return new Refusal('nested_too_deep', 'row', 'the row is nested too deep to be read');
  throw error;
}

/** The rows of one logged call; one that cannot be read is refused by itself. */
function eventsOf(
  rows: readonly unknown[],
  line: number,
  options: EventOptions,
  verdicts: Verdicts,
): readonly IngestEvent[] {
  return rows.flatMap((row) => {
    if (!(row instanceof Refusal)) return [eventOf(row, { ...options, isTable: false, roles: OWN_NAMES })];
    verdicts.refuse(line, row);
    return [];
  });
}
const OWN_NAMES = fieldRoles();
