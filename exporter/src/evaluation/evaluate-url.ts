import { counted } from '../domain/quantity-text.js';
import { createGoldenMemory } from '../baseline/golden-memory.js';
import { admit, learn, startLearning, storable } from '../baseline/learning.js';
import { createWindowBuilder } from '../statistics/window-profile.js';
import type { Discovery } from '../domain/discovery.js';
import type { Investigation, InvestigationProgress, InvestigationRequest } from '../domain/investigation.js';
import { hashedSlugOf, slugOf, type ModelId } from '../domain/identifiers.js';
import { addressWithoutSecrets, shownAddress } from '../domain/shown-address.js';
import type { Lesson } from '../domain/lesson.js';
import type { Endpoint, GoldenInput, Model } from '../domain/model.js';
import type { Json } from '../domain/json.js';
import type { BaselineRepository, Clock } from '../domain/ports.js';
import type { BaselineProfile, GoldenBaseline, WindowProfile } from '../domain/profile.js';
import { asRead } from './as-read.js';
import { investigationOf } from './checked-url.js';
import { collectProbes, passingModel, type Collected, type Patience } from './collect-probes.js';
import { evaluate, type Evaluation } from './evaluate.js';
import type { Knowledge } from './knowledge.js';
import { notUnderstood, sentText } from './not-understood.js';
import { problemOfOneTry, type SetupProblem } from '../domain/setup-problem.js';
import type { Sample, ServerCertificate } from '../domain/observation.js';

/** Where a model is asked, and with what. */
export interface GivenTarget {
  readonly endpoint: Endpoint;
  readonly payloads: readonly Json[];
}

export interface InvestigationPorts {
  readonly clock: Clock;
  readonly hash: (text: string) => string;
  readonly discover: (url: string) => Promise<Discovery>;
  /** How somebody who knows the model says that it is asked; null where that is guessed. */
  readonly given: GivenTarget | null;
  readonly chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[];
  readonly cycle: (model: Model) => Promise<readonly Sample[]>;
  /** Baseline of the watched model behind this URL, or of an earlier check; null store = nothing is kept. */
  readonly baselines: Pick<BaselineRepository, 'current' | 'saveNew'> | null;
  readonly watchedModelAt: (url: string) => Model | null;
  readonly lessons: () => readonly Lesson[];
  /** Null where nobody would wait for a server that asks to be left alone. */
  readonly wait: Patience | null;
}

export interface InvestigationSettings {
  readonly experience: Omit<Knowledge, 'lessons' | 'validation'>;
  readonly timeoutMs: number;
  readonly defaultSamples: number;
}

const SEED_PAYLOAD: Json = { text: 'The service was quick and the staff were friendly.' };
const LEAST_SAMPLES_FOR_A_BASELINE = 30;
/** Up to 0.1.0 an id was this and the beginning of the URL; whose baseline is stored under it, only a whole one says. */
const ID_PREFIX_OF_0_1_0 = 'look-';
/** A slug that is cut may end in a dash, which goes as well. */
const SHORTEST_CUT_ID = 63;

/**
 * Evaluates a URL once: finds out how to ask, asks, evaluates the answers. Needs no registration; with a store, a healthy first check
 * becomes the baseline of the next one.
 */
export async function investigate(
  ports: InvestigationPorts,
  settings: InvestigationSettings,
  { url, samples }: Omit<InvestigationRequest, 'payloads'>,
  onProgress: (progress: InvestigationProgress) => void,
): Promise<Investigation> {
  const { given } = ports;
  const { discovery, endpoint, payloads, watched } = await targetAt(ports, url, onProgress);
  const id = watched?.id ?? idOf(url);
  const model = passingModel(
    id,
    shownAddress(url),
    endpoint,
    payloads,
    // What a server describes may still not be what its model makes something of: whoever asks once is told so.
    given === null && (watched === null || watched.arePayloadsGuessed),
    watched?.goldenInputs ?? ports.chooseGoldenInputs(payloads),
    settings.timeoutMs,
    ports.clock.now(),
  );

  const { collected, limited, refusal } = await asked(
    ports,
    model,
    samples ?? settings.defaultSamples,
    refusalOf(discovery, given !== null),
    { isUntried: watched === null, mayBeUnheard: isUnheard(discovery) },
    onProgress,
  );
  const answers = collected.filter(({ observation }) => observation.failure === null).length;
  onProgress({ stage: 'analysing', done: 1, of: 1, text: evaluatingText(answers, collected.length - answers) });

  const baselines = given === null ? ports.baselines : null;
  const baseline = await baselineOf(baselines, id, watched === null ? url : null);
  const builder = createWindowBuilder(baseline === null ? {} : { like: baseline.profile });
  const golden = createGoldenMemory(ports.hash);
  for (const { observation, shape } of collected) {
    builder.add(observation);
    if (observation.source === 'golden') golden.add(observation, shape);
  }
  const window = builder.build();
  const evaluation = evaluate(
    {
      model,
      baseline,
      learning: null,
      window,
      rows: collected.map(({ observation }) => observation),
      baselineRows: [],
      goldenNow: golden.build(),
      forest: null,
      windowForest: null,
      evidence: null,
      consecutiveFailures: trailingFailures(collected),
      lastAnswerAtMs: lastAnswer(collected),
      lastHeardAtMs: null,
      lastProbeFailureAtMs: null,
      probesAnsweredMs: [],
      certificate: certificateIn(collected),
      changes: [],
      features: new Map(),
      intake: null,
      experiment: null,
      rowAnalysis: null,
    },
    { ...settings.experience, lessons: ports.lessons(), validation: null },
    ports.clock.now(),
  );
  const setup = refusal ?? notUnderstood(evaluation, window.calls, payloads);
  const verdict = verdictOf(setup, evaluation);
  if (verdict === 'healthy' && baseline === null && watched === null)
    await keepAsBaseline(ports.clock, baselines, id, window, golden.build());
  return investigationOf({
    url: shownAddress(url),
    id,
    discovery: asRead(discovery, collected),
    baseline,
    window,
    evaluation: setup === null ? evaluation : { ...evaluation, ...undecided(evaluation, setup) },
    verdict,
    setup,
    limited,
    sent: isKnown(discovery, given, refusal) ? sentText(payloads) : null,
    thresholds: settings.experience.thresholds,
  });
}

/** Of a parameter only the hash: it may be a key that is named like none. */
function idOf(url: string): ModelId {
  const text = `url-${addressWithoutSecrets(url)}`;
  return hashedSlugOf(text, text.replace(/[?#].*$/s, ''));
}

function verdictOf(setup: SetupProblem | null, { diagnosis }: Evaluation): Investigation['verdict'] {
  if (setup !== null) return 'undecided';
  return diagnosis.severity === 'none' ? 'healthy' : 'failing';
}

/** @returns `investigate` with what it is made of, for whoever has only a URL, and perhaps what the model takes */
export function investigator(
  ports: Omit<InvestigationPorts, 'discover' | 'given' | 'wait'> & {
    /** @param payloads what is tried; null for what mlfi thinks of */
    readonly discover: (url: string, payloads: readonly Json[] | null) => Promise<Discovery>;
  },
  settings: InvestigationSettings,
): (request: InvestigationRequest, onProgress: (progress: InvestigationProgress) => void) => Promise<Investigation> {
  return ({ payloads, ...request }, onProgress) => {
    const given = payloads === null ? null : { ...unknownTarget(request.url), payloads };
    return investigate(
      { ...ports, discover: (url) => ports.discover(url, payloads), given, wait: null },
      settings,
      request,
      onProgress,
    );
  };
}

/** A server that never lets anybody in is not knocked at for ever. */
const MOST_WAITS = 3;

interface Target extends GivenTarget {
  /** Null where nothing had to be found out. */
  readonly discovery: Discovery | null;
  /** What is asked as it is registered; null for any other. */
  readonly watched: Model | null;
}

/** How the model at a URL is asked: as somebody says, as it is registered, or as is found out. */
async function targetAt(
  { discover, given, watchedModelAt, wait }: InvestigationPorts,
  url: string,
  onProgress: (progress: InvestigationProgress) => void,
): Promise<Target> {
  const model = watchedModelAt(url);
  const registered = registeredTarget(model);
  if (registered !== null)
    return given === null
      ? { ...registered, discovery: null, watched: model }
      : // What is said to payloads that somebody gives says nothing beside a baseline of others.
        { ...registered, payloads: given.payloads, discovery: null, watched: null };
  onProgress({ stage: 'discovering', done: 0, of: 1, text: `Finding out how to ask ${shownAddress(url)}` });
  let discovery = await discover(url);
  for (let waits = 0; waits < MOST_WAITS && discovery.kind === 'not-found'; waits += 1) {
    if ((await wait?.(discovery.failure, onProgress)) !== true) break;
    discovery = await discover(url);
  }
  // Of one that is watched and has never answered, its status says that it is being set up.
  if (model !== null && discovery.kind === 'not-found') {
    const { failure, attempts } = discovery;
    discovery = { kind: 'not-found', failure, attempts };
  }
  return { ...targetOf(discovery, given, url), discovery, watched: null };
}

/** How a watched model is asked, which has answered to it; null for any other. */
const registeredTarget = (model: Model | null): GivenTarget | null =>
  model === null || model.endpoint === null || model.state === 'configuring' || model.probePayloads.length === 0
    ? null
    : { endpoint: model.endpoint, payloads: model.probePayloads };

/** @param url of a model that is not watched */
async function baselineOf(
  baselines: InvestigationPorts['baselines'],
  id: ModelId,
  url: string | null,
): Promise<BaselineProfile | null> {
  const known = (await baselines?.current(id)) ?? null;
  if (known !== null || url === null) return known;
  const before = slugOf(`${ID_PREFIX_OF_0_1_0}${url}`);
  return before.length < SHORTEST_CUT_ID ? ((await baselines?.current(before)) ?? null) : null;
}

function evaluatingText(answers: number, failures: number): string {
  if (answers === 0)
    return failures === 0 ? 'The model was not asked' : `No response came to ${counted(failures, 'probe')}`;
  const failed = failures === 0 ? '' : ` and ${counted(failures, 'failed probe')}`;
  return `Evaluating ${counted(answers, 'response')}${failed}`;
}

/** What is known of a model before it is asked. */
interface Tried {
  readonly isUntried: boolean;
  /** Nobody has seen it answer, and nothing says that it would. */
  readonly mayBeUnheard: boolean;
}

/**
 * Asks the model unless it is known that it cannot be asked.
 * Not known to take these payloads, or to have answered anything, it is not at fault for refusing, or leaving, all of them.
 * @returns why it could not, too
 */
async function asked(
  ports: InvestigationPorts,
  model: Model,
  wanted: number,
  unasked: SetupProblem | null,
  { isUntried, mayBeUnheard }: Tried,
  onProgress: (progress: InvestigationProgress) => void,
): Promise<Collected & { readonly refusal: SetupProblem | null }> {
  if (unasked !== null) return { collected: [], limited: null, refusal: unasked };
  const { collected, limited } = await collectProbes(ports, model, wanted, onProgress);
  if (collected.length === 0)
    return { collected, limited, refusal: limited === null ? null : problemOfOneTry(limited) };
  const failures = collected.map(({ observation: { failure } }) => failure);
  const last = failures.at(-1) ?? null;
  const problem = failures.includes(null) || last === null ? null : problemOfOneTry(last);
  const isSetup = isUntried && (mayBeUnheard || problem?.kind === 'payload-needed');
  return { collected, limited, refusal: isSetup ? problem : null };
}

/** The certificate that was shown last. */
const certificateIn = (collected: readonly Sample[]): ServerCertificate | null =>
  collected.flatMap(({ certificate }) => certificate ?? []).at(-1) ?? null;

const targetOf = (discovery: Discovery, given: GivenTarget | null, url: string): GivenTarget =>
  discovery.kind === 'found' ? discovery : (given ?? discovery.described ?? unknownTarget(url));

const unknownTarget = (url: string): GivenTarget => ({
  endpoint: { url, connector: 'rest', settings: {}, authorizationSecret: null },
  payloads: [SEED_PAYLOAD],
});

function trailingFailures(samples: readonly Sample[]): number {
  let count = 0;
  for (let i = samples.length - 1; i >= 0 && samples[i]?.observation.failure != null; i -= 1) count += 1;
  return count;
}

function lastAnswer(samples: readonly Sample[]): number | null {
  return samples.reduce<number | null>(
    (last, { observation }) => (observation.failure === null ? observation.atMs : last),
    null,
  );
}

/** Whether a server says itself what is sent to this address, takes the call and leaves it without an answer: its users wait just so. */
const isLeftWaiting = (discovery: Discovery | null): boolean =>
  discovery?.kind === 'not-found' && discovery.failure.reason === 'timeout' && discovery.described !== undefined;

const isUnheard = (discovery: Discovery | null): boolean =>
  discovery?.kind === 'not-found' && !isLeftWaiting(discovery);

/**
 * Why a model that is not known to answer could not be asked at all; for one that is, the same is a fault. Where a payload is given, a
 * server that fails on it, or is late, is asked on: one that answers only some of the calls fails its users.
 */
function refusalOf(discovery: Discovery | null, isGiven: boolean): SetupProblem | null {
  if (discovery === null || discovery.kind === 'found' || isLeftWaiting(discovery)) return null;
  const { failure } = discovery;
  const mayBeSome = failure.reason === 'http_5xx' || failure.reason === 'timeout';
  return isGiven && mayBeSome && failure.retryAfterMs === null ? null : problemOfOneTry(failure);
}

/** Whether the payloads are those that the model was asked with, found or given. */
const isKnown = (discovery: Discovery | null, given: GivenTarget | null, refusal: SetupProblem | null): boolean =>
  discovery === null || discovery.kind === 'found' || (given !== null && refusal === null);

/** What is concluded where nothing can be judged: no severity, no cause and no advice about the model. */
function undecided(
  { diagnosis, explanation }: Evaluation,
  { sentence, advice }: SetupProblem,
): Pick<Evaluation, 'diagnosis' | 'explanation' | 'proposals' | 'similar'> {
  return {
    diagnosis: {
      ...diagnosis,
      severity: 'none',
      severityReason: 'Nothing could be judged.',
      impact: null,
      causes: [],
      findings: [],
    },
    explanation: { ...explanation, headline: sentence, summary: `${sentence} ${advice}`, paragraphs: [] },
    proposals: [],
    similar: [],
  };
}

async function keepAsBaseline(
  clock: Clock,
  baselines: InvestigationPorts['baselines'],
  id: ModelId,
  window: WindowProfile,
  golden: readonly GoldenBaseline[],
): Promise<void> {
  if (baselines === null || window.calls < LEAST_SAMPLES_FOR_A_BASELINE) return;
  const requirements = { minimumSamples: LEAST_SAMPLES_FOR_A_BASELINE, minimumDurationMs: 0, maximumErrorShare: 0.1 };
  const learnt = learn(startLearning(1, requirements), window, golden, requirements);
  // Of two checks at once the first is kept, as if they had come one after the other.
  if (learnt.verdict.kind === 'admitted') await baselines.saveNew(id, storable(admit(learnt, clock.now())));
}
