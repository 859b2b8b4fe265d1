import { Conflict, Invalid } from '../domain/errors.js';
import { endpointAt, isSameServer } from '../domain/how-to-ask.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { ValidationRequest } from '../domain/validation.js';
import { slugOf, validationId, type ModelId, type ValidationId } from '../domain/identifiers.js';
import type { Json, JsonObject } from '../domain/json.js';
import { shownAddress } from '../domain/shown-address.js';
import type { Endpoint, Model } from '../domain/model.js';
import type { Features, ModelAnswer, Observation } from '../domain/observation.js';
import type { Clock, Ids, Logger, ValidationRepository } from '../domain/ports.js';
import type { InputOrigin, Validation, ValidationAnswer, ValidationPair } from '../domain/validation.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import { compare } from './compare.js';
import { assessComparison } from './verdict.js';
import type { Actor } from '../domain/actor.js';
import { goldenKey, isKnownAnswer } from '../statistics/token-overlap.js';

export interface ModelValidationPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly validations: Pick<ValidationRepository, 'list'>;
  /** Saves a validation with the entry of the audit log that says so: both or neither. */
  readonly record: (validation: Validation, kind: string, by: Actor, fields: JsonObject) => Promise<void>;
  readonly hash: (text: string) => string;
  readonly discover: (target: DiscoveryTarget) => Promise<Discovery>;
  /** Asks within the model's schedule: its concurrency, its hourly budget, its wish to be left alone. Null = not asked. */
  readonly ask: (model: Model, payloads: readonly Json[]) => Promise<readonly (ModelAnswer | null)[]>;
  readonly payloadLike: (example: Json, features: Features) => Json | null;
  readonly generate: (examples: readonly Json[], count: number) => readonly Json[];
  /** The watched model with its newest rows, now. @throws NotFound */
  readonly subject: (id: ModelId) => ValidationSubject;
  /** Share of repeats on which the model in service contradicts itself. */
  readonly flipShare: (id: ModelId) => number | null;
  /** Told when a validation of a model that is still there has its verdict. */
  readonly finished: (validation: Validation) => Promise<void>;
}

export interface ValidationSubject {
  readonly state: MonitoredModelState;
  /** True once this very model was removed, whatever has its name by then. */
  readonly isRemoved: () => boolean;
}

export interface ModelValidations {
  /** Starts one and answers at once. @throws Conflict while one of the model runs, `invalid` */
  start(id: ModelId, request: ValidationRequest, by: Actor): Promise<Validation>;
  /** Newest first. */
  list(id: ModelId): Promise<readonly Validation[]>;
  /** Breaks off what is running and resolves when that is recorded. */
  stop(): Promise<void>;
}

/** One input that is asked of both. */
interface Question {
  readonly origin: InputOrigin;
  readonly payload: Json;
  readonly goldenId: string | null;
  /** The live row it comes from. */
  readonly row: Observation | null;
}

const LISTED = 20;
const RECORDED_AGAIN_AFTER_MS = 5_000;
/** So long it is tried to write a verdict; then it is given up, and the model can be validated again. */
const RECORDED_AGAIN_FOR_MS = 3_600_000;
const MAX_VERSION = 100;
const REMOVED_TEXT = 'The model was removed meanwhile.';
const STOPPED_TEXT = 'Interrupted by a restart of mlfi; start it again.';
const UNWRITTEN_TEXT = 'Its verdict could not be written to the store; start it again.';

/** Validations of candidate versions, one at a time per model. Rows and answers stay in memory; figures and verdict are stored. */
export function createModelValidations(ports: ModelValidationPorts): ModelValidations {
  const running = new Map<ModelId, { readonly subject: ValidationSubject; readonly ended: Promise<void> }>();
  const stopping = new AbortController();
  /** Those that ended in this process without a verdict in the store. */
  const unwritten = new Set<ValidationId>();

  /** A verdict that cannot be written now is written once it can be, unless that takes too long: what it cost is not spent twice. */
  const recordFinished = async (done: Validation, by: Actor): Promise<void> => {
    const { modelId: model, id: validation, state, verdict, reasons, calls } = done;
    const fields = { model, validation, state, verdict, reasons: [...reasons], calls };
    const untilMs = ports.clock.now() + RECORDED_AGAIN_FOR_MS;
    for (;;) {
      try {
        return await ports.record(done, 'validation-finished', by, fields);
      } catch (error) {
        if (stopping.signal.aborted) throw error;
        if (ports.clock.now() >= untilMs) {
          unwritten.add(validation);
          throw error;
        }
        ports.logger.warn({ model, error: String(error) }, 'a verdict cannot be written yet');
        await ports.clock.sleep(RECORDED_AGAIN_AFTER_MS, stopping.signal);
      }
    }
  };

  const run = async (subject: ValidationSubject, begun: Validation, samples: number, by: Actor): Promise<void> => {
    let done: Validation;
    const brokenOff = (): string | null =>
      subject.isRemoved() ? REMOVED_TEXT : stopping.signal.aborted ? STOPPED_TEXT : null;
    try {
      done = await validate(ports, subject.state, begun, samples, brokenOff);
    } catch (error) {
      ports.logger.error({ model: begun.modelId, error: String(error) }, 'validation failed');
      done = { ...begun, state: 'failed', reasons: ['The validation failed; the log says why.'] };
    }
    done = { ...done, finishedAtMs: ports.clock.now() };
    await recordFinished(done, by);
    if (!subject.isRemoved()) await ports.finished(done);
  };

  return {
    async start(id, request, by) {
      const subject = ports.subject(id);
      const { model } = subject.state;
      // What runs for a removed model of the same name ends by itself.
      if (running.get(id)?.subject.isRemoved() === false)
        throw new Conflict(`a validation of model "${id}" is running; wait for its verdict`, 'model');
      if (model.endpoint?.url === request.candidateUrl)
        throw new Invalid('this is the address of the model in service; name that of the candidate', 'candidate_url');
      const begun: Validation = {
        id: validationId(ports.ids.next()),
        modelId: id,
        candidateUrl: request.candidateUrl,
        purpose: request.purpose,
        state: 'running',
        startedAtMs: ports.clock.now(),
        finishedAtMs: null,
        currentVersion: model.versionLabel,
        candidateVersion: null,
        calls: 0,
        verdict: null,
        reasons: [],
        criteria: [],
        comparison: null,
        requestedBy: by.name,
      };
      const recorded = ports.record(begun, 'validation-started', by, {
        model: id,
        validation: begun.id,
        candidate: shownAddress(request.candidateUrl),
        purpose: request.purpose,
      });
      // Noted before anything is awaited, or two requests could both begin.
      const ended = recorded
        .then(() => run(subject, begun, request.samples, by))
        .catch((error: unknown) =>
          ports.logger.error({ model: id, error: String(error) }, 'a validation could not be recorded'),
        )
        .finally(() => {
          if (running.get(id)?.subject === subject) running.delete(id);
        });
      running.set(id, { subject, ended });
      await recorded;
      return begun;
    },
    async list(id) {
      ports.subject(id);
      const found = await ports.validations.list(id, LISTED);
      // One runs at a time, the newest; whatever else is left as running was running when a process ended.
      const [newest] = found;
      return found.map((one) =>
        one.state === 'running' && !(running.has(id) && one === newest)
          ? { ...one, state: 'failed', reasons: [unwritten.has(one.id) ? UNWRITTEN_TEXT : STOPPED_TEXT] }
          : one,
      );
    },
    async stop() {
      stopping.abort();
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

async function validate(
  ports: ModelValidationPorts,
  subject: MonitoredModelState,
  begun: Validation,
  samples: number,
  /** Why it is not to go on; null while it may. */
  brokenOff: () => string | null,
): Promise<Validation> {
  const { model } = subject;
  const reached = await candidateOf(ports, model, begun.candidateUrl);
  if (reached.kind === 'unreachable')
    return {
      ...begun,
      state: 'failed',
      calls: reached.calls,
      reasons: [`The candidate gives no usable answer: ${reached.reason}`],
    };
  const candidate: Model = { ...model, id: slugOf(`candidate-${model.id}`), endpoint: reached.endpoint };
  const questions = questionsOf(ports, subject, reached.examples, samples);
  const pairs: ValidationPair[] = [];
  let calls = reached.calls;
  let candidateVersion: string | null = null;
  const step = Math.max(1, model.schedule.concurrency);
  for (let from = 0; from < questions.length; from += step) {
    const chunk = questions.slice(from, from + step);
    const payloads = chunk.map(({ payload }) => payload);
    const why = brokenOff();
    if (why !== null) return { ...begun, state: 'failed', calls, reasons: [why] };
    // Both at the same moment, so that both meet the same network and the same load.
    const [before, after] = await Promise.all([
      model.endpoint === null ? [] : ports.ask(model, payloads),
      ports.ask(candidate, payloads),
    ]);
    calls += [...before, ...after].filter((answer) => answer !== null).length;
    chunk.forEach((question, index) => {
      const answer = after[index] ?? null;
      if (answer === null) return;
      if (answer.kind === 'answer') candidateVersion = answer.modelVersion?.slice(0, MAX_VERSION) ?? candidateVersion;
      pairs.push(pairOf(ports, subject, question, before[index] ?? null, answer));
    });
    // Nobody may be asked any more: the budget of the hour is spent, or the candidate wants to be left alone.
    if (after.every((answer) => answer === null)) break;
  }
  const why = brokenOff();
  if (why === REMOVED_TEXT) return { ...begun, state: 'failed', calls, reasons: [why] };
  const comparison = compare(pairs);
  const assessed = assessComparison(comparison, begun.purpose, ports.flipShare(model.id));
  const unasked = questions.length - pairs.length;
  return {
    ...begun,
    state: 'finished',
    calls,
    candidateVersion,
    verdict: assessed.verdict,
    criteria: assessed.criteria,
    reasons: [
      ...assessed.reasons,
      ...(unasked > 0
        ? [`${unasked} of ${questions.length} inputs were not asked: the model’s budget of calls did not allow it.`]
        : []),
      ...notesOn(subject, comparison.inputs),
    ],
    comparison,
  };
}

/** What a reader must know about where the inputs came from. */
function notesOn(
  { model, rows }: MonitoredModelState,
  inputs: Readonly<Record<InputOrigin, number>>,
): readonly string[] {
  if (inputs.mirrored > 0) return [];
  if (rows.every(({ source }) => source !== 'ingest'))
    return ['No live inputs were mirrored: no predictions are logged for this model.'];
  return model.probePayloads.length === 0
    ? ['No live inputs were mirrored: it is not known how this model takes its inputs.']
    : ['No live inputs were mirrored: they cannot be written in the form this model takes, since texts are not kept.'];
}

type Reached =
  | {
      readonly kind: 'reached';
      readonly endpoint: Endpoint;
      readonly examples: readonly Json[];
      readonly calls: number;
    }
  | { readonly kind: 'unreachable'; readonly reason: string; readonly calls: number };

/** How the candidate is asked: as the model in service, if it takes that; else as its own description says. */
async function candidateOf(ports: ModelValidationPorts, model: Model, url: string): Promise<Reached> {
  const known = [...model.goldenInputs.map(({ payload }) => payload), ...model.probePayloads];
  const [example] = known;
  const asked = model.endpoint === null ? null : endpointAt(model.endpoint, url);
  if (asked !== null && example !== undefined) {
    const [answer] = await ports.ask({ ...model, id: slugOf(`candidate-${model.id}`), endpoint: asked }, [example]);
    if (answer?.kind === 'answer' && answer.prediction !== null)
      return { kind: 'reached', endpoint: asked, examples: known, calls: 1 };
  }
  const discovery = await ports.discover({
    url,
    authorizationSecret: asked?.authorizationSecret ?? null,
    ...(asked?.asking !== undefined && isSameServer(model.endpoint?.url ?? '', url) ? { asking: asked.asking } : {}),
  });
  const calls = discovery.attempts.length + 1;
  if (discovery.kind === 'not-found') return { kind: 'unreachable', reason: discovery.failure.detail, calls };
  return {
    kind: 'reached',
    endpoint: discovery.endpoint,
    examples: example === undefined ? discovery.payloads : known,
    calls,
  };
}

/** Golden inputs, then live rows (labelled ones first, newest first), then generated ones up to the number wanted. */
function questionsOf(
  ports: ModelValidationPorts,
  { model, rows }: MonitoredModelState,
  examples: readonly Json[],
  samples: number,
): readonly Question[] {
  const golden = model.goldenInputs.map(({ id, payload }): Question => ({
    origin: 'golden',
    payload,
    goldenId: id,
    row: null,
  }));
  const [example] = examples;
  const newest = rows.filter(({ source, failure }) => source === 'ingest' && failure === null).toReversed();
  const inOrder = [...newest.filter(({ label }) => label !== null), ...newest.filter(({ label }) => label === null)];
  const mirrored: Question[] = [];
  for (const row of inOrder) {
    if (golden.length + mirrored.length >= samples || example === undefined) break;
    const payload = row.features === null ? null : ports.payloadLike(example, row.features);
    if (payload !== null) mirrored.push({ origin: 'mirrored', payload, goldenId: null, row });
  }
  // What was never answered has no current answer to compare with, unless the model can be asked.
  const missing = model.endpoint === null ? 0 : Math.max(0, samples - golden.length - mirrored.length);
  const generated = ports
    .generate(model.probePayloads, missing)
    .map((payload): Question => ({ origin: 'generated', payload, goldenId: null, row: null }));
  return [...golden, ...mirrored, ...generated].slice(0, samples);
}

function pairOf(
  ports: ModelValidationPorts,
  { model, baseline }: MonitoredModelState,
  { origin, goldenId, row }: Question,
  before: ModelAnswer | null,
  after: ModelAnswer,
): ValidationPair {
  const candidate = answerOf(after);
  const remembered = baseline?.golden.find((input) => input.goldenId === goldenId);
  return {
    origin,
    current: before !== null ? answerOf(before) : model.endpoint === null && row !== null ? loggedAnswer(row) : null,
    candidate,
    label: row?.label ?? null,
    asBaseline:
      goldenId === null || remembered === undefined || remembered.answers === 0
        ? null
        : after.kind === 'answer' && isKnownAnswer(answerKey(ports, after), Object.keys(remembered.answerHashes)),
  };
}

const answerKey = (
  { hash }: ModelValidationPorts,
  { prediction, generation }: Extract<ModelAnswer, { kind: 'answer' }>,
): string =>
  generation === undefined
    ? goldenKey({ prediction }, hash)
    : goldenKey({ prediction: generation.outcome, generatedText: generation.text }, hash);

const answerOf = (answer: ModelAnswer): ValidationAnswer =>
  answer.kind === 'answer'
    ? {
        prediction: answer.prediction,
        confidence: answer.confidence,
        latencySeconds: answer.latencySeconds,
        failed: false,
      }
    : { prediction: null, confidence: null, latencySeconds: null, failed: true };

const loggedAnswer = (row: Observation): ValidationAnswer => ({
  prediction: row.prediction,
  confidence: row.confidence,
  // Measured by another process at another place: not to be compared with ours.
  latencySeconds: null,
  failed: false,
});
