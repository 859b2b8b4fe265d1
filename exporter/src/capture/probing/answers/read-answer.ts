import { isObject } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import type { Failure, FailureReason, ModelAnswer } from '../../../domain/observation.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import { readAnswer, readFrom } from './reading.js';

const DEEPEST = 6;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

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

/** Turns an HTTP answer into a model's answer: status first, then JSON, then a prediction in it. */
export function modelAnswer(answer: HttpAnswer, pick: (body: Json) => Json = (body) => body): ModelAnswer {
  const { status, latencySeconds } = answer;
  if (status < 200 || status >= 300) {
    const reason: FailureReason = status >= 500 ? 'http_5xx' : 'http_4xx';
    const moved = status >= 300 && status < 400 ? ' (redirects are not followed; give the final address)' : '';
    return failureAnswer(reason, `the server answered ${status}${moved}`, latencySeconds, status, retryAfterOf(answer));
  }
  let body: Json;
  try {
    body = JSON.parse(answer.body) as Json;
  } catch {
    return failureAnswer('not_json', 'the answer is not JSON', latencySeconds, status);
  }
  const picked = pick(body);
  const reading = readAnswer(picked);
  if (reading.prediction === null && reading.confidence === null) {
    return failureAnswer(
      'schema',
      `no prediction was found in the answer (fields: ${shapeOf(body).slice(0, 150)})`,
      latencySeconds,
      status,
    );
  }
  return {
    kind: 'answer',
    ...reading,
    latencySeconds,
    httpStatus: status,
    shape: shapeOf(body),
    from: readFrom(picked),
  };
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
  if (answer.status !== 503) return null;
  try {
    const body = JSON.parse(answer.body) as Json;
    return isObject(body) && typeof body.estimated_time === 'number' ? limit(body.estimated_time * 1_000) : null;
  } catch {
    return null;
  }
}
