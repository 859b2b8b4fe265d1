import { NotFound, Invalid, Unavailable } from '../domain/errors.js';
import { Mutex } from 'async-mutex';
import type { AnyActionTarget } from '../domain/action-target.js';
import type { Discovery } from '../domain/discovery.js';
import type { IngestBatch, IngestResult } from '../domain/ingest.js';
import type { ModelStatus } from '../domain/model-status.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import type { IncidentId, ModelId } from '../domain/identifiers.js';
import type { Incident } from '../domain/incident.js';
import type { Json } from '../domain/json.js';
import type { LearningSummary, Lesson } from '../domain/lesson.js';
import type { Model } from '../domain/model.js';
import type { AlertFeedback } from '../domain/alert-feedback.js';
import type { RecurringCause } from '../domain/recurring-cause.js';
import type { Clock, EventBus, Logger, Random, Store } from '../domain/ports.js';
import type { VerificationTimes } from '../domain/recommendation.js';
import type { Validation } from '../domain/validation.js';
import type { DriftMonitorState } from '../detection/sequential/drift-monitor.js';
import { IncidentExperiments } from '../experiments/per-incident.js';
import { mayExperiment, type ExperimentPolicy } from '../experiments/run-experiment.js';
import { createGroupCommit } from './group-commit.js';
import type { IncidentManager } from '../incidents/incident-manager.js';
import { summariseLearning } from '../incident-history/learning-summary.js';
import { alertThresholdFactors } from '../incident-history/alert-threshold-factor.js';
import { recurringCauses } from '../incident-history/recurring-causes.js';
import { stateOf, statusOf } from './model-status.js';
import { evaluate, type Evaluation } from '../evaluation/evaluate.js';
import { validationInForce, type Knowledge } from '../evaluation/knowledge.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { CohortShapley } from '../domain/row-analysis.js';
import { RowAnalysisSchedule, type RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import { driftMonitorKey, MonitoredModel, type MonitoringSettings } from './monitored-model.js';
import { callCountersKey, type CallCounters } from './call-counters.js';
import { type Sample } from '../domain/observation.js';

/** The background prober as the fleet uses it. */
export interface FleetProber {
  watch(model: Model, onSamples: (samples: readonly Sample[]) => void): void;
  unwatch(id: ModelId): void;
  cycle(model: Model): Promise<readonly Sample[]>;
}

export interface FleetPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => Random;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly prober: FleetProber;
  readonly incidents: IncidentManager;
  readonly hash: (text: string) => string;
  /** Looks again at the URL of a model that has never answered. */
  readonly rediscover: (model: Model) => Promise<Discovery>;
  /** Finds segments and decomposes the change; in a worker thread when there are many rows. */
  readonly analyseRows: RowAnalysisPorts['analyseRows'];
  /** Asks the live model which feature carries the change. Never rejects for a model that does not answer. */
  readonly experiment: (
    subject: MonitoredModelState,
    evaluation: Evaluation,
    incident: IncidentId,
    signal: AbortSignal,
  ) => Promise<CohortShapley>;
}

/** Read at every look, not copied: getters let a reload of the configuration take effect. */
export interface FleetSettings extends MonitoringSettings {
  readonly evaluationMs: number;
  readonly commitDelayMs: number;
  /** Closed incidents compared with an open one. */
  readonly lessonsConsidered: number;
  readonly targets: readonly AnyActionTarget[];
  readonly verification: VerificationTimes;
  readonly experiments: ExperimentPolicy;
}

interface Member {
  readonly monitored: MonitoredModel;
  /** Nothing is folded into the watch while a commit takes what it holds: a batch's counts, labels and id are written together. */
  readonly lane: Mutex;
  /** Results of folded batches whose commit is still to come, by batch id. */
  readonly batches: Map<string, IngestResult>;
  /** Commits that have succeeded. */
  commits: number;
  /** Newest verdict on a candidate version. */
  validation: Validation | null;
  evaluation: Evaluation | null;
  evaluatedAtMs: number | null;
  evaluationSeconds: number | null;
  samplesSinceEvaluation: number;
  rediscovering: boolean;
  readonly rows: RowAnalysisSchedule;
  /** The experiments of the open incident, the newest under way or done. */
  experiment: IncidentExperiments | null;
}

const QUIET_LOOK_MS = 60_000;
const WINDOWS_RESTORED_MS = 7 * 86_400_000;

const LEARNING_SINCE = 'learning_since';

/** All watched models of this process: folds what arrives, commits it, looks at every model in turn. */
export class Fleet {
  private readonly members = new Map<ModelId, Member>();
  private readonly commit;
  private lessons: readonly Lesson[] = [];
  private feedback: readonly AlertFeedback[] = [];
  private patterns: readonly RecurringCause[] = [];
  private learntSinceMs: number | null = null;
  private matched = 0;
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly ports: FleetPorts,
    private readonly settings: FleetSettings,
  ) {
    this.commit = createGroupCommit(ports.clock, settings.commitDelayMs, () => this.write());
  }

  /**
   * Takes up every stored model where it was left and begins to look.
   * @param onProgress told after each model
   */
  async start(onProgress: (done: number, total: number) => void = () => undefined): Promise<void> {
    await this.recallLessons();
    this.ports.events.subscribe((event) => {
      if (event.kind === 'incident-closed') void this.recallLessons();
    });
    const models = await this.ports.store.models.list();
    for (const [index, model] of models.entries()) {
      await this.restore(model);
      onProgress(index + 1, models.length);
    }
    this.loop = this.evaluationLoop();
  }

  /** Stops probing and looking, and commits what is left. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const id of this.members.keys()) this.ports.prober.unwatch(id);
    await this.loop;
    await Promise.all([...this.members.values()].map(({ experiment }) => experiment?.done ?? Promise.resolve()));
    await this.commit.settle();
    for (const { monitored } of this.members.values()) monitored.saveMonitorSoon();
    if (this.members.size > 0) await this.write();
  }

  has(id: ModelId): boolean {
    return this.members.has(id);
  }

  /** Saves a model and watches it from now on. */
  async add(model: Model): Promise<void> {
    await this.ports.store.models.save(model);
    const known = this.members.get(model.id);
    if (known === undefined) await this.restore(model);
    else {
      known.monitored.model = model;
      this.ports.prober.unwatch(model.id);
      this.probe(known.monitored);
    }
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  async remove(id: ModelId): Promise<void> {
    this.member(id);
    this.ports.prober.unwatch(id);
    await this.ports.incidents.closeAndForget(id);
    this.members.delete(id);
    await this.commit.settle();
    await this.ports.store.models.remove(id);
  }

  /** Stops watching a model and keeps what is stored of it: added again, it goes on where it was. */
  async release(id: ModelId): Promise<void> {
    const { monitored } = this.member(id);
    this.ports.prober.unwatch(id);
    await this.ports.incidents.closeAndForget(id);
    monitored.saveMonitorSoon();
    await this.committed();
    this.members.delete(id);
    await this.ports.store.models.unlist(id);
  }

  async setPaused(id: ModelId, paused: boolean): Promise<Model> {
    const { monitored } = this.member(id);
    await this.changeModel(monitored, {
      paused,
      state: paused ? 'paused' : monitored.baseline === null ? 'learning' : 'healthy',
    });
    this.ports.prober.unwatch(id);
    this.probe(monitored);
    return monitored.model;
  }

  /** @throws NotFound */
  monitoredModel(id: ModelId): MonitoredModel {
    return this.member(id).monitored;
  }

  evaluation(id: ModelId): Evaluation | null {
    return this.member(id).evaluation;
  }

  /** The newest verdict on a candidate of the model, while it counts. */
  validation(id: ModelId): Validation | null {
    const { validation, monitored } = this.member(id);
    return validationInForce(validation, monitored.model, this.ports.clock.now());
  }

  /** Reads anew what earlier incidents, and people's opinions of their pages, teach, from the moment on that learning was last reset. */
  async recallLessons(): Promise<void> {
    const { settings, lessons, alertFeedback } = this.ports.store;
    const since = await settings.get(LEARNING_SINCE);
    this.learntSinceMs = typeof since === 'number' ? since : null;
    this.lessons = await lessons.list({
      limit: this.settings.lessonsConsidered,
      ...(this.learntSinceMs === null ? {} : { closedAfterMs: this.learntSinceMs }),
    });
    this.patterns = recurringCauses(this.lessons, this.ports.clock.now());
    this.feedback = await alertFeedback.list(this.learntSinceMs === null ? {} : { afterMs: this.learntSinceMs });
    for (const { monitored } of this.members.values())
      monitored.setThresholdFactor(this.thresholdFactorOf(monitored.model.id));
  }

  private thresholdFactorOf(id: ModelId): number {
    return alertThresholdFactors(this.feedback).find(({ model }) => model === id)?.factor ?? 1;
  }

  /** Lessons of until now are no longer used. */
  async resetLearning(): Promise<void> {
    await this.ports.store.settings.set(LEARNING_SINCE, this.ports.clock.now());
    await this.recallLessons();
  }

  /** What the ranking of actions and the page lines rest on. */
  learningSummary(): LearningSummary {
    return summariseLearning(this.lessons, this.feedback, this.learntSinceMs, this.ports.clock.now());
  }

  knownLessons(): readonly Lesson[] {
    return this.lessons;
  }

  statuses(): readonly ModelStatus[] {
    return [...this.members.values()].map((member) => this.statusOf(member));
  }

  ids(): readonly ModelId[] {
    return [...this.members.keys()];
  }

  /** Changes whenever the model's status may have changed, null for no such model; cheap, for those who keep something made of a status. */
  revision(id: ModelId): string | null {
    const member = this.members.get(id);
    if (member === undefined) return null;
    const { monitored, evaluatedAtMs } = member;
    return `${evaluatedAtMs ?? 0}|${monitored.totals.calls}|${monitored.model.state}|${monitored.baseline?.version ?? 0}|${this.ports.incidents.current(id)?.timeline.length ?? 0}`;
  }

  status(id: ModelId): ModelStatus {
    return this.statusOf(this.member(id));
  }

  /** One probe now. What comes back counts like any other probe; null when it takes longer than `timeoutMs`. */
  async probeNow(id: ModelId, { calls, golden, timeoutMs }: ProbeRequest): Promise<readonly Sample[] | null> {
    const { monitored } = this.member(id);
    const { model } = monitored;
    if (model.endpoint === null) throw new Invalid(`model "${id}" has no endpoint to probe`, 'target');
    const { schedule } = model;
    const over = new AbortController();
    const cycle = this.ports.prober.cycle({
      ...model,
      goldenInputs: golden ? model.goldenInputs : [],
      schedule: {
        ...schedule,
        probesPerCycle: calls ?? schedule.probesPerCycle,
        timeoutMs: Math.min(schedule.timeoutMs, timeoutMs),
      },
    });
    const samples = await Promise.race([cycle, this.ports.clock.sleep(timeoutMs, over.signal).then(() => null)]);
    over.abort();
    void cycle.then((late) => this.receiveProbes(monitored, late)).catch(() => undefined);
    return samples;
  }

  /** Somebody has reason to think that something is wrong: probes the model and has the next look not pass it over. */
  requestEvaluation(id: ModelId): void {
    const member = this.members.get(id);
    if (member === undefined || member.monitored.model.paused) return;
    member.samplesSinceEvaluation += 1;
    const { endpoint, schedule } = member.monitored.model;
    if (endpoint === null) return;
    const timeoutMs = schedule.timeoutMs * (schedule.probesPerCycle + member.monitored.model.goldenInputs.length);
    this.probeNow(id, { calls: null, golden: true, timeoutMs }).catch((error: unknown) =>
      this.ports.logger.warn({ model: id, error: String(error) }, 'a probe after an alert broke off'),
    );
  }

  /** Folds a batch and answers when it is stored (or at once for `memory`). A repeated batch id changes nothing. */
  async ingest(id: ModelId, batch: IngestBatch): Promise<IngestResult> {
    const member = this.member(id);
    const result = await this.foldOnce(member, batch);
    const pending = this.committed();
    if (batch.acknowledge === 'memory') {
      pending.catch((error: unknown) =>
        this.ports.logger.error({ error: String(error) }, 'a fast-lane batch is not stored yet'),
      );
      return result;
    }
    await pending;
    if (batch.labels.length === 0 || result.duplicate) return result;
    const labelsMatched = Math.min(this.matched, batch.labels.length);
    return { ...result, labelsMatched, labelsUnmatched: batch.labels.length - labelsMatched };
  }

  /** A batch id is looked up in the store, then among those not stored yet; a commit in between has it looked up again. */
  private async foldOnce(member: Member, batch: IngestBatch): Promise<IngestResult> {
    const { monitored, lane, batches } = member;
    const { batchId } = batch;
    for (;;) {
      const before = member.commits;
      if (batchId !== null) {
        const stored = await this.ports.store.batches.find(monitored.model.id, batchId);
        if (stored !== null) return { ...(stored as unknown as IngestResult), duplicate: true };
      }
      const result = await lane.runExclusive((): IngestResult | null => {
        if (batchId !== null && member.commits !== before) return null;
        const folded = batchId === null ? undefined : batches.get(batchId);
        if (folded !== undefined) return { ...folded, duplicate: true };
        return this.fold(member, batch);
      });
      if (result !== null) return result;
    }
  }

  private fold({ monitored, batches }: Member, batch: IngestBatch): IngestResult {
    this.receive(
      monitored,
      batch.observations.map((observation) => ({ observation, shape: null })),
    );
    monitored.label(batch.labels);
    const result: IngestResult = {
      accepted: batch.observations.length + batch.labels.length,
      labelsMatched: 0,
      labelsUnmatched: 0,
      rejected: batch.errors.length,
      errors: batch.errors,
      duplicate: false,
    };
    if (batch.batchId !== null) batches.set(batch.batchId, result);
    return result;
  }

  /** Asks for a commit of everything folded so far. @throws Unavailable when the store refuses. */
  async committed(): Promise<void> {
    try {
      await this.commit.request();
    } catch (error) {
      this.ports.logger.error({ error: String(error) }, 'the store refused a commit');
      throw new Unavailable('the store cannot be written now; nothing was lost, send the batch again');
    }
  }

  /** Takes a verdict on a candidate into account: an open incident's proposals are made anew with it. */
  async takeValidation(validation: Validation): Promise<void> {
    const member = this.members.get(validation.modelId);
    if (member === undefined || validation.state !== 'finished') return;
    member.validation = validation;
    await this.proposeAgain(validation.modelId);
  }

  /** Makes an open incident's proposals anew with what is known now. */
  async proposeAgain(id: ModelId): Promise<void> {
    const member = this.members.get(id);
    if (member === undefined || member.evaluation === null) return;
    const subject = {
      ...member.monitored.modelState(),
      experiment: member.experiment?.result ?? null,
      rowAnalysis: member.rows.analysis,
    };
    await this.ports.incidents.refreshProposals(
      id,
      evaluate(subject, this.knowledgeOf(member), this.ports.clock.now()),
    );
  }

  /** One look at one model. Never rejects: a failed look is logged and tried again. */
  async evaluate(id: ModelId): Promise<void> {
    const member = this.members.get(id);
    if (member === undefined) return;
    try {
      await this.evaluateMember(member);
    } catch (error) {
      this.ports.logger.error(
        { model: id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'a look failed',
      );
    }
  }

  private async restore(model: Model): Promise<void> {
    const { store, clock, hash, random } = this.ports;
    const [totals, monitor, baseline, learning, [validation]] = await Promise.all([
      store.settings.get(callCountersKey(model)),
      store.settings.get(driftMonitorKey(model)),
      store.baselines.current(model.id),
      store.baselines.learning(model.id),
      store.validations.list(model.id, 1),
    ]);
    const from = baseline === null ? clock.now() : Math.max(baseline.admittedAtMs, clock.now() - WINDOWS_RESTORED_MS);
    const windows =
      baseline === null ? [] : await store.windows.range(model.id, from, clock.now() + WINDOWS_RESTORED_MS);
    const watch = new MonitoredModel(model, this.settings, hash, random, clock.now(), {
      totals: totals as unknown as CallCounters | null,
      baseline,
      learning,
      windows,
      monitor: monitor as unknown as DriftMonitorState | null,
    });
    watch.setThresholdFactor(this.thresholdFactorOf(model.id));
    this.members.set(model.id, {
      monitored: watch,
      lane: new Mutex(),
      batches: new Map(),
      commits: 0,
      validation: validation?.state === 'finished' ? validation : null,
      evaluation: null,
      evaluatedAtMs: null,
      evaluationSeconds: null,
      samplesSinceEvaluation: 1,
      rediscovering: false,
      rows: new RowAnalysisSchedule(this.ports, this.stopping.signal),
      experiment: null,
    });
    await this.ports.incidents.restore(model.id);
    this.probe(watch);
  }

  private probe(watch: MonitoredModel): void {
    if (watch.model.paused || watch.model.endpoint === null || this.stopping.signal.aborted) return;
    this.ports.prober.watch(watch.model, (samples) => void this.receiveProbes(watch, samples));
  }

  private async receiveProbes(watch: MonitoredModel, samples: readonly Sample[]): Promise<void> {
    const lane = this.members.get(watch.model.id)?.lane;
    if (lane === undefined) return;
    await lane.runExclusive(() => this.receive(watch, samples));
    await this.committed().catch(() => undefined);
  }

  private receive(watch: MonitoredModel, samples: readonly Sample[]): void {
    watch.observe(samples);
    const member = this.members.get(watch.model.id);
    if (member !== undefined) member.samplesSinceEvaluation += samples.length;
  }

  private async evaluationLoop(): Promise<void> {
    const { clock } = this.ports;
    while (!this.stopping.signal.aborted) {
      const startedAtMs = clock.now();
      for (const id of [...this.members.keys()]) {
        if (this.stopping.signal.aborted) return;
        await this.evaluate(id);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await clock.sleep(Math.max(1, this.settings.evaluationMs - (clock.now() - startedAtMs)), this.stopping.signal);
    }
  }

  private async evaluateMember(member: Member): Promise<void> {
    const { monitored } = member;
    const now = this.ports.clock.now();
    if (monitored.model.paused) return;
    const nothingNew = member.samplesSinceEvaluation === 0 && monitored.learning === null;
    const calm = member.evaluation?.findings.length === 0 && this.ports.incidents.current(monitored.model.id) === null;
    const quiet = nothingNew && calm;
    if (quiet && now - (member.evaluatedAtMs ?? 0) < QUIET_LOOK_MS) return;
    member.samplesSinceEvaluation = 0;

    const worst = member.evaluation?.diagnosis.severity;
    const admitted = monitored.advance(now, worst === 'critical' || worst === 'high');
    if (admitted !== null)
      this.ports.events.publish({ kind: 'baseline-admitted', modelId: monitored.model.id, version: admitted });

    const startedAt = performance.now();
    const experiment = member.experiment?.result ?? null;
    const plain = { ...monitored.modelState(), experiment };
    const evaluateWith = (state: MonitoredModelState): Evaluation => evaluate(state, this.knowledgeOf(member), now);
    member.evaluation = await member.rows.evaluate(plain, member.evaluation, evaluateWith, now);
    member.evaluatedAtMs = now;
    member.evaluationSeconds = (performance.now() - startedAt) / 1000;

    const incident = await this.ports.incidents.apply(monitored.model, member.evaluation);
    if (incident === null) monitored.settleEvidence();
    this.considerExperiment(member, { ...plain, rowAnalysis: member.rows.analysis }, incident);
    await this.changeModel(monitored, { state: stateOf(monitored, incident) });
    if (monitored.isDirty) await this.committed().catch(() => undefined);
    if (monitored.totals.lastAnswerAtMs === null && monitored.totals.probes > 0) this.rediscover(member);
  }

  /** Asks the live model when an incident opens, and again when its story turns to another cause; beside the looking. */
  private considerExperiment(member: Member, subject: MonitoredModelState, incident: Incident | null): void {
    if (incident?.id !== member.experiment?.incident) member.experiment = null;
    const { evaluation } = member;
    if (incident === null || evaluation === null) return;
    member.experiment ??= new IncidentExperiments(incident.id);
    if (!member.experiment.wantsMore(incident)) return;
    if (!mayExperiment(this.settings.experiments, subject, evaluation)) return;
    member.experiment.begin(
      () => this.ports.experiment(subject, evaluation, incident.id, this.stopping.signal),
      (error) => {
        if (error === null) member.samplesSinceEvaluation += 1;
        else this.ports.logger.error({ model: subject.model.id, error: error.message }, 'an experiment broke off');
      },
    );
  }

  private knowledgeOf(member: Member): Knowledge {
    return {
      thresholds: this.settings.thresholds,
      lessons: this.lessons,
      targets: this.settings.targets,
      verification: this.settings.verification,
      validation: member.validation,
    };
  }

  /** A model that never answered may simply have been down when it was added: find out how to ask it, at most once at a time. */
  private rediscover(member: Member): void {
    const { model } = member.monitored;
    if (member.rediscovering || model.endpoint === null) return;
    member.rediscovering = true;
    void this.ports
      .rediscover(model)
      .then(async (discovery) => {
        if (discovery.kind !== 'found' || !this.members.has(model.id)) return;
        await this.add({ ...member.monitored.model, endpoint: discovery.endpoint, probePayloads: discovery.payloads });
      })
      .catch((error: unknown) => this.ports.logger.warn({ model: model.id, error: String(error) }, 'discovery failed'))
      .finally(() => {
        void this.ports.clock.sleep(QUIET_LOOK_MS, this.stopping.signal).then(() => {
          member.rediscovering = false;
        });
      });
  }

  private async changeModel(watch: MonitoredModel, change: Partial<Pick<Model, 'state' | 'paused'>>): Promise<void> {
    const model = { ...watch.model, ...change };
    if (model.state === watch.model.state && model.paused === watch.model.paused) return;
    watch.model = model;
    await this.ports.store.models.save(model);
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  private async write(): Promise<void> {
    const dirty = [...this.members.values()].filter(({ monitored, batches }) => monitored.isDirty || batches.size > 0);
    if (dirty.length === 0) return;
    const undo: (() => void)[] = [];
    const stored: (() => void)[] = [];
    try {
      await this.ports.store.atomic(async (store) => {
        this.matched = 0;
        for (const member of dirty) {
          await member.lane.runExclusive(async () => {
            const { monitored, batches } = member;
            const now = this.ports.clock.now();
            const taken = [...batches];
            const written = await monitored.write(store, now);
            undo.push(written.undo);
            this.matched += written.labelsMatched;
            for (const [batchId, result] of taken)
              await store.batches.save(monitored.model.id, batchId, result as unknown as Json, now);
            stored.push(() => {
              for (const [batchId] of taken) batches.delete(batchId);
              member.commits += 1;
            });
          });
        }
      });
    } catch (error) {
      for (const restore of undo) restore();
      throw error;
    }
    for (const forget of stored) forget();
  }

  private member(id: ModelId): Member {
    const member = this.members.get(id);
    if (member === undefined) {
      throw new NotFound(`there is no model "${id}"; GET /api/v1/models lists the watched ones`, 'model');
    }
    return member;
  }

  private statusOf({ monitored, evaluation, evaluatedAtMs, evaluationSeconds }: Member): ModelStatus {
    const incident = this.ports.incidents.current(monitored.model.id);
    const patterns = this.patterns.filter(({ model }) => model === monitored.model.id);
    return statusOf(monitored, evaluation, incident, { evaluatedAtMs, evaluationSeconds, patterns });
  }
}
