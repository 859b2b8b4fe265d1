import type { Clock, HttpAnswer, HttpClient } from '../../domain/ports.js';

/** Asks as often as the hosts allow. */
export interface PoliteHttpClient extends HttpClient {
  /** How long the host of the address wants to be left alone from now on; 0 when it may be asked. */
  restMs(url: string): number;
}

const LONGEST_REST_MS = 3_600_000;
/** Of a host that limits calls and does not say how long: doubled until it answers well, and no longer than a minute. */
const FIRST_REST_MS = 1_000;
const LONGEST_UNSAID_REST_MS = 60_000;
const REMAINING = /^((?:x-)?ratelimit-)remaining(.*)$/;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A number of seconds from here on is a time since 1970: 2001-09-09. */
const SECONDS_SINCE_1970 = 1e9;
const MILLISECONDS_SINCE_1970 = 1e12;

/**
 * Keeps the limits that hosts state, for everyone who asks them through this client: a host that answered 429, or said that
 * nothing remains, is left alone until its limit starts anew, or for a while where it does not say when. Whoever asks meanwhile gets
 * a failure that was never sent.
 */
export function politeHttp(http: HttpClient, clock: Pick<Clock, 'now'>): PoliteHttpClient {
  const restUntil = new Map<string, number>();
  const unsaidRestMs = new Map<string, number>();
  const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);
  const restMs = (url: string): number => {
    const host = hostOf(url);
    const leftMs = (restUntil.get(host) ?? 0) - clock.now();
    if (leftMs <= 0) restUntil.delete(host);
    return Math.max(0, leftMs);
  };
  const keep = (host: string, answer: HttpAnswer): void => {
    const nowMs = clock.now();
    const saidMs = limitMs(answer, nowMs);
    if (saidMs > 0) restUntil.set(host, nowMs + saidMs);
    if (answer.status < 400) unsaidRestMs.delete(host);
    // Calls that were on their way when the rest began say nothing new.
    if (answer.status !== 429 || saidMs > 0 || (restUntil.get(host) ?? 0) > nowMs) return;
    const before = unsaidRestMs.get(host);
    const waitMs = before === undefined ? FIRST_REST_MS : Math.min(2 * before, LONGEST_UNSAID_REST_MS);
    unsaidRestMs.set(host, waitMs);
    restUntil.set(host, nowMs + waitMs);
  };
  return {
    restMs,
    async call(request) {
      const leftMs = restMs(request.url);
      if (leftMs > 0) {
        const seconds = Math.ceil(leftMs / 1_000);
        const detail = `the host asked to be left alone for ${seconds} s more, because of a limit on calls`;
        const failure = { reason: 'rate_limited', detail, httpStatus: null, retryAfterMs: leftMs } as const;
        return { kind: 'failure', failure, latencySeconds: 0, unsent: true };
      }
      const answer = await http.call(request);
      if (answer.kind === 'answer') keep(hostOf(request.url), answer);
      return answer;
    },
  };
}

/**
 * How long an answer asks its host to be left alone: Retry-After of a 429, and the limits of which nothing remains, as the IETF
 * drafts (`RateLimit`, `RateLimit-Remaining` …) and the OpenAI family (`x-ratelimit-remaining-requests` …) write them. At most an
 * hour; 0 when it may be asked again at once.
 */
export function limitMs({ status, headers }: HttpAnswer, nowMs: number): number {
  const waits = Object.entries(headers).flatMap(([name, value]) => {
    const [, family = '', kind = ''] = REMAINING.exec(name) ?? [];
    const isSpent = family !== '' && value.trim() !== '' && Number(value) < 1;
    return isSpent ? [untilMs(headers[`${family}reset${kind}`], nowMs)] : [];
  });
  waits.push(...structuredMs(headers['ratelimit']));
  if (status === 429) {
    const milliseconds = Number(headers['retry-after-ms'] ?? NaN);
    waits.push(Number.isFinite(milliseconds) ? milliseconds : untilMs(headers['retry-after'], nowMs));
  }
  return Math.min(LONGEST_REST_MS, Math.max(0, ...waits));
}

/** `"default";r=0;t=30`, and the form before it: `limit=10, remaining=0, reset=30`. */
function structuredMs(header: string | undefined): number[] {
  if (header === undefined) return [];
  const number = (text: string, name: RegExp): number | null => {
    const [, value] = name.exec(text) ?? [];
    return value === undefined ? null : Number(value);
  };
  const items = /(^|[\s,])remaining=/.test(header) ? [header] : header.split(',');
  return items.flatMap((item) => {
    const remaining = number(item, /(?:;\s*r|(?:^|[\s,])remaining)=(\d+)/);
    const seconds = number(item, /(?:;\s*t|(?:^|[\s,])reset)=(\d+)/);
    return remaining === 0 && seconds !== null ? [seconds * 1_000] : [];
  });
}

/** Time from now until what a header says: seconds, seconds or milliseconds since 1970, a duration (`6m0s`), or a date. */
function untilMs(text: string | undefined, nowMs: number): number {
  const said = text?.trim() ?? '';
  if (said === '') return 0;
  const value = Number(said);
  if (Number.isFinite(value)) {
    if (value >= MILLISECONDS_SINCE_1970) return value - nowMs;
    return value >= SECONDS_SINCE_1970 ? value * 1_000 - nowMs : value * 1_000;
  }
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(said))
    return [...said.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
      (sum, [, count, unit = 's']) => sum + Number(count) * (UNITS_MS[unit] ?? 0),
      0,
    );
  const date = Date.parse(said);
  return Number.isNaN(date) ? 0 : date - nowMs;
}
