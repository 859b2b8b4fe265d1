import { isObject, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { LoneShare, Prediction } from '../../../domain/observation.js';

/** Something read, and where: a JSON pointer (RFC 6901), with how it was chosen where it is not simply what stands there. */
export interface Located<T> {
  readonly value: T;
  readonly from: string;
}

/** What was found in an answer; null for what was not. */
export interface Found {
  readonly prediction: Located<Exclude<Prediction, null>> | null;
  readonly confidence: Located<number> | null;
  readonly modelVersion: string | null;
  /** Where the confidence is, or would be, one probability beside the answer. */
  readonly loneShare?: LoneShare;
}

export const NOTHING: Found = { prediction: null, confidence: null, modelVersion: null };

/** A reader of one kind of answer: null when the value is not of its kind, so that the next one looks at it. */
export type Reader = (value: Json, path: string, again: Again) => Found | null;

/** Reads what an envelope holds, one level deeper. */
export type Again = (value: Json, path: string) => Found;

const LONGEST_TEXT = 200;
/** Single precision makes 1.0000001 out of 1; that is still certainty and not 1 %. */
const ROUNDING = 1e-3;

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** One step further in a JSON pointer. */
export const at = (path: string, key: string | number): string =>
  `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** A prediction as it stands at a place; null for what is none. */
export function located(value: Json | undefined, from: string): Found['prediction'] {
  if (typeof value === 'string') return { value: value.slice(0, LONGEST_TEXT), from };
  return typeof value === 'number' || typeof value === 'boolean' ? { value, from } : null;
}

/** A share as confidence: null outside 0–1; the rounding of single precision is taken off. */
export function share(value: number, from: string): Found['confidence'] {
  const found = unitInterval(value, false);
  return found === null ? null : { value: found, from };
}

/** 0–1 as it is; a percentage from 2 to 100 scaled where the name leaves no doubt; anything else is unknown. */
export function unitInterval(value: number, mayBePercent: boolean): number | null {
  if (!Number.isFinite(value) || value < 0) return null;
  if (value <= 1 + ROUNDING) return Math.min(value, 1);
  return mayBePercent && value >= 2 && value <= 100 ? value / 100 : null;
}

/** The share that a percentage in a text says, `90%` or `90.5 %`; null for another text. */
export function percentIn(text: string): number | null {
  const [, number] = /^\s*(\d{1,3}(?:\.\d+)?)\s*%\s*$/.exec(text) ?? [];
  return number === undefined || Number(number) > 100 ? null : Number(number) / 100;
}

/** At least two numbers in [0, 1] that add up to 1 within rounding: what a softmax layer returns for one row. */
export function isDistribution(row: Json | undefined): row is readonly number[] {
  if (!areNumbers(row) || row.length < 2) return false;
  if (!row.every((item) => item >= 0 && item <= 1 + ROUNDING)) return false;
  return Math.abs(row.reduce((sum, item) => sum + item, 0) - 1) <= ROUNDING;
}

export const areNumbers = (row: Json | undefined): row is readonly number[] =>
  isList(row) && row.every((item) => typeof item === 'number');

/** Index of the largest of several numbers. */
export const argmax = (numbers: readonly number[]): number =>
  numbers.reduce((best, number, i) => (number > (numbers[best] ?? -Infinity) ? i : best), 0);

/** The list itself, or the one row of a table. */
export function rowOf(value: Json | undefined): readonly Json[] | null {
  if (!isList(value)) return null;
  const [only] = value;
  return value.length === 1 && isList(only) ? only : value;
}

export const textIn = (value: JsonObject, name: string): string | null =>
  typeof value[name] === 'string' ? value[name] : null;

/** A text that holds a JSON object or list, parsed; null for any other. */
export function jsonIn(text: string): Json | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const parsed = parseJson(text);
    return isObject(parsed) || isList(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
