import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { seldonTable } from './request-rows.js';
import { rowOfTensor, tensorsIn, type Tensor } from './tensors.js';

/** Lists that name the classes or columns of all rows. */
const OF_ALL_ROWS = new Set(['classes', 'class_names', 'names', 'columns']);
/** Where responses hold what the model said, a row each. */
export const ANSWER_LISTS = ['predictions', 'results', 'result', 'outputs', 'output'];

/** How many rows a response seems to answer, where nobody knows how many were asked. */
export function rowsAnswered(payload: Json): number {
  if (!isObject(payload)) return 1;
  const tensors = tensorsIn(payload.outputs);
  if (tensors !== null) return rowsOfAll(tensors);
  if (payload.jsonData !== undefined) return rowsAnswered(payload.jsonData);
  const list = isObject(payload.data)
    ? seldonTable(payload.data)
    : ANSWER_LISTS.map((name) => payload[name]).find(isList);
  return Math.max(1, list?.length ?? 1);
}

/**
 * A response to several rows as that many responses to one row, which the reader of answers understands as it does those of
 * probes; null where it does not hold so many answers.
 */
export function responseRows(payload: Json, rows: number): readonly Json[] | null {
  if (rows === 1) return [payload];
  const each = (make: (row: number) => Json): readonly Json[] => Array.from({ length: rows }, (_, row) => make(row));
  if (typeof payload === 'string') {
    const lines = payload.split(/\r?\n/).filter((line) => line.trim() !== '');
    return lines.length === rows ? lines.map(valueOfLine) : null;
  }
  if (isList(payload)) return payload.length === rows ? each((row) => [payload[row] ?? null]) : null;
  if (!isObject(payload)) return null;
  const tensors = tensorsIn(payload.outputs);
  if (tensors !== null)
    return rowsOfAll(tensors) === rows
      ? each((row) => ({ ...payload, outputs: tensors.map((tensor) => oneRowOf(tensor, row)) }))
      : null;
  if (payload.jsonData !== undefined) return responseRows(payload.jsonData, rows);
  const table = isObject(payload.data) ? seldonTable(payload.data) : null;
  if (table !== null)
    return table.length === rows
      ? each((row) => ({ data: { names: namesOf(payload), ndarray: [table[row] ?? null] } }))
      : null;
  return rowsOfLists(payload, rows);
}

const namesOf = ({ data }: JsonObject): Json => (isObject(data) ? (data.names ?? []) : []);

const rowsOfAll = (tensors: readonly Tensor[]): number => {
  const [first] = tensors;
  return first !== undefined && tensors.every(({ rows }) => rows === first.rows) ? first.rows : 1;
};

function oneRowOf(tensor: Tensor, row: number): Json {
  const values = rowOfTensor(tensor, row);
  return { name: tensor.name, datatype: tensor.source.datatype ?? 'BYTES', shape: [1, values.length], data: values };
}

/** Every list of as many elements as rows is cut; all else belongs to each row. */
function rowsOfLists(payload: JsonObject, rows: number): readonly Json[] | null {
  const isPerRow = (name: string, value: Json | undefined): value is readonly Json[] =>
    !OF_ALL_ROWS.has(name) && isList(value) && value.length === rows;
  const entries = Object.entries(payload);
  if (!entries.some(([name, value]) => isPerRow(name, value))) return null;
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(entries.map(([name, value]) => [name, isPerRow(name, value) ? [value[row] ?? null] : value])),
  );
}

/** One line of a response in CSV: a number, several, or a text. */
function valueOfLine(line: string): Json {
  const cells = line.split(',').map((cell) => cell.trim());
  const values = cells.map((cell) => (cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : cell));
  return values.length === 1 ? (values[0] ?? null) : values;
}
