import { isObject, type Json, type JsonObject } from '../../../domain/json.js';
import { isList } from './found.js';

/** Of the objects of a payload, and levels of it and of an answer. */
const MOST_ROWS = 20;
const DEEPEST = 6;
const MOST_FIELDS = 2_000;
/** One field that is the same may be an answer. */
const FEWEST_SAME = 2;
/** Classes to choose from are sent, and come back beside their scores. */
const CHOICES = /^(candidate_?)?(labels|classes)$/i;

type Row = ReadonlyMap<string, string>;

/** The rows that were sent, as texts by name. */
function rowsIn(payload: Json, depth = 0): Row[] {
  if (depth > DEEPEST || payload === null || typeof payload !== 'object') return [];
  const inner = (isList(payload) ? payload.slice(0, MOST_ROWS) : Object.values(payload)).flatMap((item) =>
    rowsIn(item, depth + 1),
  );
  if (!isObject(payload)) return inner.slice(0, MOST_ROWS);
  const fields = Object.entries(payload).filter(([key]) => !CHOICES.test(key));
  const row = new Map(fields.map(([key, item]) => [key, JSON.stringify(item)]));
  return [...(row.size < FEWEST_SAME ? [] : [row]), ...inner].slice(0, MOST_ROWS);
}

/**
 * An answer without the inputs it repeats: fields of the names and values of one row that was sent, at least two of them and half of that
 * row. Undefined where nothing else is in it.
 */
export function withoutInputs(answer: Json, payload: Json): Json | undefined {
  const rows = rowsIn(payload);
  return rows.length === 0 ? answer : without(answer, rows, 0);
}

function without(value: Json, rows: readonly Row[], depth: number): Json | undefined {
  if (depth > DEEPEST || value === null || typeof value !== 'object') return value;
  if (!isObject(value)) return withoutInList(value, rows, depth);
  const repeated = repeatedIn(value, rows);
  const left = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    const rest = repeated.has(key) ? undefined : without(item, rows, depth + 1);
    return rest === undefined ? [] : [[key, rest]];
  });
  return left.length === 0 && Object.keys(value).length > 0 ? undefined : Object.fromEntries(left);
}

/** A list keeps its length: places in it are told. */
function withoutInList(list: readonly Json[], rows: readonly Row[], depth: number): Json | undefined {
  const rest = list.map((item) => without(item, rows, depth + 1));
  return list.length > 0 && rest.every((item) => item === undefined) ? undefined : rest.map((item) => item ?? null);
}

function repeatedIn(value: JsonObject, rows: readonly Row[]): ReadonlySet<string> {
  const fields = Object.entries(value);
  // What repeats half of a row has fields enough: most objects of a long answer have not.
  const sent = rows.filter(({ size }) => fields.length >= Math.max(FEWEST_SAME, size / 2));
  if (sent.length === 0) return new Set();
  const texts = fields.slice(0, MOST_FIELDS).map(([key, item]) => [key, JSON.stringify(item)] as const);
  for (const row of sent) {
    const same = texts.flatMap(([key, text]) => (row.get(key) === text ? [key] : []));
    if (same.length >= Math.max(FEWEST_SAME, row.size / 2)) return new Set(same);
  }
  return new Set();
}
