import { quantityOf, type Failure, type Prediction } from '../../domain/observation.js';
import { isMissingText } from './formats/missing-text.js';
import { markedNumber } from './formats/tolerant-json.js';
import { loggedFailure } from './logged-failure.js';
import { Refusal, type Tell } from './verdicts.js';

/** One field of a row as sent. */
export interface Field {
  readonly name: string;
  readonly value: unknown;
}

const LONGEST_ID = 200;
const LONGEST_ANSWER = 200;
const LONGEST_VERSION = 100;
/** A share computed in 32-bit floats misses 0 or 1 by less than this. */
const SHARE_TOLERANCE = 1e-4;
/** NUL, which no PostgreSQL text may hold, and half a surrogate pair, which is no character. */
const UNFIT = /[\0\p{Surrogate}]/u;
const EVERY_UNFIT = /[\0\p{Surrogate}]/gu;

/** A value as sent, with marked numbers as what they are: NaN, ±Infinity or a rounded number. */
export function plainValue(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const marked = markedNumber(value);
  return marked === null ? value : Number(marked);
}

/** True for a text that cannot be stored as it is. */
export const isUnfit = (text: string): boolean => UNFIT.test(text);
/** The text with U+FFFD for every character that cannot be stored. */
export const madeFit = (text: string): string => text.replace(EVERY_UNFIT, '\uFFFD');

/** Other than three digits behind it, or more than three or a lone 0 before: thousands are written otherwise. */
const DECIMAL_COMMA = /^\s*[+-]?(?:\d*,(?!\d{3}\s*$)\d+|(?:0|\d{4,}),\d+)\s*$/;

/** True for a number with a decimal comma. `1,234` may as well be a thousand, and is not taken for one. */
export const hasDecimalComma = (text: string): boolean => text.length <= LONGEST_COMMA && DECIMAL_COMMA.test(text);
const LONGEST_COMMA = 30;

const isNothing = (value: unknown): value is null | undefined => value === undefined || value === null;

const NOT_FINITE = /^\s*[+-]?(?:nan|inf(?:inity)?)\s*$/i;

/** True for NaN and ±Infinity, as a number or as the text that a sender made of it. */
export function isNotFinite(value: unknown): boolean {
  const plain = plainValue(value);
  return typeof plain === 'number' ? !Number.isFinite(plain) : typeof plain === 'string' && NOT_FINITE.test(plain);
}

/**
 * An id of 1–200 characters; all digits of a whole number are kept, and `123.0` (an id in a pandas column with gaps) is `123`.
 * @throws Refusal
 */
export function idOf(given: Field | undefined): string | null {
  if (given === undefined || isNothing(given.value)) return null;
  const { name: field, value } = given;
  if (typeof value === 'number') {
    if (!Number.isInteger(value))
      throw new Refusal('bad_id', field, `${field} is a fraction; send a text or a whole number`);
    if (!Number.isSafeInteger(value))
      throw new Refusal(
        'imprecise_id',
        field,
        `${field} is a number too large to keep all its digits; send it as a text`,
      );
    return String(value + 0);
  }
  if (typeof value !== 'string')
    throw new Refusal('bad_id', field, `${field} must be a text of 1 to ${LONGEST_ID} characters`);
  const marked = markedNumber(value);
  if (marked !== null && /^[-NI]/.test(marked) && !/\d/.test(marked)) return null;
  const id = marked ?? (/^\d{1,20}\.0$/.test(value) ? value.slice(0, -2) : value);
  if (id === '' || id.length > LONGEST_ID)
    throw new Refusal('bad_id', field, `${field} must be a text of 1 to ${LONGEST_ID} characters`);
  if (isUnfit(id))
    throw new Refusal('bad_id', field, `${field} holds a NUL or half a surrogate pair; send printable text`);
  return id;
}

/**
 * A class, quantity or text; a list of one is what it holds. An empty text is no answer, nor are NaN and ±Infinity (told). A
 * text is cut at 200 characters, on both sides of the comparison with a label.
 * @throws Refusal
 */
export function answerOf(given: unknown, field: 'prediction' | 'label', tell: Tell): Prediction {
  const value = onlyElement(given);
  if (isNothing(value)) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return finiteOf(value, field, tell);
  const reason = field === 'label' ? 'bad_label' : 'bad_prediction';
  if (typeof value !== 'string') throw new Refusal(reason, field, `${field} must be a text, a number, true or false`);
  const marked = markedNumber(value);
  if (marked !== null) return /\d/.test(marked) ? exactNumber(marked) : finiteOf(Number(marked), field, tell);
  if (value.length < LONGEST_ANSWER && value.trim() === '') return null;
  if (NOT_FINITE.test(value)) return finiteOf(NaN, field, tell);
  const text = value.slice(0, LONGEST_ANSWER);
  // A pair cut in two at the end is this file's doing, not the sender's.
  const whole = value.length > LONGEST_ANSWER ? text.replace(/[\ud800-\udbff]$/, '') : text;
  if (isUnfit(whole))
    throw new Refusal(reason, field, `${field} holds a NUL or half a surrogate pair; send printable text`);
  return whole;
}

/** What a list of one holds, however deep; any other value as it is. */
export function onlyElement(given: unknown): unknown {
  let value = given;
  while (Array.isArray(value) && value.length === 1) value = value[0] as unknown;
  return value;
}

/** A class code beyond 2^53 stays a text of all its digits. */
const exactNumber = (digits: string): Prediction => (Number.isSafeInteger(Number(digits)) ? Number(digits) : digits);

function finiteOf(value: number, field: string, tell: Tell): number | null {
  if (Number.isFinite(value)) return value + 0;
  tell('not_a_number', field, `${field} is NaN or infinite and counts as missing`);
  return null;
}

/** A number, also one sent as text; null for null and, told, for NaN and ±Infinity; undefined for anything else. */
function numberOf({ name: field, value: given }: Field, tell: Tell): number | null | undefined {
  const value = plainValue(given);
  if (isNothing(value) || value === '') return null;
  if (typeof value === 'number') return finiteOf(value, field, tell);
  if (typeof value !== 'string') return undefined;
  if (NOT_FINITE.test(value)) return finiteOf(NaN, field, tell);
  return quantityOf(value.slice(0, 40)) ?? undefined;
}

/** A probability; what misses 0 or 1 by rounding is 0 or 1. @throws Refusal */
export function shareOf(given: Field | undefined, tell: Tell): number | null {
  if (given === undefined) return null;
  const { name: field } = given;
  const value = numberOf(given, tell);
  if (value === null) return null;
  if (value !== undefined && value >= -SHARE_TOLERANCE && value <= 1 + SHARE_TOLERANCE)
    return Math.min(1, Math.max(0, value));
  throw new Refusal('bad_confidence', field, `${field} must be a number from 0 to 1${hintAt(given.value, value)}`);
}

function hintAt(given: unknown, value: number | undefined): string {
  if (value !== undefined && value > 1 && value <= 100) return '; it looks like a percentage: divide by 100';
  return typeof given === 'string' && hasDecimalComma(given) ? '; write its decimal comma as a point' : '';
}

/** Seconds. @throws Refusal */
export function secondsOf(given: Field | undefined, factor: number, tell: Tell): number | null {
  if (given === undefined) return null;
  const { name: field } = given;
  const value = numberOf(given, tell);
  if (value === null) return null;
  if (value !== undefined && value >= 0) return value * factor;
  throw new Refusal('bad_latency', field, `${field} must be a number of at least 0${hintAt(given.value, undefined)}`);
}

/** @throws Refusal */
export function versionOf(given: Field | undefined): string | null {
  if (given === undefined) return null;
  const { name: field, value: sent } = given;
  const value = typeof sent === 'string' ? (markedNumber(sent) ?? sent) : sent;
  if (isNothing(value) || value === '') return null;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new Refusal('bad_version', field, `${field} must be a text or a number`);
  const text = String(value).slice(0, LONGEST_VERSION);
  if (isUnfit(text))
    throw new Refusal('bad_version', field, `${field} holds a NUL or half a surrogate pair; send printable text`);
  return text;
}

const NO_ERROR_TEXTS = new Set(['false', '0', 'no', 'ok', 'success', '200']);

/** What senders put where there was no error: nothing, false, zero, a missing value, an empty list, a status of success. */
function saysNoError(value: unknown): boolean {
  const plain = plainValue(value);
  if (isNothing(plain) || plain === false) return true;
  if (typeof plain === 'number') return Number.isNaN(plain) || plain === 0 || plain === 200;
  if (typeof plain === 'object') return Object.keys(plain).length === 0;
  if (typeof plain !== 'string' || plain.length > LONGEST_NO_ERROR) return false;
  const text = plain.trim().toLowerCase();
  return isMissingText(text) || NO_ERROR_TEXTS.has(text);
}
const LONGEST_NO_ERROR = 20;

/** What the sender logged as a failure; null where it says there was none. */
export const failureOf = (value: unknown): Failure | null => (saysNoError(value) ? null : loggedFailure(value));
