import { CONFIGURED_MODELS } from './configured-digests.js';
import { asksOtherwise, changeModel, credentialsTakenAlong } from './change-model.js';
import { failureCount } from '../domain/profile.js';
import type { Actor } from '../domain/actor.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import { Conflict, Invalid } from '../domain/errors.js';
import { slugOf, type ModelId } from '../domain/identifiers.js';
import { namedByAddress, shownAddress } from '../domain/shown-address.js';
import type { Investigation, InvestigationProgress, InvestigationRequest } from '../domain/investigation.js';
import type { Json } from '../domain/json.js';
import type { Endpoint, GoldenInput, Model, ProbeSchedule } from '../domain/model.js';
import type { ModelChange, ModelRegistration } from '../domain/model-registration.js';
import type { ModelStatus, ModelSummary } from '../domain/model-status.js';
import type { Observation } from '../domain/observation.js';
import type { Store } from '../domain/ports.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import { UNANSWERED_PAYLOADS } from '../domain/how-to-ask.js';
import { mayPass, problemOfOneTry, setupProblemOf } from '../domain/setup-problem.js';
import { newestFirst, type StoredWindow, type WindowRepository } from '../domain/stored-windows.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import { summariseNumeric } from '../statistics/signal-counts.js';
import { labelCount } from '../statistics/label-counts.js';
import { numericSignal } from '../statistics/window-profile.js';
import { modelIdOf, nameOf } from './model-name.js';
import type { ApplicationPorts, ApplicationSettings, NewModelSettings } from './ports.js';

/** Figures of one stored window; null where nothing was measured. */
export interface WindowAggregate {
  readonly windowStartMs: number;
  readonly calls: number;
  readonly failures: number;
  readonly confidenceMean: number | null;
  readonly confidenceStandardDeviation: number | null;
  readonly latencyP50Seconds: number | null;
  readonly latencyP95Seconds: number | null;
  /** Labels of classes and of quantities. */
  readonly labelled: number;
  /** Null where labels are of quantities: those are missed by more or less, not right or wrong. */
  readonly correct: number | null;
}

const DEFAULT_RANGE_MS = 7 * 86_400_000;
/** Windows that are read in one turn of the event loop. */
const WINDOWS_PER_PAGE = 20;

function aggregateOf({ windowStartMs, profile }: StoredWindow): WindowAggregate {
  const level = (key: 'confidence' | 'latency_seconds') => {
    const counts = numericSignal(profile, key);
    return counts === null ? null : summariseNumeric(counts);
  };
  const [confidence, latency] = [level('confidence'), level('latency_seconds')];
  return {
    windowStartMs,
    calls: profile.calls,
    failures: failureCount(profile),
    confidenceMean: confidence?.mean ?? null,
    confidenceStandardDeviation: confidence?.standardDeviation ?? null,
    latencyP50Seconds: latency?.p50 ?? null,
    latencyP95Seconds: latency?.p95 ?? null,
    labelled: labelCount(profile.labels),
    correct: labelCount(profile.labels) > profile.labels.labelled ? null : profile.labels.correct,
  };
}

/** Oldest first. @param fromMs null for the last seven days up to the newest window */
async function newestAggregates(
  windows: Pick<WindowRepository, 'newestOutlines'>,
  id: ModelId,
  fromMs: number | null,
  toMs: number,
): Promise<readonly WindowAggregate[]> {
  const aggregates: WindowAggregate[] = [];
  const pages = { fromMs: fromMs ?? 0, toMs, limit: WINDOWS_PER_PAGE };
  for await (const window of newestFirst((page) => windows.newestOutlines(id, page), pages)) {
    const newestMs = aggregates[0]?.windowStartMs ?? window.windowStartMs;
    if (fromMs === null && window.windowStartMs <= newestMs - DEFAULT_RANGE_MS) break;
    aggregates.push(aggregateOf(window));
  }
  return aggregates.reverse();
}

/** A model that is watched from now on. */
interface RegisteredModel {
  readonly id: ModelId;
  /** What was read from where in its first answer; null where there was none yet. */
  readonly readFrom: string | null;
}

/** The watched models: which, how they are, and what comes in about them. */
export interface ModelUseCases {
  discover(target: DiscoveryTarget): Promise<Discovery>;
  investigate(
    request: InvestigationRequest,
    onProgress: (progress: InvestigationProgress) => void,
  ): Promise<Investigation>;
  /**
   * Watches a model that answers, or that is only away, loading or limiting calls now: that one is asked again until it answers.
   * @throws Invalid (nothing that answers is at the URL: the attempts are in `details`), Conflict (id taken)
   */
  register(registration: ModelRegistration, by: Actor): Promise<RegisteredModel>;
  /**
   * Watches a model that is only known by its name, or its id, from now on; one that is watched or stored already stays as
   * it is.
   * @throws Conflict when its id belongs to a model of another name: the two would become one; or when it is not watched, and
   * the configuration makes no model, or no more of them, of a name that came with rows
   */
  ensureWatched(name: string, by: Actor): Promise<ModelId>;
  /**
   * Changes what is registered of a model. A new way of asking is tried first.
   * @throws NotFound, Conflict when others change how it is asked at the same time, or Invalid when the model does not answer
   * to it: then nothing has changed
   */
  change(id: ModelId, change: ModelChange, by: Actor): Promise<Model>;
  /** @returns whether the configuration file names it: then it is watched anew from the next start on */
  remove(id: ModelId, by: Actor): Promise<{ readonly isConfigured: boolean }>;
  setPaused(id: ModelId, paused: boolean, by: Actor): Promise<Model>;
  statuses(): readonly ModelStatus[];
  /** What is registered of every watched model; costs nothing beside `statuses`. */
  registered(): readonly Model[];
  /** By their ids. @param after only those behind this id @param limit null for all */
  ids(after?: ModelId, limit?: number | null): readonly ModelId[];
  /** What is the matter with one; costs next to nothing beside `status`. @throws NotFound */
  summary(id: ModelId): ModelSummary;
  /** @throws NotFound */
  status(id: ModelId): ModelStatus;
  /** Costs nothing beside `status`. @throws NotFound, or Unavailable for a model that is left out */
  require(id: ModelId): void;
  /**
   * Stored windows that start in [fromMs, toMs), oldest first.
   * @param fromMs null for the last seven days up to the newest of them
   * @throws NotFound, Invalid when the order is wrong
   */
  aggregates(id: ModelId, fromMs: number | null, toMs: number): Promise<readonly WindowAggregate[]>;
  /** Runs one probe cycle now (for `/probe`); null when it took longer than it was given. */
  probeNow(id: ModelId, request: ProbeRequest): Promise<readonly Observation[] | null>;
  recordChange(id: ModelId, change: ChangeEvent, by: Actor): Promise<void>;
}

/** What became of a model's attempts, as `details` of a refusal. */
const attemptsAsJson = (discovery: Discovery): Json =>
  discovery.attempts.map(({ url, ...told }) => ({ ...told, url: shownAddress(url) }));

function nothingAnswered(url: string, discovery: Extract<Discovery, { kind: 'not-found' }>): Invalid {
  const { sentence, advice } = problemOfOneTry(discovery.failure);
  return new Invalid(
    `nothing at ${shownAddress(url)} gave a usable answer. ${sentence} ${advice}`,
    'url',
    attemptsAsJson(discovery),
  );
}

const credentialsStay = (names: readonly string[]): Invalid =>
  new Invalid(
    `the new address is another server, and ${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} given for the present one: give headers and query again with the address (null leaves one out); a secret moves in the configuration file`,
    'url',
  );

/**
 * Whether a sender that gives `name` means this model: by its name, or by its id. The id of a model that nothing but its
 * name made says nothing: `fraud-a` may be another sender's model than the `Fraud_A` that came first.
 */
function isMeantBy(name: string, model: Model): boolean {
  if (nameOf(model.name) === name) return true;
  if (model.id !== name) return false;
  const isMadeOfItsName = model.endpoint === null && modelIdOf(nameOf(model.name)) === model.id;
  return !isMadeOfItsName;
}

const takenBy = ({ id, name }: Model, asked: string | undefined): Conflict =>
  asked === undefined || nameOf(name) === nameOf(asked)
    ? new Conflict(`a model "${id}" is watched already; if this is another one, give it an id of its own`, 'id')
    : new Conflict(
        `the id "${id}" belongs to the model called "${name}"; "${asked}" would become one with it. Give this one another name or an id of its own, or send to /api/v1/models/${id}/observations if it is the same`,
        'id',
        { id, name },
      );

/** What evaluations of a model are told of a change: another version is a declared release. */
function changeEvent(before: string | null, change: ModelChange, by: Actor, atMs: number): ChangeEvent | undefined {
  const { versionLabel: after } = change;
  if (after !== undefined && after !== null && after !== before) {
    const from = before === null ? '' : ` from ${before}`;
    return {
      kind: 'model-version',
      text: `The version of the model was changed${from} to ${after} by ${by.name}.`,
      atMs,
    };
  }
  if (!asksOtherwise(change)) return undefined;
  const text = `the way the model is asked was changed (${Object.keys(change).join(', ')})`;
  return { kind: 'configuration', text, atMs };
}

/** Why rows of a name that is not watched make no model of it; null where they may. */
function refusedAsNew(name: string, { areMade, most }: NewModelSettings, watched: number): Conflict | null {
  const way = `register it, or have it listed under intake.services`;
  if (!areMade)
    return new Conflict(
      `no model "${name}" is watched, and rows make none (intake.new_models: false); ${way}`,
      'model',
    );
  if (watched < most) return null;
  return new Conflict(
    `no model "${name}" is watched, and rows make no further one beside the ${watched} that are (intake.limits.models); ${way}. Names of processes or requests are no names of models`,
    'model',
  );
}

/** @returns the use cases of `/api/v1/models` on a running fleet */
export function modelUseCases(
  ports: Pick<ApplicationPorts, 'fleet' | 'clock' | 'auditNote' | 'discover' | 'chooseGoldenInputs' | 'investigate'> & {
    readonly store: Pick<Store, 'windows' | 'settings'>;
  },
  { schedule, newModels }: Pick<ApplicationSettings, 'schedule' | 'newModels'>,
): ModelUseCases {
  const { fleet, store } = ports;
  return {
    discover: (target) => ports.discover(target),
    investigate: (request, onProgress) => ports.investigate(request, onProgress),

    async register(registration, by) {
      const { name, url } = registration;
      if (registration.id === undefined && name === undefined && url === undefined)
        throw new Invalid(
          'say the url of a model to be asked, or the id or the name of one that logs its predictions',
          'url',
        );
      const id =
        registration.id ?? (name === undefined ? slugOf(namedByAddress(url ?? 'model')) : modelIdOf(nameOf(name)));
      if (fleet.unrestoredModels().includes(id))
        throw new Conflict(`a model "${id}" is stored already, and what is stored of it cannot be read now`, 'id');
      if (fleet.has(id)) throw takenBy(fleet.monitoredModel(id).model, name);
      const target = targetOf(registration);
      const discovery = target === null ? null : await ports.discover(target);
      const failed = discovery?.kind === 'not-found' ? discovery : null;
      if (failed !== null && !mayPass(failed.failure)) throw nothingAnswered(registration.url ?? '', failed);
      const model = modelOf(id, registration, discovery, ports.chooseGoldenInputs, schedule, ports.clock.now());
      const audit = ports.auditNote('model-registered', by, { model: id });
      if (!(await fleet.addIfNew(model, audit))) throw new Conflict(`a model "${id}" is watched already`, 'id');
      if (failed !== null) fleet.noteSetup(id, setupProblemOf(failed.failure));
      return { id, readFrom: discovery?.kind === 'found' ? (discovery.answer.from ?? null) : null };
    },
    async ensureWatched(text, by) {
      const name = nameOf(text);
      // Up to 0.1.0 names of other scripts shared the id `model`; the one that has it keeps it.
      const before = slugOf(name);
      if (fleet.has(before) && nameOf(fleet.monitoredModel(before).model.name) === name) return before;
      const id = modelIdOf(name);
      if (!fleet.has(id)) {
        const refused = refusedAsNew(name, newModels(), fleet.ids().length);
        if (refused !== null) throw refused;
        const model = modelOf(id, { name }, null, ports.chooseGoldenInputs, schedule, ports.clock.now());
        if (await fleet.addIfNew(model, ports.auditNote('model-registered', by, { model: id }))) return id;
      }
      const { model } = fleet.monitoredModel(id);
      if (!isMeantBy(name, model)) throw takenBy(model, name);
      return id;
    },
    async change(id, change, by) {
      const { versionLabel: before } = fleet.monitoredModel(id).model;
      const permit = ({ endpoint }: Model): void => {
        const taken = credentialsTakenAlong(endpoint, change);
        if (taken.length > 0) throw credentialsStay(taken);
      };
      const audit = ports.auditNote('model-changed', by, { model: id, changed: Object.keys(change) });
      return changeModel(
        { ...ports, permit },
        id,
        change,
        ({ endpoint }, refused) => {
          throw nothingAnswered(change.url ?? endpoint?.url ?? '', refused);
        },
        audit,
        changeEvent(before, change, by, ports.clock.now()),
      );
    },
    async remove(id, by) {
      await fleet.remove(id, ports.auditNote('model-removed', by, { model: id }));
      return { isConfigured: Object.hasOwn((await store.settings.get(CONFIGURED_MODELS)) ?? {}, id) };
    },
    setPaused: (id, paused, by) =>
      fleet.setPaused(id, paused, ports.auditNote(paused ? 'model-paused' : 'model-started', by, { model: id })),
    statuses: () => fleet.ids().map((id) => fleet.status(id)),
    registered: () => fleet.ids().map((id) => fleet.monitoredModel(id).model),
    ids(after, limit = null) {
      const behind = fleet.ids().filter((id) => after === undefined || id > after);
      return behind.sort().slice(0, limit ?? behind.length);
    },
    summary: (id) => fleet.summary(id),
    status: (id) => fleet.status(id),
    require: (id) => void fleet.monitoredModel(id),
    async aggregates(id, fromMs, toMs) {
      fleet.monitoredModel(id);
      if (fromMs !== null && fromMs > toMs) throw new Invalid('from_ms must not be after to_ms', 'from_ms');
      return newestAggregates(store.windows, id, fromMs, toMs);
    },
    async probeNow(id, request) {
      return (await fleet.probeNow(id, request))?.map(({ observation }) => observation) ?? null;
    },
    async recordChange(id, change, by) {
      await fleet.change(id, (draft) => {
        draft.recordChange(change);
        return ports.auditNote('change-recorded', by, { model: id, change: { ...change } });
      });
    },
  };
}

/** What a registration says about asking the model; null for one without an address. */
export function targetOf({
  url,
  authorizationSecret,
  connector,
  payloads,
  asking,
  schedule,
}: ModelRegistration): DiscoveryTarget | null {
  if (url === undefined) return null;
  return {
    url,
    authorizationSecret: authorizationSecret ?? null,
    ...(connector === undefined ? {} : { connector }),
    ...(payloads === undefined ? {} : { payloads }),
    ...(asking === undefined ? {} : { asking }),
    ...(schedule?.timeoutMs === undefined ? {} : { timeoutMs: schedule.timeoutMs }),
  };
}

/** How a model is asked as long as nothing else was found out; null for one that is not probed. */
function registeredEndpoint({ url, connector, authorizationSecret, asking }: ModelRegistration): Endpoint | null {
  if (url === undefined) return null;
  return {
    url,
    connector: connector ?? 'rest',
    settings: {},
    authorizationSecret: authorizationSecret ?? null,
    ...(asking === undefined ? {} : { asking }),
  };
}

/** What a new model is asked with, and whether somebody said so. */
function payloadsOf(
  { payloads }: ModelRegistration,
  discovery: Discovery | null,
): Pick<Model, 'probePayloads' | 'arePayloadsGuessed'> {
  if (payloads !== undefined) return { probePayloads: payloads, arePayloadsGuessed: false };
  if (discovery === null) return { probePayloads: [], arePayloadsGuessed: false };
  return discovery.kind === 'found'
    ? { probePayloads: discovery.payloads, arePayloadsGuessed: discovery.isGuess }
    : { probePayloads: UNANSWERED_PAYLOADS, arePayloadsGuessed: true };
}

/** The model a registration asks for, with what discovery found filled in. */
export function modelOf(
  id: ModelId,
  registration: ModelRegistration,
  discovery: Discovery | null,
  chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[],
  defaults: ProbeSchedule,
  nowMs: number,
): Model {
  const found = discovery?.kind === 'found' ? discovery : null;
  const { probePayloads, arePayloadsGuessed } = payloadsOf(registration, discovery);
  const golden = registration.goldenInputs?.map((payload, index): GoldenInput => ({
    id: `user-${index + 1}`,
    payload,
    origin: 'user',
  }));
  return {
    id,
    name: registration.name ?? id,
    endpoint: found?.endpoint ?? registeredEndpoint(registration),
    versionLabel: registration.versionLabel ?? found?.answer.modelVersion ?? null,
    owner: registration.owner ?? null,
    tags: registration.tags ?? [],
    goldenInputs: golden ?? (probePayloads.length === 0 ? [] : chooseGoldenInputs(probePayloads)),
    probePayloads,
    arePayloadsGuessed,
    schedule: { ...defaults, ...registration.schedule },
    state: registration.url === undefined || found !== null ? 'learning' : 'configuring',
    paused: false,
    createdAtMs: nowMs,
  };
}
