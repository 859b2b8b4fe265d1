import { counted, percent } from '../domain/quantity-text.js';
import { failureCount } from '../domain/profile.js';
import { createGoldenMemory } from '../baseline/golden-memory.js';
import { admit, learn, startLearning, storable } from '../baseline/learning.js';
import { proportion } from '../statistics/clopper-pearson.js';
import { compareNumeric } from '../statistics/compare.js';
import { summariseNumeric, quantileOf } from '../statistics/signal-counts.js';
import { createWindowBuilder } from '../statistics/window-profile.js';
import type { Discovery } from '../domain/discovery.js';
import type { Investigation, InvestigationProgress } from '../domain/investigation.js';
import { hashedSlugOf, slugOf, type ModelId } from '../domain/identifiers.js';
import type { Lesson } from '../domain/lesson.js';
import type { Endpoint, GoldenInput, Model } from '../domain/model.js';
import type { Json } from '../domain/json.js';
import type { BaselineRepository, Clock } from '../domain/ports.js';
import type { BaselineProfile, GoldenBaseline, NumericCounts, WindowProfile } from '../domain/profile.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import { collectProbes, passingModel, type Collected } from './collect-probes.js';
import { evaluate, type Evaluation } from './evaluate.js';
import type { Knowledge } from './knowledge.js';
import { isSetup, setupProblem, setupProblemOf, type SetupProblem } from '../domain/setup-problem.js';
import type { Failure, Sample, ServerCertificate } from '../domain/observation.js';

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
  readonly watchedModelAt: (url: string) => ModelId | null;
  readonly lessons: () => readonly Lesson[];
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
  url: string,
  samples: number | null,
  onProgress: (progress: InvestigationProgress) => void,
): Promise<Investigation> {
  const wanted = samples ?? settings.defaultSamples;
  onProgress({ stage: 'discovering', done: 0, of: 1, text: `Finding out how to ask ${url}` });
  const discovery = await ports.discover(url);
  const { endpoint, payloads } = targetOf(discovery, ports.given, url);
  const watched = ports.watchedModelAt(url);
  const id = watched ?? hashedSlugOf(`url-${url}`);
  const model = passingModel(
    id,
    url,
    endpoint,
    payloads,
    ports.chooseGoldenInputs(payloads),
    settings.timeoutMs,
    ports.clock.now(),
  );

  const { collected, limited, refusal } = await asked(
    ports,
    model,
    wanted,
    refusalOf(discovery, watched === null, ports.given !== null),
    onProgress,
  );
  const answers = collected.filter(({ observation }) => observation.failure === null).length;
  onProgress({ stage: 'analysing', done: 1, of: 1, text: evaluatingText(answers, collected.length - answers) });

  const baseline = await baselineOf(ports.baselines, id, watched === null ? url : null);
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
  const setup =
    refusal ?? (ports.given !== null || watched !== null ? null : notUnderstood(evaluation, window, payloads));
  const verdict = setup !== null ? 'undecided' : evaluation.diagnosis.severity === 'none' ? 'healthy' : 'failing';
  if (verdict === 'healthy' && baseline === null && watched === null)
    await keepAsBaseline(ports, id, window, golden.build());
  return report({
    url,
    id,
    discovery,
    baseline,
    window,
    evaluation: setup === null ? evaluation : { ...evaluation, ...undecided(evaluation, setup) },
    verdict,
    setup,
    limited,
    sent: isKnown(discovery, ports.given, refusal) ? sentText(payloads) : null,
    thresholds: settings.experience.thresholds,
  });
}

/** @returns `investigate` with what it is made of, for whoever has only a URL */
export function investigator(
  ports: InvestigationPorts,
  settings: InvestigationSettings,
): (
  url: string,
  samples: number | null,
  onProgress: (progress: InvestigationProgress) => void,
) => Promise<Investigation> {
  return (url, samples, onProgress) => investigate(ports, settings, url, samples, onProgress);
}

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

/** Asks the model unless it is known that it cannot be asked. @returns why it could not, too */
async function asked(
  ports: InvestigationPorts,
  model: Model,
  wanted: number,
  unasked: SetupProblem | null,
  onProgress: (progress: InvestigationProgress) => void,
): Promise<Collected & { readonly refusal: SetupProblem | null }> {
  if (unasked !== null) return { collected: [], limited: null, refusal: unasked };
  const { collected, limited } = await collectProbes(ports.cycle, model, wanted, onProgress);
  const refusal = collected.length === 0 && limited !== null ? setupProblemOf(limited) : null;
  return { collected, limited, refusal };
}

/** The certificate that was shown last. */
const certificateIn = (collected: readonly Sample[]): ServerCertificate | null =>
  collected.flatMap(({ certificate }) => certificate ?? []).at(-1) ?? null;

const targetOf = (discovery: Discovery, given: GivenTarget | null, url: string): GivenTarget =>
  discovery.kind === 'found' ? discovery : (given ?? unknownTarget(url));

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

/**
 * Why a model that is not watched could not be asked at all; one that is was asked before, and for it the same is a fault. So it is
 * where a payload is given that the model takes: the server that fails on it fails its users.
 */
function refusalOf(discovery: Discovery, isUnknown: boolean, isGiven: boolean): SetupProblem | null {
  if (discovery.kind === 'found' || !isUnknown || !isSetup(discovery.failure)) return null;
  const problem = setupProblemOf(discovery.failure);
  return isGiven && problem.kind === 'server-error' ? null : problem;
}

/** Whether the payloads are those that the model was asked with, found or given. */
const isKnown = (discovery: Discovery, given: GivenTarget | null, refusal: SetupProblem | null): boolean =>
  discovery.kind === 'found' || (given !== null && refusal === null);

const LONGEST_SENT = 300;
const sentText = ([first]: readonly Json[]): string => JSON.stringify(first ?? null).slice(0, LONGEST_SENT);

/** Other payloads than the first, each answered alike, may not have reached the model as inputs at all. */
function notUnderstood(
  { findings }: Evaluation,
  { calls }: WindowProfile,
  payloads: readonly Json[],
): SetupProblem | null {
  if (!findings.some(({ detector }) => detector === 'constant-predictions')) return null;
  return setupProblem(
    'not-understood',
    `The model answered all of ${counted(calls, 'probe')} the same; it may not have understood them (sent: ${sentText(payloads)}).`,
  );
}

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
      findings: [],
    },
    explanation: { ...explanation, headline: sentence, summary: `${sentence} ${advice}`, paragraphs: [] },
    proposals: [],
    similar: [],
  };
}

async function keepAsBaseline(
  ports: InvestigationPorts,
  id: ModelId,
  window: WindowProfile,
  golden: readonly GoldenBaseline[],
): Promise<void> {
  if (ports.baselines === null || window.calls < LEAST_SAMPLES_FOR_A_BASELINE) return;
  const requirements = { minimumSamples: LEAST_SAMPLES_FOR_A_BASELINE, minimumDurationMs: 0, maximumErrorShare: 0.1 };
  const learnt = learn(startLearning(1, requirements), window, golden, requirements);
  // Of two checks at once the first is kept, as if they had come one after the other.
  if (learnt.verdict.kind === 'admitted') await ports.baselines.saveNew(id, storable(admit(learnt, ports.clock.now())));
}

interface Checked {
  readonly url: string;
  readonly id: ModelId;
  readonly discovery: Discovery;
  readonly baseline: BaselineProfile | null;
  readonly window: WindowProfile;
  readonly evaluation: Evaluation;
  readonly verdict: Investigation['verdict'];
  readonly setup: SetupProblem | null;
  readonly limited: Failure | null;
  readonly sent: string | null;
  readonly thresholds: DetectionThresholds;
}

function report({
  url,
  id,
  discovery,
  baseline,
  window,
  evaluation,
  verdict,
  setup,
  limited,
  sent,
  thresholds,
}: Checked): Investigation {
  const confidence = numeric(window, 'confidence');
  const latency = numeric(window, 'latency_seconds');
  const summary = confidence === null ? null : summariseNumeric(confidence);
  const failures = failureCount(window);
  return {
    url,
    modelId: id,
    verdict,
    setup,
    sent,
    discovery,
    samples: window.calls,
    confidenceMean: summary?.mean ?? null,
    confidenceStandardDeviation: summary?.standardDeviation ?? null,
    errorShare: window.calls === 0 ? 0 : failures / window.calls,
    latencyP50Seconds: latency === null ? null : quantileOf(latency, 0.5),
    baselineExists: baseline !== null,
    confidenceDrift: confidenceDrift(baseline, confidence, evaluation),
    diagnosis: evaluation.diagnosis,
    explanation: evaluation.explanation,
    recommendations: evaluation.proposals,
    similar: evaluation.similar,
    limits: [
      ...(limited === null || window.calls === 0
        ? []
        : [`No more than ${counted(window.calls, 'probe')} could be sent: ${limited.detail}.`]),
      ...limitsOf(window.calls, failures, baseline, confidence !== null, thresholds),
    ],
  };
}

function confidenceDrift(
  baseline: BaselineProfile | null,
  now: NumericCounts | null,
  evaluation: Evaluation,
): Investigation['confidenceDrift'] {
  const before = baseline === null ? null : numeric(baseline.profile, 'confidence');
  if (baseline === null || before === null || now === null)
    return { method: 'KS-test', driftDetected: false, statistic: null, pValue: null, statistics: [] };
  const comparison = compareNumeric(before, now, baseline.bins.get('confidence') ?? []);
  const finding = evaluation.findings.find(({ detector }) => detector === 'confidence-distribution');
  return {
    method: 'KS-test',
    driftDetected: finding !== undefined,
    statistic: comparison.ksStatistic,
    pValue: finding?.pValue ?? comparison.ksPValue,
    statistics: finding?.statistics ?? [{ name: 'ks', value: comparison.ksStatistic }],
  };
}

/** An honest statement of what this many probes can and cannot show. */
function limitsOf(
  calls: number,
  failures: number,
  baseline: BaselineProfile | null,
  hasConfidence: boolean,
  thresholds: DetectionThresholds,
): readonly string[] {
  if (calls === 0) return ['Nothing is known of the model yet: it has not answered.'];
  const limits = [
    `These are ${calls} generated probes, not your users' requests: drift of the real inputs cannot be seen from here.`,
  ];
  if (failures === 0 && calls > 0) {
    const upper = proportion(0, calls).interval.high;
    limits.push(
      `No call failed, yet an error rate of up to ${percent(upper)} would often look the same with ${counted(calls, 'call')}.`,
    );
  }
  if (!hasConfidence) limits.push('The answers carry no confidence, so every check of confidence was skipped.');
  if (baseline === null) {
    limits.push(
      'There is no earlier check to compare with: only faults visible in the answers themselves can be found.',
    );
  } else {
    limits.push(
      `Compared with an earlier check; a shift of the mean below ${thresholds.meanShift} standard deviations is not reported.`,
    );
  }
  return limits;
}

function numeric(window: WindowProfile, key: 'confidence' | 'latency_seconds'): NumericCounts | null {
  const counts = window.signals.get(key);
  return counts?.kind === 'numeric' && counts.cells.size > 0 ? counts : null;
}
