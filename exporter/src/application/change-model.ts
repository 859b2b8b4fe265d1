import type { AuditNote } from '../domain/audit-note.js';
import { createHash } from 'node:crypto';
import type { Asking } from '../domain/asking.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import { Conflict } from '../domain/errors.js';
import { isAskedAs, isSameServer } from '../domain/how-to-ask.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Json } from '../domain/json.js';
import type { Endpoint, GoldenInput, Model } from '../domain/model.js';
import type { ModelChange } from '../domain/model-registration.js';
import type { Failure } from '../domain/observation.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { Fleet } from '../monitoring/fleet.js';

export interface ChangePorts {
  readonly discover: (target: DiscoveryTarget) => Promise<Discovery>;
  readonly chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[];
}

/** What a change of how a model is asked led to. */
export interface Change {
  /**
   * The model as it is from now on; run in its lane, for others may have changed it meanwhile. Null when they changed how it
   * is asked: then what was tried says nothing, and the change is to be tried anew.
   */
  readonly apply: (now: Model) => Model | null;
  /** Why the model did not answer when it was asked the new way; null when it did, and when it is asked as before. */
  readonly refused: Extract<Discovery, { kind: 'not-found' }> | null;
}

/** Known payloads with which a new way of asking is tried. */
const TRIED = 3;
const NO_ENDPOINT: Omit<Endpoint, 'url'> = { connector: 'rest', settings: {}, authorizationSecret: null };

/** Whether the change is about how the model is asked, and not only about what is said of it. */
export const asksOtherwise = ({ url, connector, payloads, authorizationSecret, asking }: ModelChange): boolean =>
  [url, connector, payloads, authorizationSecret, asking].some((part) => part !== undefined);

/**
 * Credentials that a change would take to another server than the one they were given for: whoever may move a model need not
 * know them. Names of headers and parameters, and `authorization_secret`; empty when none would.
 */
export function credentialsTakenAlong(
  known: Endpoint | null,
  { url, authorizationSecret, asking }: ModelChange,
): string[] {
  if (known === null || typeof url !== 'string' || isSameServer(known.url, url)) return [];
  const [kept, given] = asking === undefined ? [known.asking, undefined] : [asking(known.asking), asking(undefined)];
  const names = (of: Asking | undefined): string[] =>
    [of?.headers, of?.query].flatMap((values) => Object.keys(values ?? {})).map((name) => name.toLowerCase());
  const anew = new Set(names(given));
  return [
    ...(known.authorizationSecret !== null && authorizationSecret === undefined ? ['authorization_secret'] : []),
    ...names(kept).filter((name) => !anew.has(name)),
  ];
}

/**
 * Tries a new way of asking on the model, and says what the model is with it. What it took before is tried first, so that its
 * golden inputs and their remembered answers stay; only where it does not take that any more, the way is searched for anew.
 */
async function changeOf(ports: ChangePorts, known: Model, change: ModelChange): Promise<Change> {
  if (change.url === null)
    return {
      apply: (now) => ({ ...described(now, change, []), endpoint: null, probePayloads: [], arePayloadsGuessed: false }),
      refused: null,
    };
  if (!asksOtherwise(change) || (known.endpoint === null && change.url === undefined))
    return { apply: (now) => described(now, change, goldenOf(ports, now, change, now.probePayloads)), refused: null };
  const asked = askedOf(known.endpoint, change);
  const discovery = await tried(ports, known, change, asked);
  const found = discovery.kind === 'found' ? discovery : null;
  return {
    apply(now) {
      if (!isAskedAs(now, known)) return null;
      const { probePayloads, arePayloadsGuessed } = payloadsOf(now, change, found);
      const endpoint = found === null ? asked : withAsking(found.endpoint, asked);
      const goldenInputs = goldenOf(ports, now, change, probePayloads);
      return { ...described(now, change, goldenInputs), endpoint, probePayloads, arePayloadsGuessed };
    },
    refused: discovery.kind === 'found' ? null : discovery,
  };
}

/** So often a change is tried when others change how the model is asked meanwhile. */
const MOST_TRIES = 3;

/**
 * Changes a watched model. A new way of asking is tried first, and tried anew when somebody else changed the way meanwhile.
 * @param unanswered told why the model does not answer to the change; what it throws keeps the change from being made
 * @param audit says so in the transaction of the change, and the model knows of `event` from then on
 * @returns the model as it is from now on
 * @throws NotFound for a model that is removed by then, Conflict when another took its name or others change it again and again
 */
export async function changeModel(
  {
    fleet,
    permit,
    ...ports
  }: ChangePorts & {
    readonly fleet: Pick<Fleet, 'monitoredModel' | 'update'>;
    /** Told before each try how the model is asked by then; what it throws keeps the new way from being tried. */
    readonly permit?: (known: Model) => void;
  },
  id: ModelId,
  change: ModelChange,
  unanswered: (known: Model, refused: NonNullable<Change['refused']>) => void,
  audit?: AuditNote,
  event?: ChangeEvent,
): Promise<Model> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { model: known } = fleet.monitoredModel(id);
    permit?.(known);
    const { apply, refused } = await changeOf(ports, known, change);
    if (refused !== null) unanswered(known, refused);
    const changed = await fleet.update(id, (now) => apply(theSame(now, known)), audit, event);
    if (changed !== null) return changed;
  }
  throw new Conflict(
    `the way the model "${id}" is asked was changed by others meanwhile; look at it and send this again`,
  );
}

/** @throws Conflict for another model that took the name meanwhile: whoever asked for the change has not seen it */
function theSame(now: Model, known: Model): Model {
  if (now.createdAtMs === known.createdAtMs) return now;
  throw new Conflict(`the model "${now.id}" was removed and registered anew meanwhile; look at it and send this again`);
}

const sameJson = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether what was answered is a payload the model is known to take. */
const isKnown = (now: Model, found: Extract<Discovery, { kind: 'found' }> | null): boolean =>
  found !== null && now.probePayloads.some((payload) => sameJson(payload, found.payloads[0] ?? null));

/** What the model is asked with from now on: what somebody gives, what it took before, or what was found out. */
function payloadsOf(
  now: Model,
  { payloads = [] }: ModelChange,
  found: Extract<Discovery, { kind: 'found' }> | null,
): Pick<Model, 'probePayloads' | 'arePayloadsGuessed'> {
  if (payloads.length > 0) return { probePayloads: payloads, arePayloadsGuessed: false };
  if (found === null || isKnown(now, found)) return now;
  return { probePayloads: found.payloads, arePayloadsGuessed: found.isGuess };
}

const withAsking = (endpoint: Endpoint, { authorizationSecret, asking }: Endpoint): Endpoint => {
  const { url, connector, settings } = endpoint;
  return { url, connector, settings, authorizationSecret, ...(asking === undefined ? {} : { asking }) };
};

const isMoved = (known: Endpoint | null, { url }: ModelChange): boolean => url !== undefined && url !== known?.url;

function askedOf(known: Endpoint | null, change: ModelChange): Endpoint {
  const asking: Asking | undefined = change.asking === undefined ? known?.asking : change.asking(known?.asking);
  const moved = isMoved(known, change);
  return {
    url: change.url ?? known?.url ?? '',
    connector: change.connector ?? (moved ? undefined : known?.connector) ?? NO_ENDPOINT.connector,
    settings: moved || change.connector !== undefined ? {} : (known?.settings ?? {}),
    authorizationSecret:
      change.authorizationSecret === undefined ? (known?.authorizationSecret ?? null) : change.authorizationSecret,
    ...(asking === undefined ? {} : { asking }),
  };
}

async function tried(ports: ChangePorts, known: Model, change: ModelChange, asked: Endpoint): Promise<Discovery> {
  const { url, authorizationSecret, asking } = asked;
  const connector = change.connector ?? (isMoved(known.endpoint, change) ? undefined : known.endpoint?.connector);
  const target: DiscoveryTarget = {
    url,
    authorizationSecret,
    timeoutMs: change.schedule?.timeoutMs ?? known.schedule.timeoutMs,
    ...(asking === undefined ? {} : { asking }),
    ...(connector === undefined ? {} : { connector }),
  };
  const payloads = change.payloads ?? known.probePayloads.slice(0, TRIED);
  if (payloads.length === 0) return ports.discover(target);
  const discovery = await ports.discover({ ...target, payloads });
  if (discovery.kind === 'found' || change.payloads !== undefined) return discovery;
  if (!isMoved(known.endpoint, change) || SAYS_NOTHING_OF_PAYLOADS.has(discovery.failure.reason)) return discovery;
  const anew = await ports.discover(target);
  return anew.kind === 'found' ? anew : { ...anew, attempts: [...discovery.attempts, ...anew.attempts] };
}

/** Whoever fails like this fails with any payload. */
const SAYS_NOTHING_OF_PAYLOADS: ReadonlySet<Failure['reason']> = new Set([
  'dns',
  'connect',
  'certificate',
  'tls',
  'not_http',
  'timeout',
  'credentials',
  'rate_limited',
  'blocked',
]);

/** What is said of the model and how often it is asked. */
function described(now: Model, change: ModelChange, goldenInputs: readonly GoldenInput[]): Model {
  const { name, versionLabel, owner, tags, schedule } = change;
  return {
    ...now,
    ...(name === undefined ? {} : { name }),
    ...(versionLabel === undefined ? {} : { versionLabel }),
    ...(owner === undefined ? {} : { owner }),
    ...(tags === undefined ? {} : { tags }),
    schedule: { ...now.schedule, ...schedule },
    goldenInputs,
  };
}

/** Inputs that stay keep their ids, and with them their remembered answers; new ones get ids no other input ever had. */
function goldenOf(
  { chooseGoldenInputs }: ChangePorts,
  { goldenInputs: known }: Model,
  { goldenInputs: wanted }: ModelChange,
  payloads: readonly Json[],
): readonly GoldenInput[] {
  const named = (payload: Json, origin: GoldenInput['origin']): GoldenInput =>
    known.find((input) => input.origin === origin && sameJson(input.payload, payload)) ?? {
      id: `${origin === 'user' ? 'user' : 'golden'}-${digestOf(payload)}`,
      payload,
      origin,
    };
  const distinct = (inputs: readonly GoldenInput[]): readonly GoldenInput[] => [
    ...new Map(inputs.map((input) => [input.id, input])).values(),
  ];
  if (wanted !== undefined && wanted !== null) return distinct(wanted.map((payload) => named(payload, 'user')));
  const isOwn = known.some(({ origin }) => origin === 'user');
  if (isOwn && wanted !== null) return known;
  const takes = known.length > 0 && known.every(({ payload }) => payloads.some((other) => sameJson(payload, other)));
  if (!isOwn && takes) return known;
  return distinct(chooseGoldenInputs(payloads).map(({ payload }) => named(payload, 'generated')));
}

const digestOf = (payload: Json): string =>
  createHash('sha256').update(JSON.stringify(payload)).digest('hex').slice(0, 10);
