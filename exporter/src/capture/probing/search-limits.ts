import type { Failure } from '../../domain/observation.js';
import type { HttpClient } from '../../domain/ports.js';
import { modelAnswer } from './answers/read-answer.js';

/** Of all calls of one search together; one that has begun may end. Whoever registers a model waits so long. */
const LONGEST_SEARCH_SECONDS = 30;
/** Reads of a server that takes them and says nothing. */
const MOST_SILENT_READS = 2;

const unasked = (detail: string): Failure => ({ reason: 'timeout', detail, httpStatus: null, retryAfterMs: null });
const OVERDUE = unasked(`the search for how to ask it took ${LONGEST_SEARCH_SECONDS} s, and was ended`);
const SILENT = unasked(`no document that describes it: ${MOST_SILENT_READS} reads (GET) got no answer in time`);

/** Whether a call was not made any more because of the time that those before it took. */
export const isOverdue = ({ detail }: Failure): boolean => detail === OVERDUE.detail;

/** What one search for how a model is asked may still do. */
export interface LimitedSearch {
  readonly http: HttpClient;
  /** Why nothing more is asked; null while something may be. */
  readonly limit: () => Failure | null;
  /** What was left out on the way, for people. */
  readonly leftOut: () => readonly string[];
}

/**
 * Ends a search by itself: a host that limits calls, or is loading, is asked nothing more, nor one whose answers took too long
 * together; one that leaves two reads without an answer is sent no further ones.
 */
export function limitedSearch(inner: HttpClient): LimitedSearch {
  let limit: Failure | null = null;
  let seconds = 0;
  let silentReads = 0;
  const refusal = (method: string): Failure | null =>
    limit ?? (method === 'GET' && silentReads >= MOST_SILENT_READS ? SILENT : null);
  const http: HttpClient = {
    async call(request) {
      const failure = refusal(request.method);
      if (failure !== null) return { kind: 'failure', failure, latencySeconds: 0, unsent: true };
      const answer = await inner.call(request);
      const read = limitIn(answer);
      seconds += answer.latencySeconds;
      if (request.method === 'GET' && read?.reason === 'timeout') silentReads += 1;
      if (read !== null && (read.reason === 'rate_limited' || read.retryAfterMs !== null)) limit = read;
      else if (seconds >= LONGEST_SEARCH_SECONDS) limit ??= OVERDUE;
      return answer;
    },
  };
  const leftOut = (): string[] => [
    ...(silentReads >= MOST_SILENT_READS ? [SILENT.detail] : []),
    ...(limit === OVERDUE ? [OVERDUE.detail] : []),
  ];
  return { http, limit: () => limit, leftOut };
}

function limitIn(answer: Awaited<ReturnType<HttpClient['call']>>): Failure | null {
  if (answer.kind === 'failure') return answer.failure;
  if (answer.status !== 429 && answer.status !== 503) return null;
  const read = modelAnswer(answer);
  return read.kind === 'failure' ? read.failure : null;
}
