import type { IntakeLimits } from '../../../domain/ingest.js';
import type { Verdicts } from '../verdicts.js';
import type { BatchFormat, SourceRow } from './format.js';
import { notJson, tellDuplicates } from './slips.js';
import { tooManyRows } from './table.js';
import { namesRead, namesWritten, readJson } from './tolerant-json.js';

/** One JSON object per line, unless the body is one array after all. */
export const ndjson: BatchFormat = {
  takes: (contentType, body) => NDJSON.test(contentType) && !/^\s*\[/.test(body),
  read: readLines,
};
const NDJSON = /ndjson|jsonl|json-?lines|json-seq/;

/** Reads each line by itself; one value written over several lines is read as what it is. */
export function readLines(body: string, limits: IntakeLimits, verdicts: Verdicts): readonly SourceRow[] {
  const lines = body.split('\n');
  if (tooManyRows(lines.length, limits, verdicts)) return [];
  const first = lines.findIndex(isWritten);
  if (readJson(lines[first] ?? '').kind === 'not-json') {
    const whole = readJson(body);
    if (whole.kind === 'value') return [{ line: 1, value: whole.value }];
  }
  return readEach(lines, limits, verdicts);
}

/** Reads each line by itself, whatever its neighbours are. */
export function readEach(lines: readonly string[], limits: IntakeLimits, verdicts: Verdicts): readonly SourceRow[] {
  const rows: SourceRow[] = [];
  for (const [i, text] of lines.entries()) {
    if (!isWritten(text)) continue;
    const reading = readJson(text);
    if (reading.kind === 'value') {
      rows.push({ line: i + 1, value: reading.value });
      if (namesWritten(text) > namesRead(reading.value, limits.nestingDepth + 2)) tellDuplicates(text, i + 1, verdicts);
      continue;
    }
    verdicts.refuse(i + 1, notJson('this line', text));
    if (verdicts.refuseRest(i + 2, () => lines.slice(i + 1).filter(isWritten).length)) break;
  }
  return rows;
}

const isWritten = (line: string): boolean => /\S/.test(line);
