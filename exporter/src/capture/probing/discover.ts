import type { Discovery, DiscoveryAttempt, DiscoveryTarget } from '../../domain/discovery.js';
import type { Endpoint } from '../../domain/model.js';
import { type Json, isList } from '../../domain/json.js';
import { isSameServer } from '../../domain/how-to-ask.js';
import type { Failure, ModelAnswer } from '../../domain/observation.js';
import { isNotReady } from '../../domain/setup-problem.js';
import { unlessEmpty } from './answers/empty-list.js';
import { unlessAllSent } from './answers/read-answer.js';
import { candidatesAskedFor } from './asked-for.js';
import { bentoml } from './connectors/bentoml.js';
import type { Candidate, Connector, ConnectorContext } from './connectors/connector.js';
import { CONNECTORS, connectorOf } from './connectors/index.js';
import { isOpenAiTask } from './connectors/openai.js';
import { describedAtRoot, NoDescription, rest } from './connectors/rest.js';
import { isRepeated, isUnread, notAsked, readMadeUp, unlessRepeated } from './made-up.js';
import { actionIn, isNamedLikePrediction } from './path-words.js';
import { bytesInText } from './payloads/images.js';
import { SENTENCES } from './payloads/sentences.js';
import { isOverdue, limitedSearch } from './search-limits.js';

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
const asksToWait = (failure: Failure): boolean => failure.retryAfterMs !== null || isNotReady(failure);
const endsAll = (failure: Failure): boolean =>
  (failure.reason === 'credentials' && failure.httpStatus !== 403) ||
  failure.reason === 'rate_limited' ||
  asksToWait(failure) ||
  isOverdue(failure);
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
 * calls; one that answers the first is asked for a document that says more, and for nothing else.
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
  const action = unaskedAction(target);
  if (action !== null) return notFound([notAsked(action)], []);
  const { http, limit, leftOut } = limitedSearch(context.http);
  const asked = {
    ...context,
    http,
    moved: new Map<string, string>(),
    ...(target.asking === undefined ? {} : { asking: target.asking }),
  };
  const found = await search(asked, target, limit);
  const discovery = { ...ending(found, leftOut()), attempts: distinct(found.attempts) };
  if (target.asking === undefined) return discovery;
  const as = { asking: target.asking, authorizationSecret };
  if (discovery.kind === 'found') return { ...discovery, endpoint: { ...discovery.endpoint, ...as } };
  const { described } = discovery;
  return described === undefined
    ? discovery
    : { ...discovery, described: { ...described, endpoint: { ...described.endpoint, ...as } } };
}

/** What was left out of a search that found nothing is told with why. */
function ending(found: Discovery, leftOut: readonly string[]): Discovery {
  if (found.kind === 'found' || leftOut.length === 0) return found;
  const said = [found.failure.detail, ...leftOut.filter((one) => one !== found.failure.detail)];
  return { ...found, failure: { ...found.failure, detail: said.join('; ') } };
}

/** What was tried the same way with the same outcome is told once. */
function distinct(attempts: readonly DiscoveryAttempt[]): readonly DiscoveryAttempt[] {
  return [...new Map(attempts.map((attempt) => [JSON.stringify(attempt), attempt])).values()];
}

/** What may say more of an address that answers plain JSON: no other protocol answers the greeting. */
const DOCUMENTS: readonly Connector[] = [rest, bentoml];

/** Who may say how the address is asked: a document that was given before anything else. */
function describing({ connector, asking }: DiscoveryTarget, isAnswered: boolean): readonly Connector[] {
  const known = connector === undefined ? (isAnswered ? DOCUMENTS : CONNECTORS) : [connectorOf(connector)];
  return [...new Set(asking?.openapi === undefined ? known : [rest, ...known])];
}

async function search(
  context: ConnectorContext,
  target: DiscoveryTarget,
  limit: () => Failure | null,
): Promise<Discovery> {
  const { payloads: given = [] } = target;
  const attempts: DiscoveryAttempt[] = [];
  const failures: Failure[] = [];
  const greeting = greetingOf(target, given);
  const first = await tryCandidate(context, greeting, attempts, failures);
  if (first !== null && given.length > 0) return first;
  if (first === null && failures.some(endsSearch)) return silentOr(context, greeting, notFound(failures, attempts));

  for (const connector of describing(target, first !== null)) {
    for (const candidate of await described(context, connector, greeting.endpoint, attempts)) {
      const tried = given.length > 0 ? { ...candidate, payloads: given, isGuess: false, isGiven: true } : candidate;
      const found = await tryCandidate(context, tried, attempts, failures);
      if (found !== null) return found;
      if (failures.some(endsAll)) break;
    }
    const limited = limit();
    if (limited !== null) failures.push(limited);
    if (failures.some(endsAll)) return first === null ? notFound(failures, attempts) : withVariety(first);
  }
  const mayTry = given.length === 0 && mayAskMore(greeting, failures);
  const found =
    first ??
    (mayTry && !failures.some(isRepeated) ? await tryCommonShapes(context, greeting, attempts, failures) : null);
  return found === null ? notFound(failures, attempts) : withVariety(found);
}

/** Of an address that leaves a call without an answer, one document may say that it is a model all the same: what is not asked any more. */
async function silentOr(context: ConnectorContext, { endpoint }: Candidate, unfound: NotFound): Promise<Discovery> {
  if (unfound.failure.reason !== 'timeout') return unfound;
  const described = await describedAtRoot(context, new URL(endpoint.url), endpoint.authorizationSecret);
  if (described === null) return unfound;
  return { ...unfound, described: { endpoint: described.endpoint, payloads: described.payloads } };
}

function greetingOf({ url, authorizationSecret, connector }: DiscoveryTarget, given: readonly Json[]): Candidate {
  const known = given.length > 0 && isOpenAiTask(new URL(url)) ? 'openai' : 'rest';
  const endpoint: Endpoint = { url, connector: connector ?? known, settings: {}, authorizationSecret };
  if (given.length > 0) return { endpoint, payloads: given, what: 'the payload that was given', isGiven: true };
  const payloads = SENTENCES.slice(0, 1).map((text) => ({ text }));
  return { endpoint, payloads, what: 'first greeting {"text"}', isGuess: true };
}

/** The action that an address names of which neither a payload nor a protocol says how it is asked. */
function unaskedAction({ url, payloads = [], connector = 'rest' }: DiscoveryTarget): string | null {
  const isPlain = connector === 'rest' || connector === 'multipart';
  return isPlain && payloads.length === 0 ? actionIn(new URL(url).pathname) : null;
}

/** What took a payload, and is not known to predict, may have done something with it; what repeats one repeats all. */
const mayAskMore = (greeting: Candidate, failures: readonly Failure[]): boolean =>
  !failures.some(isRepeated) && (isNamed(greeting) || !failures.some(isUnread));

const isNamed = ({ endpoint }: Candidate): boolean => isNamedLikePrediction(new URL(endpoint.url).pathname);

/**
 * How a connector says that the endpoint may be asked; that a document which was given says nothing is told as an attempt. What is
 * given for a server goes to no other: who describes one must not choose where a secret is sent.
 */
async function described(
  context: ConnectorContext,
  connector: Connector,
  { url, authorizationSecret }: Endpoint,
  attempts: DiscoveryAttempt[],
): Promise<readonly Candidate[]> {
  try {
    const candidates = await connector.describe(context, new URL(url), authorizationSecret);
    const other = candidates.find(({ endpoint }) => !isSameServer(endpoint.url, url));
    if (other === undefined) return candidates;
    attempts.push({ connector: connector.id, url, what: other.what, outcome: OTHER_SERVER });
    return candidates.filter(({ endpoint }) => isSameServer(endpoint.url, url));
  } catch (error) {
    if (!(error instanceof NoDescription)) throw error;
    attempts.push({ connector: connector.id, url, what: GIVEN_DOCUMENT, outcome: error.message });
    return [];
  }
}

const OTHER_SERVER = 'not asked: the description names an address of another server, or none';
const GIVEN_DOCUMENT = 'the OpenAPI document that was given';

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
    const next = candidatesAskedFor(words, greeting.endpoint).find(({ what }) => !tried.has(what));
    return next === undefined ? undefined : { ...next, isGuess: true };
  };
  const tryAskedFor = async (): Promise<Found | null> => {
    for (let next = isPlain ? nextAskedFor() : undefined; next !== undefined; next = nextAskedFor()) {
      tried.add(next.what);
      const found = await tryCandidate(context, next, attempts, failures);
      if (found !== null || isOver()) return found;
      // What came to the fields that the server named was refused furthest.
      const refused = failures.at(-1);
      if (next.isOfNames === true && refused?.reason === 'payload_refused') failures.unshift(refused);
    }
    return null;
  };
  const isOver = (): boolean => failures.some(endsAll) || !mayAskMore(greeting, failures);
  let found = await tryAskedFor();
  for (const payload of COMMON_SHAPES) {
    if (found !== null || isOver()) return found;
    const what = `common shape {"${Object.keys(payload as object)[0] ?? ''}"}`;
    found =
      (await tryCandidate(context, { ...greeting, payloads: [payload], what }, attempts, failures)) ??
      (isOver() ? null : await tryAskedFor());
  }
  return found;
}

type Found = Extract<Discovery, { kind: 'found' }>;
type NotFound = Extract<Discovery, { kind: 'not-found' }>;
const TRIES_PER_CANDIDATE = 10;

/** The first payload that gets an answer wins; the candidate's others of the same shape come along as variety. */
async function tryCandidate(
  context: ConnectorContext,
  candidate: Candidate,
  attempts: DiscoveryAttempt[],
  failures: Failure[],
): Promise<Found | null> {
  const { endpoint, payloads, what, isGuess } = candidate;
  const refused = new Set<string>();
  for (const payload of payloads.slice(0, TRIES_PER_CANDIDATE)) {
    if (attempts.length >= MOST_ASKED) return null;
    if (refused.has(formOf(payload))) continue;
    const answer = await askedWith(context, candidate, payload);
    if (answer.kind === 'failure' && isOverdue(answer.failure)) return null;
    const url = context.moved?.get(endpoint.url) ?? endpoint.url;
    attempts.push({ connector: endpoint.connector, url, what, outcome: outcomeOf(answer, url !== endpoint.url) });
    if (answer.kind === 'answer') {
      const rest = payloads.filter((other) => other !== payload && sameShape(other, payload));
      const asked = { endpoint: { ...endpoint, url }, payloads: [payload, ...rest], isGuess: isGuess === true };
      return { kind: 'found', ...asked, answer, attempts };
    }
    failures.push(answer.failure);
    if (endsSearch(answer.failure) || (candidate.isGiven !== true && isUnread(answer.failure))) return null;
    if (isRefusal(answer.failure)) refused.add(formOf(payload));
  }
  return null;
}

/** What an endpoint says to a payload, and to some like it where nobody gave it and one answer is not enough to tell. */
async function askedWith(context: ConnectorContext, candidate: Candidate, payload: Json): Promise<ModelAnswer> {
  const { endpoint, payloads, isGiven } = candidate;
  const ask = async (one: Json): Promise<ModelAnswer> =>
    unlessAllSent(unlessEmpty(await connectorOf(endpoint.connector).ask(context, endpoint, one)));
  const said = await ask(payload);
  if (isGiven === true || context.asking?.pointers?.prediction !== undefined) return said;
  const answer = await unlessRepeated(said, payload, (text) => replaceText(payload, text), ask);
  const like = payloads.filter((other) => other !== payload && sameShape(other, payload));
  const others = like.length > 0 ? like : varied(payload).slice(1);
  return readMadeUp(answer, endpoint.url, others, ask);
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
  return { ...found, payloads: varied(example ?? null) };
}

/** The payload, and it with other sentences. */
function varied(payload: Json): readonly Json[] {
  const others = SENTENCES.slice(0, 8).map((sentence) => replaceText(payload, sentence));
  return [...new Map([payload, ...others].map((one) => [JSON.stringify(one), one])).values()];
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

function outcomeOf(answer: ModelAnswer, isMoved: boolean): string {
  const answered = isMoved ? 'answered where the server points to' : 'answered';
  if (answer.kind === 'answer') return typeof answer.from === 'string' ? `${answered}: ${answer.from}` : answered;
  const { reason, httpStatus, detail } = answer.failure;
  return `${httpStatus === 405 ? 'wrong method' : reason}: ${detail}`;
}

function notFound(failures: readonly Failure[], attempts: readonly DiscoveryAttempt[]): NotFound {
  const rank = (failure: Failure): number => (asksToWait(failure) ? -1 : TELLING.indexOf(failure.reason));
  const [telling] = [...failures].sort((a, b) => rank(a) - rank(b));
  const failure = telling ?? { reason: 'schema', detail: 'nothing was answered', httpStatus: null, retryAfterMs: null };
  const unread = attempts.find(({ what }) => what === GIVEN_DOCUMENT);
  const detail = unread === undefined ? failure.detail : `${unread.outcome}; ${failure.detail}`;
  return { kind: 'not-found', failure: { ...failure, detail }, attempts };
}
