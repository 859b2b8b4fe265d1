import { isObject, type Json, type JsonObject } from '../../../domain/json.js';
import type { ModelAnswer } from '../../../domain/observation.js';
import { areNumbers, at, isList, jsonIn } from './found.js';

/** What an empty list of findings is as a prediction: a detector that found nothing has answered. */
export const NONE_FOUND = 'none found';

const DEEPEST = 6;
/** Lists of these names hold no findings. */
const NO_FINDINGS =
  /^(errors?|warnings?|messages?|details?|notes?|logs?|loc|trace(back)?|stack(_?trace)?|headers|usage|choices|candidates|embeddings?|outputs)$/i;
/** A size or a box beside them. */
const LONGEST_SIZE = 4;

/**
 * Where in an answer in which nothing else is read an empty list stands: the only list, or one of several that are all empty (boxes, labels
 * and scores); null where there is none.
 */
export function emptyListIn(value: Json, path = '', depth = 0): string | null {
  if (depth > DEEPEST) return null;
  if (isList(value)) {
    const [only] = value;
    if (only === undefined) return path;
    return value.length === 1 ? emptyListIn(only, at(path, 0), depth + 1) : null;
  }
  if (typeof value === 'string') {
    const document = jsonIn(value);
    return document === null ? null : emptyListIn(document, path, depth + 1);
  }
  return isObject(value) ? emptyListAmong(value, path, depth) : null;
}

function emptyListAmong(value: JsonObject, path: string, depth: number): string | null {
  const entries = Object.entries(value).filter(([key]) => !NO_FINDINGS.test(key));
  const lists = entries.filter(([, item]) => isList(item) && !(areNumbers(item) && isSize(item)));
  const [first] = lists;
  if (first !== undefined) return lists.every(([, item]) => isEmpty(item)) ? at(path, first[0]) : null;
  const found = entries.flatMap(([key, item]) =>
    isObject(item) || typeof item === 'string' ? (emptyListIn(item, at(path, key), depth + 1) ?? []) : [],
  );
  return found.length === 1 ? (found[0] ?? null) : null;
}

const isEmpty = (item: Json): boolean => isList(item) && item.length === 0;
const isSize = (list: readonly number[]): boolean => list.length > 0 && list.length <= LONGEST_SIZE;

/** The empty list on the way to where a JSON pointer leads; null where there is none. */
export function emptyOnTheWay(body: Json, pointer: string): string | null {
  let value: Json | undefined = body;
  const parts = pointer.split('/').slice(1);
  for (const [i, part] of parts.entries()) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isList(value) && value.length === 0) return `/${parts.slice(0, i).join('/')}`.replace(/^\/$/, '');
    if (isList(value)) value = value[Number(name)];
    else value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return null;
}

/** The answer, but a failure where nothing was found: that says nothing of where a prediction would be. */
export function unlessEmpty(answer: ModelAnswer): ModelAnswer {
  if (answer.kind === 'failure' || answer.noneAt === undefined) return answer;
  const { noneAt, httpStatus = null, latencySeconds } = answer;
  const where = noneAt === '' ? 'the answer is an empty list' : `the list at ${noneAt.slice(0, 100)} is empty`;
  const failure = { reason: 'schema', detail: `${where}, ${EMPTY}`, httpStatus, retryAfterMs: null } as const;
  return { kind: 'failure', failure, latencySeconds };
}
const EMPTY = 'so no prediction was found in it';

/** Lists of these names hold findings whatever each is. */
const OF_FINDINGS = /(^|\/)(labels|classes|tags|detections|entities|objects|instances|matches|boxes)$/i;

/**
 * Whether an empty list says that nothing was found: its name says so, or an earlier answer of the same model held findings there, each
 * with fields of its own. Where it held one value a row, or nothing is known, a prediction is missing.
 * @param shape of the newest answer that held something; null where there was none yet
 */
export function isNoneFound(noneAt: string, shape: string | null): boolean {
  if (OF_FINDINGS.test(noneAt)) return true;
  const place = noneAt
    .slice(1)
    .replaceAll(/\/\d+(?=\/|$)/g, '[]')
    .replaceAll('/', '.');
  return shape !== null && shape.split(',').some((path) => path.startsWith(`${place}[].`));
}

const ANSWER_IS_MISSING = /^(predictions?|label|class|result|output|score)$/i;
const SAYS_WHY = /^(message|reason|detail|error|description|info)$/i;
const IS_DONE = /^(ok|okay|success|successful|succeeded|completed?|done|finished|ready)$/i;

/**
 * Whether a body with an empty list says itself that its answer is missing: by a null where one would be, a reason, or a status. Beside
 * a list whose name tells of findings a word may say just that there are none.
 */
export function saysMissing(body: Json, noneAt: string): boolean {
  if (!isObject(body)) return false;
  const entries = Object.entries(body);
  if (entries.some(([key, value]) => value === null && ANSWER_IS_MISSING.test(key))) return true;
  if (OF_FINDINGS.test(noneAt)) return false;
  return entries.some(
    ([key, value]) =>
      (typeof value === 'string' && value.trim() !== '' && SAYS_WHY.test(key)) ||
      (typeof value === 'string' && key === 'status' && !IS_DONE.test(value)),
  );
}
