import type { Generation } from './generation.js';

/** Why a call to a model gave no usable answer. */
export const FAILURE_REASONS = [
  'dns',
  'connect',
  /** The server's certificate is not accepted: unknown issuer, other host, not valid any more. */
  'certificate',
  'tls',
  /** The port speaks gRPC, or HTTP/2 alone, and mlfi asks by HTTP/1.1. */
  'not_http',
  'timeout',
  /** HTTP 401, 403, 407. */
  'credentials',
  /** HTTP 404, 405, 410: nothing to ask at this path, or not in this way. */
  'not_found',
  /** HTTP 3xx. */
  'moved',
  /** HTTP 429: a limit on calls, mlfi's own among them; no failure of the model. */
  'rate_limited',
  /** HTTP 400, 413, 415, 422: what was sent is not what it takes. */
  'payload_refused',
  /** The other 4xx. */
  'http_4xx',
  'http_5xx',
  /** A response that says "success" and holds an error. */
  'error_body',
  /** A response where the prediction should be that holds none: NaN, infinite, null or empty. */
  'no_answer',
  'not_json',
  'schema',
  'too_large',
  'blocked',
  /** The sender logged a failure and did not say of which kind. */
  'other',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

const FAILURE_WORDS: Readonly<Record<FailureReason, string>> = {
  dns: 'host name not resolved',
  connect: 'no connection',
  certificate: 'certificate not accepted',
  tls: 'TLS failure',
  not_http: 'gRPC instead of HTTP',
  timeout: 'timeout',
  credentials: 'credentials refused',
  not_found: 'nothing at its path',
  moved: 'redirect to another address',
  rate_limited: 'limit on calls',
  payload_refused: 'payload refused',
  http_4xx: 'HTTP 4xx error',
  http_5xx: 'HTTP 5xx error',
  error_body: 'error in a successful response',
  no_answer: 'no usable prediction in the response',
  not_json: 'response is not JSON',
  schema: 'response of another schema',
  too_large: 'response too large',
  blocked: 'blocked by the egress policy',
  other: 'failure of another kind',
};
const isFailureReason = (reason: string): reason is FailureReason => Object.hasOwn(FAILURE_WORDS, reason);

/** A reason for a failure as it reads in a sentence. */
export const failureText = (reason: string): string =>
  isFailureReason(reason) ? FAILURE_WORDS[reason] : FAILURE_WORDS.other;

export interface Failure {
  readonly reason: FailureReason;
  /** For people: at most 300 characters, no secrets; of a response only the server's own message (`serverWords`). */
  readonly detail: string;
  readonly httpStatus: number | null;
  /** Set when the server asked to wait (Retry-After, Hugging Face `estimated_time`). */
  readonly retryAfterMs: number | null;
}

/** A raw input value. Lives in process memory only. */
export type FeatureValue = number | string | boolean | null;
export type Features = Readonly<Record<string, FeatureValue>>;

/** How many features a row has; makes no list of them, as `Object.keys` does. */
export function featureCount(features: Features | null): number {
  let count = 0;
  for (const name in features) if (features[name] !== undefined) count += 1;
  return count;
}

/** What a row is about besides the model's inputs (region, customer group, release channel), by column name. */
export type RowContext = Readonly<Record<string, string>>;

/** What a model said: a class, a number, a text, or nothing readable. */
export type Prediction = number | string | boolean | null;

/** `probe`: generated payload · `golden`: fixed payload · `ingest`: somebody's logged prediction. */
export type ObservationSource = 'probe' | 'golden' | 'ingest';

/** One call or one logged prediction. Null means "not given", never a default. */
export interface Observation {
  readonly atMs: number;
  readonly source: ObservationSource;
  readonly predictionId: string | null;
  readonly goldenId: string | null;
  readonly features: Features | null;
  readonly prediction: Prediction;
  /** 0–1, or null when the model gives none. */
  readonly confidence: number | null;
  readonly latencySeconds: number | null;
  /** Status of the HTTP answer to a probe; absent for logged predictions and where no HTTP answer came. */
  readonly httpStatus?: number;
  readonly failure: Failure | null;
  readonly label: Prediction;
  readonly modelVersion: string | null;
  /** Absent or null when the row names none. Process memory only. */
  readonly context?: RowContext | null;
  /** What a language model wrote to a golden input; absent for any other answer. Process memory only. */
  readonly generatedText?: string;
}

/** A label that arrived later. */
export interface LateLabel {
  readonly atMs: number;
  readonly predictionId: string;
  readonly label: Exclude<Prediction, null>;
}

/** One probability beside an answer: that of the answer, of yes, or of something else; more answers tell. */
export interface LoneShare {
  /** As it stands there; null outside 0–1. */
  readonly share: number | null;
  /** A JSON pointer. */
  readonly at: string;
}

/** A connector's result: what was said, or why nothing was. `raw` never leaves process memory. */
export type ModelAnswer =
  | {
      readonly kind: 'answer';
      readonly prediction: Prediction;
      readonly confidence: number | null;
      readonly modelVersion: string | null;
      readonly latencySeconds: number;
      /** Absent where a protocol of several calls has no status of its own. */
      readonly httpStatus?: number;
      /** Sorted key paths with types of the answer, e.g. `confidence:number,label:string`; changes reveal a new schema. */
      readonly shape: string;
      /** Where prediction and confidence were found, for people; absent or null where it was not noted. */
      readonly from?: string | null;
      /** Of a language model; absent for any other. */
      readonly generation?: Generation;
      /** All that was answered is a few words in plain text. */
      readonly isLoneText?: boolean;
      /** Where the empty list stands in an answer that holds nothing else; absent for any other. */
      readonly noneAt?: string;
      /** All of it is what was sent, too: of a model that left its input as it is, or of a server that repeats whatever it is sent. */
      readonly repeats?: true;
      /** The probability beside the answer where it may be of something else; absent where there is none. */
      readonly loneShare?: LoneShare;
    }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly latencySeconds: number };

/** The certificate of a server: how long it is valid. */
export interface ServerCertificate {
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** One call or logged prediction with the shape of its answer. */
export interface Sample {
  readonly observation: Observation;
  readonly shape: string | null;
  /** Of the server that was asked; absent where none was shown. */
  readonly certificate?: ServerCertificate;
  /** Where in the answer prediction and confidence were found, for people; absent where it was not noted. */
  readonly readFrom?: string;
}

const SPELLED_NUMBER = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPELLED_INTEGER = /^[+-]?(?:0|[1-9]\d*)(?:\.0*)?$/;
const SPELLED_BOOLEAN = new Map([
  ['true', 1],
  ['yes', 1],
  ['false', 0],
  ['no', 0],
]);
/** Digits in which a 32-bit float and the same number as text agree. */
const FLOAT32_DIGITS = 7;

/** The number an answer is, also when it was sent as text; null for anything else (`"007"` and `"yes"` are no numbers). */
export function quantityOf(answer: Prediction): number | null {
  if (typeof answer === 'number') return Number.isFinite(answer) ? answer : null;
  if (typeof answer !== 'string') return null;
  const text = answer.trim();
  if (!SPELLED_NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/**
 * Canonical text of an answer, for hashing and for comparing it with a label: `1`, `1.0`, `"1"`, `true` and `" Yes"` are
 * one, integers keep all their digits, other numbers 7 of them (a 32-bit float widened to 64 bits differs after that),
 * texts are trimmed and in Unicode's composed form; letters keep their case, for `a` and `A` may be two classes.
 */
export function answerText(answer: Exclude<Prediction, null>): string {
  if (typeof answer === 'boolean') return `number:${answer ? 1 : 0}`;
  if (typeof answer === 'number') return `number:${numberText(answer)}`;
  const text = answer.trim();
  const spelled = SPELLED_BOOLEAN.get(text.toLowerCase());
  if (spelled !== undefined) return `number:${spelled}`;
  if (SPELLED_INTEGER.test(text)) return `number:${integerText(text)}`;
  const value = quantityOf(text);
  return value === null ? `text:${text.normalize('NFC')}` : `number:${numberText(value)}`;
}

/** True when a label says what the prediction said, however either is spelled; nothing equals a missing answer. */
export function sameAnswer(prediction: Prediction, label: Prediction): boolean {
  return prediction !== null && label !== null && answerText(prediction) === answerText(label);
}

/** True when the label says otherwise than the answer; null without answer or label. */
export const isWrong = ({ prediction, label }: Pick<Observation, 'prediction' | 'label'>): boolean | null =>
  prediction === null || label === null ? null : !sameAnswer(prediction, label);

function numberText(value: number): string {
  return Number.isInteger(value)
    ? integerText(BigInt(value).toString())
    : String(Number(value.toPrecision(FLOAT32_DIGITS)));
}

function integerText(digits: string): string {
  return BigInt(digits.replace(/^\+/, '').replace(/\.0*$/, '')).toString();
}

/** Numbers are compared to 6 significant digits: a regression's answer may differ in the last bits without having changed. */
export function goldenText(prediction: Prediction): string {
  return typeof prediction === 'number' ? `number:${Number(prediction.toPrecision(6))}` : `text:${String(prediction)}`;
}
