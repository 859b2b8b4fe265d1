import { isTable } from '../../../domain/ingest.js';
import { Refusal } from '../verdicts.js';
import type { BatchFormat, SourceRow } from './format.js';
import { isMissingText } from './missing-text.js';
import { columnNames, rowMaker, tooManyRows, watchedColumns } from './table.js';

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** A number as JSON writes it, or with nothing on one side of its point; `007` is a text. */
const PLAIN_NUMBER = /^-?(?:(0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Beyond, a whole number may be an id, of which a double does not hold all digits; a fraction is rounded, as it was by who wrote it. */
const MOST_WHOLE_DIGITS = 15;

/** A table with a header line; the delimiter (`,` `;` tab `|`) is the one the header has most of. */
export const csv: BatchFormat = {
  takes: isTable,
  read(body, limits, verdicts, roles) {
    const [first, ...rest] = recordsOf(body, delimiterOf(body));
    if (first === undefined) return [];
    if (tooManyRows(rest.length, limits, verdicts)) return [];
    const names = columnNames(first.cells, verdicts);
    if (names === null) return [];
    if (rest.length === 0) {
      verdicts.refuse(first.line, new Refusal('not_csv', '', 'a header and no row below it; send at least one row'));
      return [];
    }
    const filled = rowMaker(watchedColumns(names, limits, verdicts, roles));
    const rows: SourceRow[] = [];
    for (const [i, { line, cells, isOpen }] of rest.entries()) {
      if (cells.length === 1 && cells[0] === '' && names.length > 1) continue;
      if (isOpen || cells.length !== names.length) {
        const message = isOpen
          ? 'a quote is opened and never closed; reading goes on at the next line'
          : `${cells.length} cells under ${names.length} columns; quote cells that hold the delimiter`;
        verdicts.refuse(line, new Refusal('not_csv', '', message));
        if (verdicts.refuseRest(line + 1, () => rest.length - i - 1)) break;
        continue;
      }
      rows.push({
        line,
        isTable: true,
        value: filled(({ place }) => cellValue(cells[place] ?? '')),
      });
    }
    return rows;
  },
};

/** The cells of the header and of the first row. */
export function beginningOf(body: string): readonly [header: readonly string[], first: readonly string[]] {
  const [header, first] = recordsOf(body, delimiterOf(body));
  return [header?.cells ?? [], first?.cells ?? []];
}

/** The one that the header line has most of. */
function delimiterOf(body: string): string {
  const headerEnd = body.search(/[\r\n]/);
  const header = headerEnd < 0 ? body : body.slice(0, headerEnd);
  return DELIMITERS.reduce((best, next) => (times(header, next) > times(header, best) ? next : best));
}

const times = (text: string, part: string): number => text.split(part).length;

function cellValue(cell: string): string | number | null {
  if (isMissingText(cell)) return null;
  if (!PLAIN_NUMBER.test(cell)) return cell;
  const isLong = cell.length > MOST_WHOLE_DIGITS;
  return isLong && (PLAIN_NUMBER.exec(cell)?.[1] ?? '').length > MOST_WHOLE_DIGITS ? cell : Number(cell);
}

interface CsvRecord {
  /** Of its first line in the body. */
  readonly line: number;
  readonly cells: readonly string[];
  /** A quoted cell of it is never closed: it ends with its line. */
  readonly isOpen: boolean;
}

const LINE_END = /[\r\n]/;

/**
 * What stands between this quote and the one that closes the cell. Null where none does: there is no other, or it is lines below with
 * more behind it than the end of a cell, so that it opens another one.
 */
function quotedCell(
  body: string,
  opening: number,
  delimiter: string,
): { readonly text: string; readonly end: number } | null {
  const parts: string[] = [];
  for (let from = opening + 1; ;) {
    const quote = body.indexOf('"', from);
    if (quote < 0) return null;
    parts.push(body.slice(from, quote));
    const next = body.charAt(quote + 1);
    if (next === '"') {
      parts.push('"');
      from = quote + 2;
      continue;
    }
    const text = parts.join('');
    const isEnd = next === '' || next === delimiter || LINE_END.test(next);
    return isEnd || !LINE_END.test(text) ? { text, end: quote + 1 } : null;
  }
}

/** The length of the text where it is not in it from there on. */
function placeOf(body: string, what: string, from: number): number {
  const at = body.indexOf(what, from);
  return at < 0 ? body.length : at;
}

/** Cells of each record by RFC 4180: quoted cells may hold delimiters, line ends and doubled quotes. */
function recordsOf(body: string, delimiter: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let [at, line, startedOn] = [0, 1, 1];
  let isOpen = false;
  // Each is looked for once: a table of one column has no delimiter, and one of one row no line end.
  let [delimiterAt, lineEndAt] = [-1, -1];
  while (at < body.length) {
    let cell = '';
    if (body.charAt(at) === '"') {
      const quoted = quotedCell(body, at, delimiter);
      if (quoted === null) isOpen = true;
      else [cell, at] = [quoted.text, quoted.end];
      line += times(cell, '\n') - 1;
    }
    const from = Math.min(at, body.length);
    if (delimiterAt < from) delimiterAt = placeOf(body, delimiter, from);
    if (lineEndAt < from) lineEndAt = placeOf(body, '\n', from);
    const end = Math.min(delimiterAt, lineEndAt);
    cell += body.slice(from, end);
    cells.push(cell.endsWith('\r') ? cell.slice(0, -1) : cell);
    at = end + 1;
    if (body.charAt(end) === delimiter) {
      if (at >= body.length) cells.push('');
      else continue;
    }
    records.push({ line: startedOn, cells, isOpen });
    cells = [];
    isOpen = false;
    line += 1;
    startedOn = line;
  }
  if (cells.length > 0) records.push({ line: startedOn, cells, isOpen });
  return records;
}
