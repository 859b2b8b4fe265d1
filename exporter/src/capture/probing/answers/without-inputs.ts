import { isObject, type Json, type JsonObject } from '../../../domain/json.js';
import { isList } from './found.js';
import { ITEM_IDS } from './scored-labels.js';

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
  const named = withoutRowIds(answer, idsSent(payload));
  return rows.length === 0 ? named : without(named, rows, 0);
}

/** Lists of items that were sent, by the name of their ids, as one text each. */
function idsSent(payload: Json, depth = 0): ReadonlySet<string> {
  if (depth > DEEPEST || payload === null || typeof payload !== 'object') return new Set();
  const here = isList(payload) ? ITEM_IDS.flatMap((name) => idsIn(payload, name) ?? []) : [];
  const below = Object.values(payload).slice(0, MOST_ROWS);
  return new Set([...here, ...below.flatMap((part: Json) => [...idsSent(part, depth + 1)])]);
}

/** The ids of all objects of a list, in their order; null where one has none, or there is but one. */
function idsIn(list: readonly Json[], name: string): string | null {
  if (list.length < 2 || !list.every((item) => isObject(item) && item[name] !== undefined)) return null;
  return JSON.stringify([name, ...list.map((item) => (isObject(item) ? (item[name] ?? null) : null))]);
}

/** Items that were sent, one a row, and come back in that order are rows, and none is recommended. */
function withoutRowIds(answer: Json, sent: ReadonlySet<string>, depth = 0): Json {
  if (sent.size === 0 || depth > DEEPEST || answer === null || typeof answer !== 'object') return answer;
  if (!isList(answer))
    return Object.fromEntries(
      Object.entries(answer).map(([key, item]): [string, Json] => [key, withoutRowIds(item, sent, depth + 1)]),
    );
  const name = ITEM_IDS.find((candidate) => sent.has(idsIn(answer, candidate) ?? ''));
  if (name === undefined) return answer;
  return answer.map((item) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).filter(([key]) => key !== name)) : item,
  );
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
