import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { featuresOf } from '../../probing/payloads/features.js';
import { rowOfTensor, tensorsIn, type Tensor } from './tensors.js';

/** A longer list of one input is an image, a spectrum or an embedding: one feature, not one per place. */
const MOST_NAMED = 100;
const LISTS = ['instances', 'dataframe_records', 'inputs', 'input_data', 'data', 'input', 'rows', 'records'];

/**
 * The inputs of a request, one object of features per row asked: KServe v1 and v2, TensorFlow Serving, MLflow, Seldon, Azure
 * ML, chat, a table, or any list. What is none of these is one row.
 * @param columns names of inputs that come as a list, in order
 */
export function requestRows(payload: Json, columns: readonly string[]): readonly JsonObject[] {
  if (isList(payload)) return payload.map((row) => named(row, columns));
  if (!isObject(payload)) return typeof payload === 'string' ? tableOf(payload, columns) : [];
  const tensors = tensorsIn(payload.inputs);
  if (tensors !== null) return rowsOfTensors(tensors, columns);
  if (isList(payload.messages) || typeof payload.prompt === 'string') return described(payload);
  const frame = [payload.dataframe_split, payload.input_data, payload].find(isFrame);
  if (frame !== undefined) return (frame.data as readonly Json[]).map((row) => named(row, namesIn(frame.columns)));
  if (payload.jsonData !== undefined) return requestRows(payload.jsonData, columns);
  if (isObject(payload.data)) return rowsOfSeldon(payload.data, columns);
  for (const name of LISTS) {
    const list = payload[name];
    if (isList(list)) return list.map((row) => named(row, columns));
  }
  return isObject(payload.inputs) ? rowsOfColumns(payload.inputs) : described(payload);
}

/** One row that is read as a payload of a probe is: texts are told by what describes them. */
function described(payload: Json): readonly JsonObject[] {
  const features = featuresOf(payload);
  return features === null ? [] : [Object.fromEntries(Object.entries(features).filter(isFilled))];
}

const isFilled = (entry: [string, Json | undefined]): entry is [string, Json] => entry[1] !== undefined;

const isFrame = (value: Json | undefined): value is JsonObject =>
  isObject(value) && isList(value.columns) && isList(value.data);

const namesIn = (value: Json | undefined): readonly string[] =>
  isList(value) ? value.map((name, i) => nameOf(name, i)) : [];

const nameOf = (name: Json, place: number): string =>
  typeof name === 'string' || typeof name === 'number' ? String(name) : String(place);

/** The features of one row: an object as it is, a list by the names given or by place. */
function named(row: Json, columns: readonly string[], prefix: string | null = null): JsonObject {
  if (isObject(row)) return row;
  if (!isList(row)) {
    const name = prefix ?? (columns.length === 1 ? columns[0] : undefined) ?? 'value';
    return Object.fromEntries([[name, row]]);
  }
  const values = row.flat(8) as readonly Json[];
  const isNamed = columns.length === values.length;
  if (!isNamed && values.length > MOST_NAMED) return Object.fromEntries([[prefix ?? 'input', values]]);
  const placed = (place: number): string => (prefix === null ? String(place) : `${prefix}.${place}`);
  return Object.fromEntries(values.map((value, i) => [isNamed ? (columns[i] ?? placed(i)) : placed(i), value]));
}

function rowsOfTensors(tensors: readonly Tensor[], columns: readonly string[]): readonly JsonObject[] {
  const [first] = tensors;
  const rows = first !== undefined && tensors.every((tensor) => tensor.rows === first.rows) ? first.rows : 1;
  const own = tensors.length === 1 ? columns : [];
  return Array.from({ length: rows }, (_, row) => {
    const parts = tensors.map((tensor) => {
      const values = rows === 1 ? tensor.values : rowOfTensor(tensor, row);
      return named(values.length === 1 ? (values[0] ?? null) : values, own, tensor.name);
    });
    return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
  });
}

function rowsOfSeldon(data: JsonObject, columns: readonly string[]): readonly JsonObject[] {
  const names = namesIn(data.names);
  const table = seldonTable(data);
  if (table === null) return described({ data });
  return table.map((row) => named(row, names.length > 0 ? names : columns));
}

/** The rows of Seldon's `ndarray` or `tensor`; null without one. */
export function seldonTable({ ndarray, tensor }: JsonObject): readonly Json[] | null {
  if (isList(ndarray)) return ndarray;
  if (!isObject(tensor) || !isList(tensor.values) || !isList(tensor.shape)) return null;
  const values = tensor.values;
  const [rows] = tensor.shape;
  if (typeof rows !== 'number' || rows < 1 || values.length % rows !== 0) return [values];
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
}

/** TensorFlow's column form: an object of lists of the same length. */
function rowsOfColumns(inputs: JsonObject): readonly JsonObject[] {
  const entries = Object.entries(inputs).map(([name, value]): readonly [string, readonly Json[]] => [
    name,
    isList(value) ? value : [value],
  ]);
  const rows = entries[0]?.[1].length ?? 0;
  if (entries.some(([, list]) => list.length !== rows)) return described({ inputs });
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(entries.flatMap(([name, list]) => Object.entries(named(list[row] ?? null, [], name)))),
  );
}

const CELL = /^\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/;

/** CSV without a header, as SageMaker's containers are sent; a text of another kind is one row that is described. */
function tableOf(text: string, columns: readonly string[]): readonly JsonObject[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const cells = lines.map((line) => line.split(','));
  const width = cells[0]?.length ?? 0;
  const isTable =
    cells.every((row) => row.length === width) && cells.every((row) => row.some((cell) => CELL.test(cell)));
  if (!isTable || text.includes('"')) return described(text);
  return cells.map((row) =>
    named(
      row.map((cell) => (CELL.test(cell) ? Number(cell) : cell.trim())),
      columns,
    ),
  );
}
