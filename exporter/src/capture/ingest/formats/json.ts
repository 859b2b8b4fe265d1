import type { IntakeLimits } from '../../../domain/ingest.js';
import type { FieldRoles } from '../field-roles.js';
import type { BatchFormat, SourceRow } from './format.js';
import { readLines } from './ndjson.js';
import { notJson, tellDuplicates } from './slips.js';
import { Refusal, type Verdicts } from '../verdicts.js';
import { isSplitFrame, tableRows, tooManyRows } from './table.js';
import { namesRead, namesWritten, readJson, splitArray } from './tolerant-json.js';

/** One object, an array of objects, or a data frame `{columns, data}`; objects without an array are read line by line. */
export const json: BatchFormat = {
  takes: () => true,
  read(body, limits, verdicts, roles) {
    const reading = readJson(body);
    if (reading.kind === 'value') return rowsOf(reading.value, body, { limits, verdicts, roles });
    const start = /\S/.exec(body)?.[0];
    if (start === '[') return elementsOf(body, limits, verdicts);
    if (start === '{') return readLines(body, limits, verdicts);
    verdicts.refuse(1, notJson('the body', body));
    return [];
  },
};

interface Reading {
  readonly limits: IntakeLimits;
  readonly verdicts: Verdicts;
  readonly roles: FieldRoles;
}

function rowsOf(given: unknown, body: string, { limits, verdicts, roles }: Reading): readonly SourceRow[] {
  if (isSplitFrame(given)) return tableRows(given.columns, given.data, limits, verdicts, roles);
  const value = unwrapped(given);
  const list: readonly unknown[] = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  if (tooManyRows(list.length, limits, verdicts)) return [];
  if (namesWritten(body) > namesRead(value, limits.nestingDepth + 3)) {
    const texts = Array.isArray(value) ? splitArray(body).elements : [body];
    for (const [i, text] of texts.entries()) tellDuplicates(text, i + 1, verdicts);
  }
  return list.map((item, i) => ({ line: i + 1, value: item }));
}

const ENVELOPES = ['rows', 'records', 'events', 'observations', 'predictions', 'labels', 'items', 'data'];

/** The list of objects that is all an object holds: `{"rows": [{…}, {…}]}`. */
function unwrapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const [[name, inner] = ['', null], ...others] = Object.entries(value) as [string, unknown][];
  const isEnvelope = others.length === 0 && ENVELOPES.includes(name) && Array.isArray(inner);
  return isEnvelope && inner.every((item) => typeof item === 'object' && item !== null) ? inner : value;
}

const BEHIND = new Refusal(
  'not_json',
  '',
  'something stands behind the end of the array, and is not read: send one array',
);

/** An array that as a whole is not JSON: each element is read by itself. */
function elementsOf(body: string, limits: IntakeLimits, verdicts: Verdicts): readonly SourceRow[] {
  const { elements, behind } = splitArray(body);
  if (tooManyRows(elements.length, limits, verdicts)) return [];
  const rows: SourceRow[] = [];
  for (const [i, text] of elements.entries()) {
    const reading = readJson(text);
    if (reading.kind === 'value') {
      rows.push({ line: i + 1, value: reading.value });
      continue;
    }
    verdicts.refuse(i + 1, notJson('this element', text));
    if (verdicts.refuseRest(i + 2, () => elements.length - i - 1)) break;
  }
  const last = elements.length;
  if (behind === null && rows.at(-1)?.line === last)
    verdicts.tellOf(last)('not_closed', '', 'the array ends here without a ]: what was to follow did not come');
  else if (behind !== null && behind !== '') verdicts.refuse(last + 1, BEHIND);
  return rows;
}
