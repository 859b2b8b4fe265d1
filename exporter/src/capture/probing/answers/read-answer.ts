import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { Failure, FailureReason, ModelAnswer, Prediction } from '../../../domain/observation.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import type { AnswerPointers } from '../../../domain/asking.js';
import { readAt } from './pointers.js';
import { errorInAnswer, isHtml, serverWords } from './server-words.js';

/** What was read out of an answer, whatever its format. */
export interface Reading {
  readonly prediction: Prediction;
  readonly confidence: number | null;
  readonly modelVersion: string | null;
}

const CONFIDENCE_NAMES = ['confidence', 'score', 'probability', 'confidence_score', 'prob'];
const DISTRIBUTION_NAMES = [
  'probabilities',
  'probability',
  'probs',
  'proba',
  'scores',
  'confidences',
  'predicted_probabilities',
];
const PREDICTION_NAMES = [
  'prediction',
  'predicted_class',
  'predicted_label',
  'label',
  'class',
  'category',
  'result',
  'output',
  'answer',
  'generated_text',
  'predictions',
  'outputs',
  'value',
];
const VERSION_NAMES = ['model_version', 'version', 'modelVersion'];
/** A lone field of one of these names says how the call went, not what the model thinks. */
const NOT_PREDICTIONS = new Set([
  'error',
  'errors',
  'detail',
  'status',
  ...VERSION_NAMES,
  ...CONFIDENCE_NAMES,
  ...DISTRIBUTION_NAMES,
  'logits',
]);
const LONGEST_TEXT = 200;
const DEEPEST = 6;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Reads prediction and confidence under their usual names. Confidence is null when the model gives none; it is never invented. */
export function readAnswer(value: Json, depth = 0): Reading {
  const nothing: Reading = { prediction: null, confidence: null, modelVersion: null };
  if (depth > DEEPEST) return nothing;
  if (isList(value)) return readList(value, depth);
  if (!isObject(value)) return { ...nothing, prediction: scalar(value) };
  const inner = innerOf(value);
  const nested = inner === null ? nothing : readAnswer(inner, depth + 1);
  const modelVersion = VERSION_NAMES.map((name) => value[name]).find(
    (found) => typeof found === 'string' || typeof found === 'number',
  );
  return {
    prediction: nested.prediction ?? mostProbable(value),
    confidence: confidenceOf(value) ?? nested.confidence,
    modelVersion: modelVersion === undefined ? nested.modelVersion : String(modelVersion).slice(0, 100),
  };
}

function innerOf(value: JsonObject): Json | null {
  for (const name of PREDICTION_NAMES) if (value[name] !== undefined) return value[name];
  if (value.data !== undefined) return value.data;
  const [only, ...others] = Object.entries(value);
  return others.length === 0 && only !== undefined && !NOT_PREDICTIONS.has(only[0]) ? only[1] : null;
}

/** Class name (keys of an object) or index (list) with the highest probability; null without a distribution. */
function mostProbable(value: JsonObject): Prediction {
  for (const name of [...DISTRIBUTION_NAMES, 'logits']) {
    const found = value[name];
    const numbers = distribution(found);
    if (numbers === null || numbers.length < 2) continue;
    const best = numbers.indexOf(Math.max(...numbers));
    return isObject(found) ? (Object.keys(found)[best] ?? null) : best;
  }
  return null;
}

function readList(list: readonly Json[], depth: number): Reading {
  const scored = list.filter(
    (item): item is JsonObject => isObject(item) && typeof item.score === 'number' && item.label !== undefined,
  );
  if (scored.length > 0 && scored.length === list.length) {
    const best = scored.reduce((top, item) => (Number(item.score) > Number(top.score) ? item : top));
    return {
      prediction: scalar(best.label ?? null),
      confidence: unitInterval(Number(best.score), false),
      modelVersion: null,
    };
  }
  const [head] = list;
  if (head === undefined) return { prediction: null, confidence: null, modelVersion: null };
  if (list.length === 1 && isList(head) && isDistribution(head)) {
    const top = Math.max(...head);
    return { prediction: head.indexOf(top), confidence: unitInterval(top, false), modelVersion: null };
  }
  return readAnswer(head, depth + 1);
}

/** At least two numbers in [0, 1] that add up to 1 within rounding: what a softmax layer returns for one row. */
function isDistribution(row: readonly Json[]): row is readonly number[] {
  if (row.length < 2 || !row.every((item) => typeof item === 'number' && item >= 0 && item <= 1 + ROUNDING))
    return false;
  return Math.abs((row as readonly number[]).reduce((sum, share) => sum + share, 0) - 1) <= 1e-3;
}

function confidenceOf(value: JsonObject): number | null {
  for (const name of CONFIDENCE_NAMES) {
    const found = value[name];
    const alone = isList(found) && found.length === 1 ? found[0] : found;
    if (typeof alone === 'number') return unitInterval(alone, name !== 'score');
  }
  for (const name of DISTRIBUTION_NAMES) {
    const found = value[name];
    const numbers = distribution(found);
    if (numbers !== null && numbers.every((share) => share >= 0))
      return unitInterval(Math.max(...numbers), isPercent(numbers));
  }
  const logits = distribution(value.logits);
  if (logits !== null && logits.length > 1) {
    const top = Math.max(...logits);
    return 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
  }
  if (isList(value.confidences)) {
    const best = value.confidences
      .filter(isObject)
      .map((entry) => Number(entry.confidence))
      .filter(Number.isFinite);
    if (best.length > 0) return unitInterval(Math.max(...best), false);
  }
  return null;
}

/** Numbers of a list, of a list's first list, or of an object's values. */
function distribution(value: Json | undefined): readonly number[] | null {
  const list = isList(value) ? (isList(value[0]) ? value[0] : value) : isObject(value) ? Object.values(value) : null;
  if (list === null || list.length === 0 || !list.every((item) => typeof item === 'number')) return null;
  return list;
}

/** Single precision makes 1.0000001 out of 1; that is still certainty and not 1 %. */
const ROUNDING = 1e-3;

/** Shares that add up to 100. */
const isPercent = (numbers: readonly number[]): boolean => Math.abs(numbers.reduce((sum, n) => sum + n, 0) - 100) <= 1;

/** 0–1 as it is; a percentage from 2 to 100 scaled where the name leaves no doubt; anything else is unknown. */
function unitInterval(value: number, mayBePercent: boolean): number | null {
  if (!Number.isFinite(value) || value < 0) return null;
  if (value <= 1 + ROUNDING) return Math.min(value, 1);
  return mayBePercent && value >= 2 && value <= 100 ? value / 100 : null;
}

function scalar(value: Json): Prediction {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Sorted key paths with types; list items share a path. At most 50 paths. */
export function shapeOf(value: Json): string {
  const paths = new Set<string>();
  const walk = (part: Json, path: string, depth: number): void => {
    if (paths.size >= 50 || depth > DEEPEST) return;
    if (isList(part)) {
      if (part.length === 0) paths.add(`${path}[]`);
      for (const item of part.slice(0, 5)) walk(item, `${path}[]`, depth + 1);
    } else if (isObject(part)) {
      for (const [name, item] of Object.entries(part)) walk(item, path === '' ? name : `${path}.${name}`, depth + 1);
    } else paths.add(`${path}:${part === null ? 'null' : typeof part}`);
  };
  walk(value, '', 0);
  return [...paths].sort().join(',').slice(0, 2_000);
}

export function failureAnswer(
  reason: FailureReason,
  detail: string,
  latencySeconds: number,
  httpStatus: number | null = null,
  retryAfterMs: number | null = null,
): ModelAnswer {
  const failure: Failure = { reason, detail: detail.slice(0, 300), httpStatus, retryAfterMs };
  return { kind: 'failure', failure, latencySeconds };
}

const REASONS: Readonly<Record<number, FailureReason>> = {
  400: 'payload_refused',
  401: 'credentials',
  403: 'credentials',
  404: 'not_found',
  405: 'not_found',
  407: 'credentials',
  410: 'not_found',
  413: 'payload_refused',
  415: 'payload_refused',
  422: 'payload_refused',
  429: 'rate_limited',
};

const reasonOf = (status: number): FailureReason =>
  REASONS[status] ?? (status >= 500 ? 'http_5xx' : status >= 400 ? 'http_4xx' : 'moved');

/** What a server that refuses says, with its status. */
function refusalText({ status, headers, body }: HttpAnswer): string {
  const words = serverWords(body);
  const allowed = status === 405 && headers.allow !== undefined ? `, which takes ${headers.allow.slice(0, 60)}` : '';
  const target = headers.location;
  const moved =
    status >= 300 && status < 400
      ? ` (redirects are not followed${target === undefined ? '; give the final address' : `; it points to ${withoutQuery(target)}`})`
      : '';
  return `the server answered ${status}${allowed}${moved}${words === null ? '' : `: “${words}”`}`;
}

/** A redirect's target may carry a token in its query. */
const withoutQuery = (address: string): string =>
  address
    .replace(/[?#].*$/s, '')
    .replace(/\/\/[^/@]*@/, '//')
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, 120);

/** Turns an HTTP answer into a model's answer: status first, then JSON, then an error in it, then a prediction. */
export function modelAnswer(
  answer: HttpAnswer,
  pick: (body: Json) => Json = (body) => body,
  pointers?: AnswerPointers,
): ModelAnswer {
  const { status, latencySeconds } = answer;
  if (status < 200 || status >= 300)
    return failureAnswer(reasonOf(status), refusalText(answer), latencySeconds, status, retryAfterOf(answer));
  let body: Json;
  try {
    body = JSON.parse(answer.body) as Json;
  } catch {
    return failureAnswer('not_json', notJsonText(answer.body), latencySeconds, status);
  }
  const error = errorInAnswer(body);
  if (error !== null)
    return failureAnswer(
      'error_body',
      `the server answered ${status} with an error in it: “${error}”`,
      latencySeconds,
      status,
      retryAfterOf(answer),
    );
  const read = readAnswer(pick(body));
  const reading = pointers === undefined ? read : readAt(body, pointers, read);
  if (reading.prediction === null && reading.confidence === null) {
    return failureAnswer(
      'schema',
      `no prediction was found in the answer (fields: ${shapeOf(body).slice(0, 150)})`,
      latencySeconds,
      status,
    );
  }
  return { kind: 'answer', ...reading, latencySeconds, httpStatus: status, shape: shapeOf(body) };
}

function notJsonText(body: string): string {
  const words = serverWords(body);
  if (!isHtml(body)) return `the answer is not JSON${words === null ? '' : `: “${words}”`}`;
  return `the answer is an HTML page${words === null ? '' : ` (“${words}”)`}, not JSON`;
}

/** Seconds or a date in Retry-After, or Hugging Face's `estimated_time` in the body. At most an hour. */
export function retryAfterOf(answer: HttpAnswer): number | null {
  const header = answer.headers['retry-after'];
  const limit = (ms: number): number | null => (Number.isFinite(ms) && ms > 0 ? Math.min(ms, 3_600_000) : null);
  if (header !== undefined)
    return limit(
      /^\d+(\.\d+)?$/.test(header)
        ? Number(header) * 1_000
        : Date.parse(header) - Date.parse(answer.headers.date ?? ''),
    );
  if (answer.status !== 503 && answer.status !== 200) return null;
  try {
    const body = JSON.parse(answer.body) as Json;
    return isObject(body) && typeof body.estimated_time === 'number' ? limit(body.estimated_time * 1_000) : null;
  } catch {
    return null;
  }
}
