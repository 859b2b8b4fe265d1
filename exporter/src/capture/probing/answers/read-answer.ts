import { reasonOfStatus } from '../../../domain/http-status.js';
import { isObject, parseJson } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import type { Failure, FailureReason, ModelAnswer } from '../../../domain/observation.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import type { AnswerPointers } from '../../../domain/asking.js';
import { isCredential } from './credential-like.js';
import { emptyListIn, emptyOnTheWay, NONE_FOUND, saysMissing } from './empty-list.js';
import { generationOf } from './generation.js';
import { nullPredictionAt } from './no-value.js';
import { notJsonText } from './not-json.js';
import { leadingNowhere, readAt, readAtText } from './pointers.js';
import { readWithPlaces } from './reading.js';
import { errorInAnswer, isHtml, serverWords, wordsBeside } from './server-words.js';
import { asksToSignIn, type CalledAnswer } from './sign-in.js';
import { bodyOf, type Body } from './streamed.js';
import { withoutInputs } from './without-inputs.js';

const DEEPEST = 6;
const MOST_PATHS = 50;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Sorted key paths with types; list items share a path. At most 50 paths. */
export function shapeOf(value: Json): string {
  const paths = new Set<string>();
  const walk = (part: Json, path: string, depth: number): void => {
    if (paths.size >= MOST_PATHS || depth > DEEPEST) return;
    if (isList(part)) {
      if (part.length === 0) paths.add(`${path}[]`);
      for (const item of part.slice(0, 5)) walk(item, `${path}[]`, depth + 1);
    } else if (isObject(part)) {
      for (const name of Object.keys(part).slice(0, MOST_PATHS))
        walk(part[name] ?? null, path === '' ? name : `${path}.${name}`, depth + 1);
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

const reasonOf = (answer: CalledAnswer): FailureReason => {
  if (asksToSignIn(answer)) return 'credentials';
  return reasonOfStatus(answer.status);
};

/** What a server that refuses says, with its status. */
function refusalText(answer: CalledAnswer): string {
  const { status, headers, body } = answer;
  const words = serverWords(body);
  const allowed = status === 405 && headers.allow !== undefined ? `, which takes ${headers.allow.slice(0, 60)}` : '';
  const target = headers.location;
  if (asksToSignIn(answer))
    return `the server answered ${status}: it asks to sign in, at ${withoutQuery(target ?? '')}`;
  if (pointsToItself(answer)) return `the server answered ${status}: it redirects the address to itself`;
  const moved =
    status >= 300 && status < 400
      ? ` (redirects are not followed${target === undefined ? '; give the final address' : `; it points to ${withoutQuery(target)}`})`
      : '';
  const asked = status === 401 ? askedScheme(headers['www-authenticate']) : '';
  return `the server answered ${status}${allowed}${asked}${moved}${words === null ? '' : `: “${words}”`}`;
}

/** The scheme of a challenge (RFC 9110 §11.6.1), whose parameters are nobody's business here. */
function askedScheme(challenge: string | undefined): string {
  const [, scheme] = /^\s*(basic|bearer|digest|negotiate)\b/i.exec(challenge ?? '') ?? [];
  return scheme === undefined ? '' : ` and asks for ${SCHEMES[scheme.toLowerCase()] ?? scheme}`;
}
const SCHEMES: Readonly<Record<string, string>> = {
  basic: 'a user and a password (Basic)',
  bearer: 'a token (Bearer)',
  digest: 'Digest, which mlfi does not speak',
  negotiate: 'Negotiate (Kerberos), which mlfi does not speak',
};

/** A redirect to the very address that was called, which nobody can follow. */
const pointsToItself = ({ status, headers: { location }, calledUrl }: CalledAnswer): boolean =>
  status >= 300 &&
  status < 400 &&
  location !== undefined &&
  calledUrl !== undefined &&
  URL.canParse(location, calledUrl) &&
  new URL(location, calledUrl).href === new URL(calledUrl).href;

/** A redirect's target may carry a token in its query. */
const withoutQuery = (address: string): string =>
  address
    .replace(/[?#].*$/s, '')
    .replace(/\/\/[^/@]*@/, '//')
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, 120);

/**
 * Turns an HTTP answer into a model's answer: status first, then JSON, then an error in it, then a prediction.
 * @param payload what was sent: where it is repeated it is no answer
 */
export function modelAnswer(
  answer: CalledAnswer,
  pick: (body: Json) => Json = (body) => body,
  pointers?: AnswerPointers,
  payload: Json = null,
): ModelAnswer {
  const { status, latencySeconds } = answer;
  if ((answer.headers['content-type'] ?? '').startsWith('application/grpc'))
    return failureAnswer('not_http', 'the server answered by gRPC, and mlfi asks with JSON', latencySeconds, status);
  if (status < 200 || status >= 300)
    return failureAnswer(reasonOf(answer), refusalText(answer), latencySeconds, status, retryAfterOf(answer));
  let read: Body;
  try {
    read = bodyOf(answer);
  } catch {
    if (pointers?.prediction !== '' || isHtml(answer.body))
      return failureAnswer('not_json', notJsonText(answer), latencySeconds, status);
    // The operator says that the whole body is the prediction, whatever it looks like.
    read = { body: answer.body.trim(), firstWordsSeconds: null };
  }
  return readBody(answer, read, pick, pointers, payload);
}

/** What stands in the body of an answer whose status is of success. */
function readBody(
  answer: HttpAnswer,
  read: Body,
  pick: (body: Json) => Json,
  pointers: AnswerPointers | undefined,
  payload: Json,
): ModelAnswer {
  const { status, latencySeconds } = answer;
  const error = errorInAnswer(read.body);
  if (error !== null)
    return failureAnswer(
      'error_body',
      `the server answered ${status} with an error in it: “${error}”`,
      latencySeconds,
      status,
      retryAfterOf(answer),
    );
  const picked = withoutInputs(pick(read.body), payload);
  if (picked === undefined && pointers?.prediction === undefined) {
    const whole = readPicked(answer, read, pick(read.body), pointers, payload);
    return whole.kind === 'failure' ? repeated(whole.latencySeconds, status) : { ...whole, repeats: true };
  }
  return readPicked(answer, read, picked ?? null, pointers, payload);
}

/** @param picked the part of the body in which a prediction may be */
function readPicked(
  answer: HttpAnswer,
  { body, firstWordsSeconds, isLoneText }: Body,
  picked: Json,
  pointers: AnswerPointers | undefined,
  payload: Json,
): ModelAnswer {
  const { status, latencySeconds } = answer;
  const [found, places, loneShare] = readWithPlaces(picked);
  const generation = generationOf(picked, firstWordsSeconds);
  // A language model that wrote nothing has answered: with nothing.
  const reading =
    pointers === undefined
      ? { ...found, prediction: found.prediction ?? generation?.text ?? null }
      : readAt(body, pointers, found);
  const nowhere = leadingNowhere(body, pointers?.prediction);
  if (nowhere !== null || (reading.prediction === null && reading.confidence === null))
    return nothingRead(answer, body, picked, nowhere, reading.modelVersion, payload);
  if (generation === null && typeof reading.prediction === 'string' && isCredential(reading.prediction))
    return failureAnswer('schema', CREDENTIAL_IN_ANSWER, latencySeconds, status);
  const isOpen = loneShare !== undefined && pointers?.confidence === undefined;
  return {
    kind: 'answer',
    ...reading,
    latencySeconds,
    httpStatus: status,
    shape: generation === null ? shapeOf(body) : envelopeOf(body),
    from: pointers === undefined ? places : readAtText(body, pointers, places),
    ...(generation === null ? {} : { generation }),
    ...(isLoneText === true ? { isLoneText: true } : {}),
    ...(isOpen ? { loneShare } : {}),
  };
}

/** @param nowhere the pointer at which there is nothing; null where none was given, or there is something */
function nothingRead(
  answer: HttpAnswer,
  body: Json,
  picked: Json,
  nowhere: string | null,
  modelVersion: string | null,
  payload: Json,
): ModelAnswer {
  const noneAt = nowhere === null ? emptyListIn(picked) : emptyOnTheWay(body, nowhere);
  if (noneAt !== null && !saysMissing(body, noneAt)) return noneFound(answer, noneAt, modelVersion);
  const words = nowhere === null ? wordsBeside(picked, payload) : null;
  const nullAt = nowhere === null ? nullPredictionAt(picked) : null;
  if (nullAt !== null) {
    const because = words === null ? '' : `, and the server says “${words}”`;
    const isNull = `the prediction at ${nullAt} is null${because}`;
    return failureAnswer('no_answer', isNull, answer.latencySeconds, answer.status);
  }
  const where = nowhere === null ? 'in the answer' : `at ${nowhere}, as given,`;
  const said = words === null ? '' : `, which says “${words}”`;
  const detail = `no prediction was found ${where}${said} (fields: ${shapeOf(body).slice(0, 150)})`;
  return failureAnswer('schema', detail, answer.latencySeconds, answer.status);
}

/** A model that looks for something, and found none of it, has answered. */
const noneFound = (answer: HttpAnswer, noneAt: string, modelVersion: string | null): ModelAnswer => ({
  kind: 'answer',
  prediction: NONE_FOUND,
  confidence: null,
  modelVersion,
  latencySeconds: answer.latencySeconds,
  httpStatus: answer.status,
  shape: '',
  noneAt,
});

const repeated = (latencySeconds: number, status: number): ModelAnswer =>
  failureAnswer('schema', `${REPEATS}, and nothing else`, latencySeconds, status);

/** The answer, but a failure where all of it is what was sent. */
export const unlessAllSent = (answer: ModelAnswer): ModelAnswer =>
  answer.kind === 'answer' && answer.repeats === true
    ? repeated(answer.latencySeconds, answer.httpStatus ?? 200)
    : answer;

/** How the failure of a server that only repeats what it was sent begins: it would do so with anything else. */
export const REPEATS = 'the answer repeats what it was sent';

const CREDENTIAL_IN_ANSWER =
  'what stands where a prediction would be looks like a credential: it is no prediction, and is not kept';

/** What a language model says is of many shapes (a text, a refusal, calls of tools): its answer is one as long as what is around it is. */
const envelopeOf = (body: Json): string => (isObject(body) ? Object.keys(body).sort().join(',').slice(0, 2_000) : '[]');

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
    const body = parseJson(answer.body);
    return isObject(body) && typeof body.estimated_time === 'number' ? limit(body.estimated_time * 1_000) : null;
  } catch {
    return null;
  }
}
