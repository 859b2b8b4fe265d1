import type { AnswerPointers } from '../../../domain/asking.js';
import { isObject, isList } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import type { Prediction } from '../../../domain/observation.js';
import type { Reading } from './reading.js';

/** The value a JSON pointer (RFC 6901) leads to; undefined where there is none. */
function at(body: Json, pointer: string): Json | undefined {
  if (pointer === '') return body;
  if (!pointer.startsWith('/')) return undefined;
  let value: Json | undefined = body;
  for (const part of pointer.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isList(value)) value = /^\d+$/.test(name) ? value[Number(name)] : undefined;
    else value = isObject(value ?? null) && isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

const scalar = (value: Json | undefined): Prediction =>
  typeof value === 'string'
    ? value.slice(0, 200)
    : typeof value === 'number' || typeof value === 'boolean'
      ? value
      : null;

/** The pointer, where one is given and nothing stands there; else null. */
export const leadingNowhere = (body: Json, pointer: string | undefined): string | null =>
  pointer !== undefined && at(body, pointer) === undefined ? pointer : null;

/** What was read from where, for people, as far as it was said; what is not there is told. */
export function readAtText(body: Json, { prediction, confidence }: AnswerPointers, read: string | null): string | null {
  if (prediction === undefined && confidence === undefined) return read;
  const place = (pointer: string): string => (pointer === '' ? 'the whole body' : pointer);
  const given = (what: string, pointer: string): string =>
    at(body, pointer) === undefined
      ? `no ${what}: there is nothing at ${place(pointer)}, as given`
      : `${what} from ${place(pointer)}, as given`;
  const [first = 'no prediction', second = 'no confidence'] = read?.split(/, (?=no confidence|confidence from)/) ?? [];
  return [
    prediction === undefined ? first : given('prediction', prediction),
    confidence === undefined ? second : given('confidence', confidence),
  ].join(', ');
}

/** What stands where the operator says it stands; what is not pointed to is as it was read. Never invents a value. */
export function readAt(body: Json, pointers: AnswerPointers, read: Reading): Reading {
  const { prediction, confidence, classes } = pointers;
  const names = classes === undefined ? undefined : at(body, classes);
  const given = confidence === undefined ? undefined : at(body, confidence);
  const numbers = isList(given) ? given.filter((item): item is number => typeof item === 'number') : [];
  const top = numbers.length === 0 ? null : Math.max(...numbers);
  const level = typeof given === 'number' ? given : top;
  const best = top !== null && isList(names) ? scalar(names[numbers.indexOf(top)]) : null;
  return {
    ...read,
    prediction: prediction === undefined ? (best ?? read.prediction) : scalar(at(body, prediction)),
    confidence: confidence === undefined ? read.confidence : level !== null && level >= 0 && level <= 1 ? level : null,
  };
}
