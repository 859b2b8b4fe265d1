import { reasonOfStatus } from '../../domain/http-status.js';
import { FAILURE_REASONS, type Failure, type FailureReason } from '../../domain/observation.js';

/** What is read of a text: an error begins with what it is. */
const LONGEST_READ = 200;
/** `401`, `http_401`, `HTTP/1.1 503 …`, `status=422`, `HTTPError: 429 Client Error`; no quantity such as `500 ms`. */
const STATUS =
  /^\W*(?:(?:http(?:\/\d(?:\.\d)?)?|https?[ _-]?error|status(?:[ _-]?code)?|error(?:[ _-]?code)?|code)[\s_:=#-]*){0,2}([45]\d\d)(?![\d.,])(?!\s*(?:%|[mµun]?s\b|sec|min|rows|bytes|[kmg]?b\b))/i;
/** Words that leave no choice, as clients and servers write them. */
const WORDS: readonly (readonly [RegExp, FailureReason])[] = [
  [/time[ _-]?d?[ _-]?out|deadline[ _-]?exceeded/i, 'timeout'],
  [/too[ _-]?many[ _-]?requests|rate[ _-]?limit/i, 'rate_limited'],
  [/\bunauthori[sz]ed|\bunauthenticated|\bforbidden/i, 'credentials'],
  [/connection[ _-]?(?:refused|reset)|econnre(?:fused|set)/i, 'connect'],
];

/** What the sender logged as a failure. A form mlfi does not know is `other`: no cause is invented. */
export function loggedFailure(value: unknown): Failure {
  const known = FAILURE_REASONS.find((reason): reason is FailureReason => reason === value);
  if (known === 'no_answer') return unusableAnswer();
  if (known !== undefined) return failed(known, null);
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).slice(0, LONGEST_READ) : '';
  const status = Number(STATUS.exec(text)?.[1] ?? 0);
  if (status !== 0) return failed(reasonOfStatus(status), status);
  return failed(WORDS.find(([words]) => words.test(text))?.[1] ?? 'other', null);
}

/** The failure of a call whose response came and holds nothing to use. */
export const unusableAnswer = (): Failure => ({
  ...failed('no_answer', null),
  detail: 'NaN, infinite, null or empty',
});

const failed = (reason: FailureReason, httpStatus: number | null): Failure => ({
  reason,
  detail: 'logged by the sender as failed',
  httpStatus,
  retryAfterMs: null,
});
