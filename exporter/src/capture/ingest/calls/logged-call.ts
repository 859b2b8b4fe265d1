import { type Json, type JsonObject, isList, isObject } from '../../../domain/json.js';
import type { FieldMapping } from '../../../domain/field-mapping.js';
import { shapeOf } from '../../probing/answers/read-answer.js';
import { readAnswer } from '../../probing/answers/reading.js';
import { errorInAnswer } from '../../probing/answers/server-words.js';
import { markedNumber } from '../formats/tolerant-json.js';
import { Refusal } from '../verdicts.js';
import { requestRows } from './request-rows.js';
import { ANSWER_LISTS, responseRows, rowsAnswered } from './response-rows.js';

/** One call of a model as a logger saw it: raw payloads, of which one may be missing. */
export interface LoggedCall {
  /** Rows of a batch are called `id#0`, `id#1` …; null where the logger gives no id. */
  readonly id: string | null;
  readonly request: Json | undefined;
  readonly response: Json | undefined;
  /** ISO 8601 or a number since 1970; null = when it arrived. */
  readonly requestedAt: string | number | null;
  readonly latencyMs: number | null;
  readonly modelVersion: string | null;
  readonly context: Readonly<Record<string, string>>;
  /** The call is known to have failed, and nothing more of it. */
  readonly failed?: true;
}

/** The rows of a call as a sender of rows would have sent them, or why one cannot be read. */
export function rowsOfCall(call: LoggedCall, mapping: FieldMapping): readonly (JsonObject | Refusal)[] {
  const inputs = call.request === undefined ? null : requestRows(call.request, mapping.columns);
  const rows = Math.max(1, inputs?.length ?? (call.response === undefined ? 1 : rowsAnswered(call.response)));
  const answers = answersOf(call, rows);
  if (answers instanceof Refusal) return Array.from({ length: rows }, () => answers);
  const shared = {
    ...(call.requestedAt === null ? {} : { timestamp: call.requestedAt }),
    ...(call.latencyMs === null ? {} : { latency_ms: Math.max(0, call.latencyMs) }),
    ...(Object.keys(call.context).length === 0 ? {} : { context: call.context }),
  };
  return answers.map((answer, row) => {
    if (answer instanceof Refusal) return answer;
    const features = inputs?.[row];
    const version = call.modelVersion ?? answer.model_version;
    return {
      ...shared,
      ...answer,
      ...(version === undefined ? {} : { model_version: version }),
      ...(call.id === null ? {} : { prediction_id: rows === 1 ? call.id : `${call.id}#${row}` }),
      ...(features === undefined ? {} : { features: watched(features, mapping) }),
    };
  });
}

function answersOf({ response, failed }: LoggedCall, rows: number): readonly (JsonObject | Refusal)[] | Refusal {
  if (failed === true) return Array.from({ length: rows }, () => ({ error: 'other' }));
  if (response === undefined)
    return new Refusal(
      'no_prediction',
      'response',
      'only the request of this call was logged; log the response as well',
    );
  const plain = unmarked(typeof response === 'string' ? parsedLines(response, rows) : response);
  if (errorInAnswer(plain) !== null) return Array.from({ length: rows }, () => ({ error: 'error_body' }));
  const each = responseRows(plain, rows);
  if (each === null)
    return new Refusal(
      'unaligned',
      'response',
      `${rows} inputs, and not as many answers: which belongs to which is unknown`,
    );
  return each.map((answer) => {
    const { prediction, confidence, modelVersion } = readAnswer(answer);
    if (prediction === null && confidence === null && holdsNoValue(answer)) return { error: 'no_answer' };
    if (prediction === null && confidence === null)
      return new Refusal(
        'no_prediction',
        'response',
        `no prediction was found in the response (fields: ${shapeOf(answer).slice(0, 150)})`,
      );
    return {
      prediction,
      ...(confidence === null ? {} : { confidence }),
      ...(modelVersion === null ? {} : { model_version: modelVersion }),
    };
  });
}

/** Null, or NaN, where the answer should be: the model was called and said nothing that can be used. */
function holdsNoValue(answer: Json): boolean {
  if (isList(answer)) return answer.length > 0 && answer.every(holdsNoValue);
  if (!isObject(answer)) return answer === null;
  const said = ANSWER_LISTS.map((name) => answer[name]).find((value) => value !== undefined);
  return said === undefined ? false : holdsNoValue(said);
}

const parsedLines = (text: string, rows: number): Json => (rows === 1 ? oneLine(text.trim()) : text);
const oneLine = (text: string): Json => (/^[-\d.,eE+ ]+$/.test(text) ? numbersIn(text) : text);
const numbersIn = (text: string): Json => {
  const numbers = text.split(',').map(Number);
  return numbers.length === 1 ? (numbers[0] ?? null) : numbers;
};

/** Inputs that are not to be watched are left out. */
function watched(features: JsonObject, { fields }: FieldMapping): JsonObject {
  if (![...fields.values()].includes('ignore')) return features;
  return Object.fromEntries(Object.entries(features).filter(([name]) => fields.get(name) !== 'ignore'));
}

/** No answer is read from deeper than this. */
const DEEPEST = 32;

/** NaN and ±Infinity as null, marked whole numbers as numbers: what strict JSON could have said. */
function unmarked(value: Json, depth = 0): Json {
  if (typeof value === 'string') {
    const marked = markedNumber(value);
    if (marked === null) return value;
    return Number.isFinite(Number(marked)) ? Number(marked) : null;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return null;
  if (isList(value)) return value.map((inner) => unmarked(inner, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, unmarked(inner, depth + 1)]));
}
