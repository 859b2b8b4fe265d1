import { isObject, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { HttpAnswer } from '../../../domain/ports.js';
import { readAnswer } from './reading.js';
import { errorInAnswer } from './server-words.js';

/** What a server gives that answers later: where to ask how far it is, and where the answer is fetched then. */
export interface Receipt {
  readonly statusUrl: string;
  /** Where the status does not hold the answer. */
  readonly resultUrl: string | null;
  /** Whether the server says the address; else it is the usual one. */
  readonly isTold: boolean;
}

const ID_NAMES = ['id', 'task_id', 'taskId', 'job_id', 'jobId', 'request_id', 'requestId', 'prediction_id', 'event_id'];
const STATUS_ADDRESSES = ['status_url', 'statusUrl', 'poll_url', 'polling_url'];
const RESULT_ADDRESSES = ['response_url', 'result_url', 'resultUrl', 'output_url'];
const PENDING =
  /^(starting|started|pending|queued|in[ _-]?queue|in[ _-]?progress|processing|running|accepted|submitted|created|scheduled|waiting|booting)$/i;

const textAt = (body: JsonObject, names: readonly string[]): string | null =>
  names.flatMap((name) => (typeof body[name] === 'string' && body[name] !== '' ? [body[name]] : []))[0] ?? null;

/** Whether the work that a response tells of goes on. */
function isPending({ body }: Pick<HttpAnswer, 'body'>): boolean {
  const told = objectIn(body);
  return told !== null && PENDING.test(textAt(told, ['status', 'state']) ?? '');
}

function objectIn(text: string): JsonObject | null {
  try {
    const parsed: Json = parseJson(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/**
 * The receipt of a server that answers later (Replicate and Cog, Cortex, BentoML's tasks, queues that answer 202 with a `Location`);
 * null for an answer, and where it points to another server.
 */
export function receiptIn(answer: HttpAnswer, url: string): Receipt | null {
  const { status } = answer;
  const body = objectIn(answer.body);
  if (status < 200 || status > 202 || (body === null && status !== 202)) return null;
  const told = body ?? {};
  if (errorInAnswer(told) !== null || hasAnswer(told)) return null;
  const isGoingOn = status === 202 || isPending(answer);
  const id = textAt(told, ID_NAMES);
  const addresses = toldAddresses(told, answer.headers);
  if (addresses !== null && (id !== null || isGoingOn)) return onSameServer(addresses, url);
  const isReceipt = isGoingOn || Object.keys(told).length === 1;
  return id === null || !isReceipt ? null : onSameServer(usualAddresses(url, id), url);
}

function toldAddresses(told: JsonObject, headers: HttpAnswer['headers']): Receipt | null {
  const { urls = null } = told;
  const statusUrl =
    (isObject(urls) ? textAt(urls, ['get']) : null) ??
    textAt(told, STATUS_ADDRESSES) ??
    headers.location ??
    headers['operation-location'] ??
    null;
  const resultUrl = textAt(told, RESULT_ADDRESSES);
  if (statusUrl !== null) return { statusUrl, resultUrl, isTold: true };
  return resultUrl === null ? null : { statusUrl: resultUrl, resultUrl: null, isTold: true };
}

function hasAnswer(body: JsonObject): boolean {
  const { prediction, confidence } = readAnswer(body);
  return prediction !== null || confidence !== null;
}

/** Below the address that was asked; of BentoML's tasks beside it. */
function usualAddresses(url: string, id: string): Receipt {
  const [address = url] = url.split(/[?#]/);
  const task = /^(.*)\/submit\/?$/.exec(address)?.[1];
  const named = encodeURIComponent(id);
  if (task === undefined)
    return { statusUrl: `${address.replace(/\/$/, '')}/${named}`, resultUrl: null, isTold: false };
  return {
    statusUrl: `${task}/status?task_id=${named}`,
    resultUrl: `${task}/get?task_id=${named}`,
    isTold: false,
  };
}

/** What is sent with every call is given for one server. */
function onSameServer({ statusUrl, resultUrl, isTold }: Receipt, url: string): Receipt | null {
  const addresses = [statusUrl, ...(resultUrl === null ? [] : [resultUrl])];
  const isThere = (address: string): boolean =>
    URL.canParse(address, url) && new URL(address, url).origin === new URL(url).origin;
  if (!addresses.every(isThere)) return null;
  return {
    statusUrl: new URL(statusUrl, url).href,
    resultUrl: resultUrl === null ? null : new URL(resultUrl, url).href,
    isTold,
  };
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** How a call ended whose answer was waited for, and how long that took in all. */
export type Awaited =
  | { readonly kind: 'answered'; readonly answer: HttpAnswer }
  /** Nothing is there: it was no receipt. */
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'late'; readonly latencySeconds: number };

/**
 * Asks for the answer until it is there, ever less often.
 * @param get asks an address within a time
 */
export async function awaitAnswer(
  receipt: Receipt,
  submitted: HttpAnswer,
  timeoutMs: number,
  get: (url: string, timeoutMs: number) => Promise<HttpAnswer | null>,
  sleep: (ms: number) => Promise<void>,
): Promise<Awaited> {
  let spentMs = submitted.latencySeconds * 1_000;
  const asked = async (url: string): Promise<HttpAnswer | null> => {
    const answer = await get(url, Math.max(1, timeoutMs - spentMs));
    spentMs += (answer?.latencySeconds ?? 0) * 1_000;
    return answer;
  };
  const ended = (answer: HttpAnswer): Awaited => ({
    kind: 'answered',
    answer: { ...answer, latencySeconds: spentMs / 1_000 },
  });
  for (let waitMs = FIRST_WAIT_MS; spentMs < timeoutMs; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 1.5)) {
    const answer = await asked(receipt.statusUrl);
    if (answer === null) break;
    if (answer.status >= 400 && !receipt.isTold) return { kind: 'nowhere' };
    const next = answer.status >= 300 && answer.status < 400 ? redirected(answer, receipt) : null;
    if (next !== null) return fetched(await asked(next), ended);
    if (!isPending(answer) && answer.status !== 202) {
      const isHere = receipt.resultUrl === null || answer.status >= 300 || holdsEnd(answer);
      return isHere ? ended(answer) : fetched(await asked(receipt.resultUrl), ended);
    }
    const leftMs = Math.max(0, timeoutMs - spentMs);
    await sleep(Math.min(waitMs, leftMs));
    spentMs += Math.min(waitMs, leftMs);
  }
  return { kind: 'late', latencySeconds: spentMs / 1_000 };
}

const fetched = (answer: HttpAnswer | null, ended: (answer: HttpAnswer) => Awaited): Awaited =>
  answer === null ? { kind: 'nowhere' } : ended(answer);

/** A status that is over points to its result (303). */
function redirected({ headers }: HttpAnswer, { statusUrl }: Receipt): string | null {
  const { location } = headers;
  return location === undefined
    ? null
    : (onSameServer({ statusUrl: location, resultUrl: null, isTold: true }, statusUrl)?.statusUrl ?? null);
}

/** The answer, or the reason why there is none. */
function holdsEnd({ body }: HttpAnswer): boolean {
  const told = objectIn(body);
  return told === null || hasAnswer(told) || errorInAnswer(told) !== null;
}
