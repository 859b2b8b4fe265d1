import type { Endpoint, GoldenInput, Model } from '../../domain/model.js';
import type { ModelId } from '../../domain/identifiers.js';
import type { Json } from '../../domain/json.js';
import type { Failure, ModelAnswer, Observation, ObservationSource } from '../../domain/observation.js';
import type { Sample, ServerCertificate } from '../../domain/observation.js';
import type { Clock, HttpClient, Logger, Random } from '../../domain/ports.js';
import { AnswersSoFar } from './answers-so-far.js';
import type { PoliteHttpClient } from './host-limits.js';
import { connectorOf } from './connectors/index.js';
import { featuresOf } from './payloads/features.js';
import type { ProbedModel } from '../../domain/probed-model.js';
import { generatePayloads } from './payloads/generate.js';

export interface ProberPorts {
  readonly http: PoliteHttpClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly authorizationOf: (secretName: string) => string | null;
}

/** Asks models again and again, politely. */
export interface Prober {
  /** Starts probing; a model already watched is started anew with its present settings. */
  watch(model: ProbedModel, onSamples: (samples: readonly Sample[]) => void): void;
  unwatch(id: ModelId): void;
  /** One cycle now: every golden input and the generated probes. */
  cycle(model: ProbedModel): Promise<readonly Sample[]>;
  /** One question now, for an experiment; its answer is no sample. Counts against the hourly budget, which it never exceeds. */
  ask(model: Model, payload: Json): Promise<ModelAnswer>;
  /** Asks each payload once, within the model's concurrency and budget; null for those that were not asked any more. */
  askEach(model: Model, payloads: readonly Json[]): Promise<readonly (ModelAnswer | null)[]>;
}

interface Question {
  readonly source: ObservationSource;
  readonly goldenId: string | null;
  readonly payload: Json;
}

/** A question with what came of it. */
interface Asked {
  readonly question: Question;
  readonly endpoint: Endpoint;
  readonly learnt: ReturnType<NonNullable<ProbedModel['learnt']>>;
  readonly atMs: number;
  readonly answer: ModelAnswer;
  readonly certificate: ServerCertificate | undefined;
}

interface Answered {
  readonly result: Sample;
  readonly answer: ModelAnswer;
}

/** What came of one cycle of the schedule. */
interface Cycle {
  readonly wasAnswered: boolean;
  readonly asked: number;
  readonly retryAfterMs: number | null;
  /** Time that was waited between its parts. */
  readonly waitedMs: number;
}

const HOUR_MS = 3_600_000;
const LONGEST_BACK_OFF_MS = 60_000;
/** A model that is back is seen within so many intervals. */
const MOST_INTERVALS = 4;
/** When nobody answers, a cycle stops after this many questions. */
const GIVE_UP_AFTER = 5;

export function createProber(ports: ProberPorts): Prober {
  const running = new Map<ModelId, AbortController>();
  const callTimes = new Map<ModelId, number[]>();
  const soFar = new AnswersSoFar();

  const ask = async (model: ProbedModel, question: Question): Promise<Asked> => {
    const { endpoint, schedule, state } = model;
    if (endpoint === null) throw new Error(`model ${model.id} has no endpoint`);
    let certificate: ServerCertificate | undefined;
    const http: HttpClient = {
      async call(request) {
        const answer = await ports.http.call(request);
        if (answer.kind === 'answer') certificate = answer.certificate ?? certificate;
        return answer;
      },
    };
    const context = {
      http,
      clock: ports.clock,
      timeoutMs: schedule.timeoutMs,
      authorizationOf: ports.authorizationOf,
      ...(endpoint.asking === undefined ? {} : { asking: endpoint.asking }),
    };
    const atMs = ports.clock.now();
    const said = await connectorOf(endpoint.connector).ask(context, endpoint, question.payload);
    const learnt = model.learnt?.() ?? null;
    return { question, endpoint, learnt, atMs, answer: soFar.noted({ endpoint, state, learnt }, said), certificate };
  };

  /** What was asked as it is read by all that was asked before and at once with it. */
  const answeredOf = (asked: Asked): Answered => {
    const { question, endpoint, atMs, certificate } = asked;
    const answer = soFar.read(asked, asked.answer);
    return {
      result: {
        observation: observationOf(question, answer, atMs, endpoint.asking?.pointers?.prediction !== undefined),
        shape: answer.kind === 'answer' ? answer.shape : null,
        ...(certificate === undefined ? {} : { certificate }),
        ...(answer.kind === 'answer' && typeof answer.from === 'string' ? { readFrom: answer.from } : {}),
      },
      answer,
    };
  };

  /** How many calls the hourly budget still allows. */
  const budgetOf = (model: Model): number => {
    if (model.schedule.callsPerHour === null) return Infinity;
    const since = ports.clock.now() - HOUR_MS;
    const recent = (callTimes.get(model.id) ?? []).filter((at) => at > since);
    callTimes.set(model.id, recent);
    return Math.max(0, model.schedule.callsPerHour - recent.length);
  };

  const noteCall = (model: Model): void => {
    if (model.schedule.callsPerHour !== null) callTimes.get(model.id)?.push(ports.clock.now());
  };

  const cycle = async (
    model: ProbedModel,
    signal?: AbortSignal,
  ): Promise<{ readonly results: readonly Sample[]; readonly retryAfterMs: number | null }> => {
    const { answered, retryAfterMs } = await askAll(model, questionsFor(model, ports.random), signal);
    return { results: answered.flatMap((one) => (one === null ? [] : [one.result])), retryAfterMs };
  };

  /** Asks one question after the other, `concurrency` at a time, until the budget is spent or the model wants to be left alone. */
  const askAll = async (
    model: ProbedModel,
    wanted: readonly Question[],
    signal?: AbortSignal,
  ): Promise<{ readonly answered: readonly (Answered | null)[]; readonly retryAfterMs: number | null }> => {
    const questions = wanted.slice(0, budgetOf(model));
    const asked: (Asked | null)[] = wanted.map(() => null);
    let retryAfterMs: number | null = null;
    let next = 0;
    let failedInRow = 0;
    const worker = async (): Promise<void> => {
      while (
        next < questions.length &&
        signal?.aborted !== true &&
        retryAfterMs === null &&
        failedInRow < GIVE_UP_AFTER
      ) {
        const index = next;
        const question = questions[index];
        // The first is asked all the same: a cycle in which nothing may be sent tells why.
        const restMs = index === 0 ? 0 : ports.http.restMs(model.endpoint?.url ?? '');
        if (restMs > 0) retryAfterMs = restMs;
        if (question === undefined || restMs > 0) return;
        next += 1;
        // Asked again here, because a second cycle of the same model may have spent the budget meanwhile.
        if (budgetOf(model) === 0) return;
        noteCall(model);
        const one = await ask(model, question);
        const { answer } = one;
        asked[index] = one;
        failedInRow = answer.kind === 'failure' ? failedInRow + 1 : 0;
        if (answer.kind === 'failure' && (answer.failure.retryAfterMs !== null || isLimit(answer.failure)))
          retryAfterMs = answer.failure.retryAfterMs ?? 0;
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, model.schedule.concurrency) }, worker));
    return { answered: asked.map((one) => (one === null ? null : answeredOf(one))), retryAfterMs };
  };

  /**
   * One cycle of the schedule: at once where the model is new or shows a failure, else a few questions at a time over the
   * interval, so that a change is seen after one question and not after the whole interval. The calls are as many.
   */
  const scheduledCycle = async (
    model: ProbedModel,
    isSpread: boolean,
    onSamples: (samples: readonly Sample[]) => void,
    signal: AbortSignal,
  ): Promise<Cycle> => {
    const questions = questionsFor(model, ports.random);
    const parts = isSpread ? spread(questions, model.schedule.intervalMs) : [questions];
    let wasAnswered = false;
    let asked = 0;
    let waitedMs = 0;
    while (parts.length > 0 && !signal.aborted) {
      const { answered, retryAfterMs } = await askAll(model, parts.shift() ?? [], signal);
      const results = answered.flatMap((one) => (one === null ? [] : [one.result]));
      const failed = results.filter(({ observation }) => observation.failure !== null).length;
      // What was never sent because of a limit is no sign that nobody answers: the limit says how long to wait.
      asked += results.filter(({ observation: { failure } }) => failure === null || !wasUnsent(failure)).length;
      wasAnswered ||= failed < results.length;
      if (!signal.aborted && results.length > 0) onSamples(results);
      if (retryAfterMs !== null) return { wasAnswered, asked, retryAfterMs, waitedMs };
      // Something is wrong: the rest is asked now, for a lone failure tells nothing.
      if (failed > 0) parts.splice(0, parts.length, ...(parts.length === 0 ? [] : [parts.flat()]));
      else if (parts.length > 0) {
        const waitMs = partMs(model, questions.length);
        await ports.clock.sleep(waitMs, signal);
        waitedMs += waitMs;
      }
    }
    return { wasAnswered, asked, retryAfterMs: null, waitedMs };
  };

  const probeForever = async (
    model: Model,
    onSamples: (samples: readonly Sample[]) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    let failedCycles = 0;
    let isSpread = false;
    while (!signal.aborted) {
      let retryAfterMs: number | null = null;
      let waitedMs = 0;
      try {
        const done = await scheduledCycle(model, isSpread, onSamples, signal);
        ({ retryAfterMs, waitedMs } = done);
        failedCycles = done.asked > 0 && !done.wasAnswered ? failedCycles + 1 : 0;
      } catch (error) {
        ports.logger.error(
          { model: model.id, error: error instanceof Error ? error.message : String(error) },
          'a probe cycle failed',
        );
      }
      isSpread = failedCycles === 0;
      await ports.clock.sleep(pauseMs(model, failedCycles, waitedMs, retryAfterMs, ports.random), signal);
    }
  };

  return {
    watch(model, onSamples) {
      running.get(model.id)?.abort();
      const controller = new AbortController();
      running.set(model.id, controller);
      void probeForever(model, onSamples, controller.signal);
    },
    unwatch(id) {
      running.get(id)?.abort();
      running.delete(id);
    },
    cycle: async (model) => (await cycle(model)).results,
    async ask(model, payload) {
      if (budgetOf(model) === 0) {
        const detail = 'the hourly call budget is spent';
        const failure = { reason: 'blocked', detail, httpStatus: null, retryAfterMs: null } as const;
        return { kind: 'failure', failure, latencySeconds: 0 };
      }
      noteCall(model);
      return answeredOf(await ask(model, { source: 'probe', goldenId: null, payload })).answer;
    },
    async askEach(model, payloads) {
      const questions = payloads.map((payload): Question => ({ source: 'probe', goldenId: null, payload }));
      return (await askAll(model, questions)).answered.map((one) => one?.answer ?? null);
    },
  };
}

/** Further calls would be refused, too. */
const isLimit = ({ reason }: Failure): boolean => reason === 'rate_limited';

const wasUnsent = (failure: Failure): boolean => isLimit(failure) && failure.httpStatus === null;

/** Shortest time between two parts of a cycle that is spread over its interval. */
const SHORTEST_PART_MS = 5_000;

const partsOf = (intervalMs: number, questions: number): number =>
  Math.max(1, Math.min(questions, Math.floor(intervalMs / SHORTEST_PART_MS)));
const partMs = ({ schedule }: Model, questions: number): number =>
  schedule.intervalMs / partsOf(schedule.intervalMs, questions);

/** The questions in as many parts as the interval has room for. */
function spread(questions: readonly Question[], intervalMs: number): Question[][] {
  const parts = partsOf(intervalMs, questions.length);
  return Array.from({ length: parts }, (_, part) => questions.filter((_question, i) => i % parts === part));
}

/**
 * Interval with jitter, less what was waited of it; doubled for every fruitless cycle, up to four intervals and a minute (never below the interval);
 * never before Retry-After.
 */
function pauseMs(
  { schedule }: Model,
  failedCycles: number,
  waitedMs: number,
  retryAfterMs: number | null,
  random: Random,
): number {
  const jitter = 1 + schedule.jitterShare * (2 * random.next() - 1);
  const backOff = Math.max(
    schedule.intervalMs,
    Math.min(LONGEST_BACK_OFF_MS, schedule.intervalMs * Math.min(MOST_INTERVALS, 2 ** failedCycles)),
  );
  return Math.max(backOff * jitter - waitedMs, 0, retryAfterMs ?? 0);
}

function questionsFor(model: Model, random: Random): Question[] {
  const golden = model.goldenInputs.map(({ id, payload }: GoldenInput): Question => ({
    source: 'golden',
    goldenId: id,
    payload,
  }));
  const probes = generatePayloads(model.probePayloads, model.schedule.probesPerCycle, random).map(
    ({ payload }): Question => ({ source: 'probe', goldenId: null, payload }),
  );
  // A model that never answered is knocked at, not questioned.
  return model.state === 'configuring' ? [...golden, ...probes].slice(0, 1) : [...golden, ...probes];
}

/** @param isPointedTo what a language model wrote is a class, because somebody said where in the answer it stands */
function observationOf(question: Question, answer: ModelAnswer, atMs: number, isPointedTo: boolean): Observation {
  const common = {
    atMs,
    source: question.source,
    predictionId: null,
    goldenId: question.goldenId,
    features: featuresOf(question.payload),
    label: null,
  };
  if (answer.kind === 'failure') {
    return {
      ...common,
      prediction: null,
      confidence: null,
      latencySeconds: answer.latencySeconds,
      failure: answer.failure,
      modelVersion: null,
    };
  }
  const { generation } = answer;
  const written = isPointedTo ? undefined : generation;
  return {
    ...common,
    ...(generation === undefined ? {} : { features: { ...common.features, ...generation.features } }),
    ...(written === undefined || question.source !== 'golden' ? {} : { generatedText: written.text }),
    // What was written is never kept; how it ended is what can be counted.
    prediction: written?.outcome ?? answer.prediction,
    confidence: answer.confidence,
    latencySeconds: answer.latencySeconds,
    ...(answer.httpStatus === undefined ? {} : { httpStatus: answer.httpStatus }),
    failure: null,
    modelVersion: answer.modelVersion,
  };
}
