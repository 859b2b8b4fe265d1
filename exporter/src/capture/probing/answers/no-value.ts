import { isObject } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { at, isList } from './found.js';
import { ANSWER_NAMES } from './server-words.js';

const DEEPEST = 6;

/** Where a prediction would be and is null, as a JSON pointer; null where there is no such place. */
export function nullPredictionAt(body: Json, path = ''): string | null {
  if (body === null) return path === '' ? null : path;
  if (path.split('/').length > DEEPEST) return null;
  if (isList(body)) return body.length === 1 ? nullPredictionAt(body[0] ?? null, at(path, 0)) : null;
  if (!isObject(body)) return null;
  const name = Object.keys(body).find((key) => ANSWER_NAMES.has(key.toLowerCase()));
  return name === undefined ? null : nullPredictionAt(body[name] ?? null, at(path, name));
}
