import { isObject, parseJson } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { IMAGES } from './images.js';
import { variants, type PayloadBudget } from './payload-budget.js';
import { countOf } from './rows.js';
import { SENTENCES } from './sentences.js';

const ARRAY_LENGTH = 3;
const DEEPEST = 5;

/**
 * Payloads that fit the signature which MLflow tells when it refuses an empty table: `Failed to enforce schema of data '…' with
 * schema '['age': long (required), 'tags': Array(string) (optional)]'`, or `Tensor('float64', (-1, 9))`, with names where there
 * are several (mlflow/pyfunc/__init__.py, `_validate_prediction_input`; mlflow/types/schema.py, `__repr__`). Binary columns
 * travel in base64 (mlflow/utils/proto_json_utils.py). Empty when the model has no signature.
 */
export function payloadsFromRefusal(body: string): readonly Json[] {
  const columns = columnsOf(schemaIn(messageIn(body)).slice(0, LONGEST));
  if (columns === null || columns.length === 0) return [];
  const areTensors = columns.every(({ type }) => type.kind === 'tensor');
  const payloads = variants((variant, budget) => {
    const values = columns.map(({ type }, i) => valueOf(type, variant * 7 + i, budget));
    if (budget.isSpent) return null;
    return areTensors ? inputsOf(columns, values) : tableOf(columns, values);
  });
  return payloads.filter((payload) => payload !== null);
}
const LONGEST = 200_000;

const BEGIN = "with schema '[";
function schemaIn(message: string): string {
  const begin = message.indexOf(BEGIN);
  const end = message.lastIndexOf("]'");
  return begin === -1 || end === -1 ? '' : message.slice(begin + BEGIN.length, end);
}

function messageIn(body: string): string {
  try {
    const parsed = parseJson(body);
    return isObject(parsed) && typeof parsed.message === 'string' ? parsed.message : '';
  } catch {
    return '';
  }
}

type Type =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'array'; readonly of: Type }
  | { readonly kind: 'map'; readonly of: Type }
  | { readonly kind: 'object'; readonly properties: readonly Column[] }
  | { readonly kind: 'tensor'; readonly number: string; readonly shape: readonly number[] };

interface Column {
  readonly name: string | null;
  readonly type: Type;
}

const tableOf = (columns: readonly Column[], values: readonly Json[]): Json => ({
  dataframe_split: { columns: columns.map(({ name }, i) => name ?? i), data: [values] },
});

/** The tensor, or the tensors by their names. */
function inputsOf(columns: readonly Column[], tensors: readonly Json[]): Json {
  const [only = null] = tensors;
  const isUnnamed = columns.length === 1 && columns[0]?.name === null;
  return {
    inputs: isUnnamed ? only : Object.fromEntries(columns.map(({ name }, i) => [name ?? i, tensors[i] ?? null])),
  };
}

/** Null where the payload would be too large. */
function valueOf(type: Type, seed: number, budget: PayloadBudget): Json {
  if (!budget.forValue()) return null;
  if (type.kind === 'array') return Array.from({ length: ARRAY_LENGTH }, (_, i) => valueOf(type.of, seed + i, budget));
  if (type.kind === 'map') return { a: valueOf(type.of, seed, budget), b: valueOf(type.of, seed + 1, budget) };
  if (type.kind === 'object') return objectFor(type.properties, seed, budget);
  if (type.kind === 'scalar') return scalarOf(type.name, seed);
  const shape = type.shape.map((size) => (size > 0 ? size : 1));
  return budget.forValues(countOf(shape)) ? filled(shape, type.number, seed) : null;
}

function objectFor(properties: readonly Column[], seed: number, budget: PayloadBudget): Json {
  const isAfforded = properties.every(({ name }) => budget.forValue(name?.length));
  if (!isAfforded) return null;
  return Object.fromEntries(properties.map(({ name, type }, i) => [name ?? i, valueOf(type, seed + i, budget)]));
}

const filled = ([size = 1, ...inner]: readonly number[], number: string, seed: number): Json =>
  Array.from({ length: size }, (_, i) =>
    inner.length === 0 ? scalarOf(number, seed + i) : filled(inner, number, seed + i),
  );

function scalarOf(name: string, seed: number): Json {
  if (/^bool/.test(name)) return seed % 2 === 0;
  if (/^(str|object)/.test(name)) return SENTENCES[seed % SENTENCES.length] ?? '';
  if (/^(binary|bytes)/.test(name)) return IMAGES[seed % IMAGES.length] ?? '';
  if (/^datetime/.test(name)) return `2024-01-${String(1 + (seed % 28)).padStart(2, '0')}T00:00:00`;
  return /^(u?int|long)/.test(name) ? seed % 10 : Number((0.5 + 0.37 * (seed % 11)).toFixed(3));
}

/** Reads `'name': type (required), …` from the front; null where something stands that is unknown. */
function columnsOf(text: string, depth = 0): readonly Column[] | null {
  const columns: Column[] = [];
  let rest = text;
  while (rest !== '') {
    const [begin = '', , quoted, bare] = /^(?:(["'])((?:(?!\1).)+)\1: |([^\s"'(){},:]+): )?/.exec(rest) ?? [];
    const read = typeOf(rest.slice(begin.length), depth);
    if (read === null) return null;
    columns.push({ name: quoted ?? bare ?? null, type: read.type });
    rest = read.rest.replace(/^ \((?:required|optional)\)/, '').replace(/^, /, '');
    if (rest === read.rest && rest !== '') return null;
  }
  return columns;
}

interface Read {
  readonly type: Type;
  readonly rest: string;
}

function typeOf(text: string, depth: number): Read | null {
  if (depth > DEEPEST) return null;
  const tensor = /^Tensor\('(\w+)', \(([-\d, ]+)\)\)/.exec(text);
  if (tensor !== null)
    return {
      type: {
        kind: 'tensor',
        number: tensor[1] ?? '',
        shape: (tensor[2] ?? '')
          .split(',')
          .filter((size) => size.trim() !== '')
          .map(Number),
      },
      rest: text.slice(tensor[0].length),
    };
  const [begin = '', wrapper] = /^(?:(Array)\(|(Map)\(str -> )/.exec(text) ?? [];
  if (begin !== '') {
    const inner = typeOf(text.slice(begin.length), depth + 1);
    if (inner === null || !inner.rest.startsWith(')')) return null;
    const type: Type = wrapper === 'Array' ? { kind: 'array', of: inner.type } : { kind: 'map', of: inner.type };
    return { type, rest: inner.rest.slice(1) };
  }
  if (text.startsWith('{')) return objectOf(text, depth);
  const [scalar, name = ''] =
    /^(?:DataType\.)?(boolean|integer|long|float|double|string|binary|datetime)\b/.exec(text) ?? [];
  return scalar === undefined ? null : { type: { kind: 'scalar', name }, rest: text.slice(scalar.length) };
}

/** `{a: long (required), b: …}` up to the brace that closes it. */
function objectOf(text: string, depth: number): Read | null {
  let open = 0;
  for (let i = 0; i < text.length; i += 1) {
    open += text[i] === '{' ? 1 : text[i] === '}' ? -1 : 0;
    if (open > 0) continue;
    const properties = columnsOf(text.slice(1, i), depth + 1);
    return properties === null ? null : { type: { kind: 'object', properties }, rest: text.slice(i + 1) };
  }
  return null;
}
