import type { Discovery, DiscoveryAttempt, DiscoveryTarget } from '../../domain/discovery.js';
import type { Endpoint } from '../../domain/model.js';
import { type Json, isList } from '../../domain/json.js';
import type { Failure, ModelAnswer } from '../../domain/observation.js';
import { candidatesAskedFor } from './asked-for.js';
import type { Candidate, ConnectorContext } from './connectors/connector.js';
import { CONNECTORS, connectorOf } from './connectors/index.js';
import { bytesInText } from './payloads/images.js';
import { SENTENCES } from './payloads/sentences.js';

const MOST_ASKED = 30;
/** Nobody is there to talk to, or nobody who would listen: further questions would only be refused again. */
const ENDS_SEARCH: ReadonlySet<Failure['reason']> = new Set([
  'dns',
  'connect',
  'certificate',
  'tls',
  'not_http',
  'timeout',
  'blocked',
]);
/** A loading or busy server is not asked thirty more questions. */
const asksToWait = ({ retryAfterMs }: Failure): boolean => retryAfterMs !== null;
const endsAll = (failure: Failure): boolean =>
  failure.httpStatus === 401 || failure.reason === 'rate_limited' || asksToWait(failure);
const endsSearch = (failure: Failure): boolean => ENDS_SEARCH.has(failure.reason) || endsAll(failure);
/** How much a failure tells a reader about the endpoint; the most telling one is reported. */
const TELLING: readonly Failure['reason'][] = [
  'not_http',
  'credentials',
  'rate_limited',
  'schema',
  'payload_refused',
  'error_body',
  'http_5xx',
  'not_json',
  'moved',
  'http_4xx',
  'not_found',
  'timeout',
  'too_large',
  'certificate',
  'tls',
  'connect',
  'dns',
  'blocked',
];

/** What the models of small web services take besides `{"text"}`, which is the greeting. */
const COMMON_SHAPES: readonly Json[] = [
  { input: SENTENCES[0] ?? '' },
  { inputs: SENTENCES[0] ?? '' },
  { data: [SENTENCES[0] ?? ''] },
  { data: [[0.5, 1.2, 3.1, 0.4]] },
  { features: [0.5, 1.2, 3.1, 0.4] },
  { instances: [[0.5, 1.2, 3.1, 0.4]] },
];

/**
 * Finds out in which protocol a model is asked and with what: with the payloads that are given, else from the URL alone by the
 * endpoint's own description and then by common shapes. Everything tried is told. An unreachable address costs at most two
 * calls.
 */
export async function discover(context: ConnectorContext, target: DiscoveryTarget): Promise<Discovery> {
  const { url, authorizationSecret } = target;
  if (!URL.canParse(url)) {
    return {
      kind: 'not-found',
      failure: { reason: 'blocked', detail: 'the address is not a URL', httpStatus: null, retryAfterMs: null },
      attempts: [],
    };
  }
  const asked = target.asking === undefined ? context : { ...context, asking: target.asking };
  const found = await search(asked, target);
  const discovery = { ...found, attempts: distinct(found.attempts) };
  if (discovery.kind === 'not-found' || target.asking === undefined) return discovery;
  return { ...discovery, endpoint: { ...discovery.endpoint, asking: target.asking, authorizationSecret } };
}

/** What was tried the same way with the same outcome is told once. */
function distinct(attempts: readonly DiscoveryAttempt[]): readonly DiscoveryAttempt[] {
  return [...new Map(attempts.map((attempt) => [JSON.stringify(attempt), attempt])).values()];
}

async function search(context: ConnectorContext, target: DiscoveryTarget): Promise<Discovery> {
  const { url, authorizationSecret, payloads: given = [], connector: wanted } = target;
  const attempts: DiscoveryAttempt[] = [];
  const failures: Failure[] = [];
  const endpoint: Endpoint = { url, connector: wanted ?? 'rest', settings: {}, authorizationSecret };
  const greeting: Candidate =
    given.length > 0
      ? { endpoint, payloads: given, what: 'the payload that was given' }
      : { endpoint, payloads: SENTENCES.slice(0, 1).map((text) => ({ text })), what: 'first greeting {"text"}' };
  const first = await tryCandidate(context, greeting, attempts, failures);
  if (first !== null && given.length > 0) return first;
  if (first === null && failures.some(endsSearch)) return notFound(failures, attempts);

  for (const connector of CONNECTORS) {
    if (wanted !== undefined && connector.id !== wanted) continue;
    for (const candidate of await connector.describe(context, new URL(url), authorizationSecret)) {
      const tried = given.length > 0 ? { ...candidate, payloads: given } : candidate;
      const found = await tryCandidate(context, tried, attempts, failures);
      if (found !== null) return found;
      if (failures.some(endsAll)) return first === null ? notFound(failures, attempts) : withVariety(first);
    }
  }
  const found = first ?? (given.length > 0 ? null : await tryCommonShapes(context, greeting, attempts, failures));
  return found === null ? notFound(failures, attempts) : withVariety(found);
}

async function tryCommonShapes(
  context: ConnectorContext,
  greeting: Candidate,
  attempts: DiscoveryAttempt[],
  failures: Failure[],
): Promise<Found | null> {
  const { connector } = greeting.endpoint;
  const tried = new Set<string>();
  const isPlain = connector === 'rest' || connector === 'multipart' || connector === 'huggingface-inference';
  const nextAskedFor = (): Candidate | undefined => {
    const words = failures.map(({ detail }) => detail).join('\n');
    return candidatesAskedFor(words, greeting.endpoint).find(({ what }) => !tried.has(what));
  };
  const tryAskedFor = async (): Promise<Found | null> => {
    for (let next = isPlain ? nextAskedFor() : undefined; next !== undefined; next = nextAskedFor()) {
      tried.add(next.what);
      const found = await tryCandidate(context, next, attempts, failures);
      if (found !== null || failures.some(endsAll)) return found;
    }
    return null;
  };
  let found = await tryAskedFor();
  for (const payload of COMMON_SHAPES) {
    if (found !== null || failures.some(endsAll)) return found;
    const what = `common shape {"${Object.keys(payload as object)[0] ?? ''}"}`;
    found =
      (await tryCandidate(context, { ...greeting, payloads: [payload], what }, attempts, failures)) ??
      (failures.some(endsAll) ? null : await tryAskedFor());
  }
  return found;
}

type Found = Extract<Discovery, { kind: 'found' }>;
const TRIES_PER_CANDIDATE = 10;

/** The first payload that gets an answer wins; the candidate's others of the same shape come along as variety. */
async function tryCandidate(
  context: ConnectorContext,
  candidate: Candidate,
  attempts: DiscoveryAttempt[],
  failures: Failure[],
): Promise<Found | null> {
  const { endpoint, payloads, what } = candidate;
  const refused = new Set<string>();
  for (const payload of payloads.slice(0, TRIES_PER_CANDIDATE)) {
    if (attempts.length >= MOST_ASKED) return null;
    if (refused.has(formOf(payload))) continue;
    const answer = await connectorOf(endpoint.connector).ask(context, endpoint, payload);
    attempts.push({ connector: endpoint.connector, url: endpoint.url, what, outcome: outcomeOf(answer) });
    if (answer.kind === 'answer') {
      const rest = payloads.filter((other) => other !== payload && sameShape(other, payload));
      return { kind: 'found', endpoint, payloads: [payload, ...rest], answer, attempts };
    }
    failures.push(answer.failure);
    if (endsSearch(answer.failure)) return null;
    if (isRefusal(answer.failure)) refused.add(formOf(payload));
  }
  return null;
}

/** A payload without its sentences and pictures: whoever refuses one as malformed refuses another in the same place. */
const formOf = (payload: Json): string =>
  JSON.stringify(payload, (_, value: unknown) =>
    typeof value === 'string' && (value.includes(' ') || bytesInText(value) !== null) ? '' : value,
  );
const isRefusal = ({ httpStatus }: Failure): boolean => httpStatus !== null && httpStatus >= 400 && httpStatus < 500;

/** A found common shape is varied with sentences, as far as the endpoint takes text there; pictures come in several. */
function withVariety(found: Found): Found {
  const [example, ...others] = found.payloads;
  if (others.length > 0) return found;
  const varied = SENTENCES.slice(0, 8).map((sentence) => replaceText(example ?? null, sentence));
  const distinct = new Map([example ?? null, ...varied].map((payload) => [JSON.stringify(payload), payload]));
  return { ...found, payloads: [...distinct.values()] };
}

function replaceText(payload: Json, sentence: string): Json {
  // A word may be one of a list of choices.
  if (typeof payload === 'string') return payload.includes(' ') ? sentence : payload;
  if (isList(payload)) return payload.map((item) => replaceText(item, sentence));
  if (typeof payload === 'object' && payload !== null)
    return Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, replaceText(value, sentence)]));
  return payload;
}

/** Same keys and list lengths, whatever the values. */
function sameShape(a: Json, b: Json): boolean {
  const shape = (value: Json): Json => {
    if (isList(value)) return value.map(shape);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]));
    return 0;
  };
  return JSON.stringify(shape(a)) === JSON.stringify(shape(b));
}

function outcomeOf(answer: ModelAnswer): string {
  if (answer.kind === 'answer') return typeof answer.from === 'string' ? `answered: ${answer.from}` : 'answered';
  return `${answer.failure.reason}: ${answer.failure.detail}`;
}

function notFound(failures: readonly Failure[], attempts: readonly DiscoveryAttempt[]): Discovery {
  const rank = (failure: Failure): number => (asksToWait(failure) ? -1 : TELLING.indexOf(failure.reason));
  const [telling] = [...failures].sort((a, b) => rank(a) - rank(b));
  const failure = telling ?? { reason: 'schema', detail: 'nothing was answered', httpStatus: null, retryAfterMs: null };
  return { kind: 'not-found', failure, attempts };
}
