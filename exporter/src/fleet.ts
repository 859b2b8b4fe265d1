import { Mutex } from 'async-mutex';
import type { AnyActionTarget } from './domain/action-target.js';
import type { Discovery, IngestBatch, IngestResult, ModelStatus, ProbeRequest } from './domain/application.js';
import { RequestRefused } from './domain/application.js';
import type { IncidentId, ModelId } from './domain/identifiers.js';
import type { Incident } from './domain/incident.js';
import type { Json } from './domain/json.js';
import type { Learnt, Lesson } from './domain/lesson.js';
import type { Model } from './domain/model.js';
import type { PageOpinion } from './domain/page-opinion.js';
import type { Pattern } from './domain/pattern.js';
import type { Clock, EventBus, Logger, Random, Store } from './domain/ports.js';
import type { VerificationTimes } from './domain/recommendation.js';
import type { Validation } from './domain/validation.js';
import type { MonitorState } from './detection/sequential/model-monitor.js';
import { ExperimentCourse } from './experiment-course.js';
import { mayExperiment, type ExperimentPolicy } from './experiments.js';
import { createGroupCommit } from './group-commit.js';
import type { IncidentKeeper } from './incident-keeper.js';
import { learntFrom } from './learning/learnt.js';
import { pageCautions } from './learning/page-caution.js';
import { recurringPatterns } from './learning/patterns.js';
import { stateOf, statusOf } from './model-status.js';
import { judge, validationInForce, type Experience, type Judgement, type Subject } from './pipeline.js';
import type { CohortShapley } from './rca/attribution/cohort-shapley.js';
import type { RowAnalysis } from './rca/row-analysis.js';
import { RowLook, type RowLookPorts } from './row-look.js';
import { monitorKey, Watch, type Sample, type WatchSettings } from './watch.js';
import { totalsKey, type WatchTotals } from './watch-totals.js';

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
  readonly keeper: IncidentKeeper;
  readonly hash: (text: string) => string;
  /** Looks again at the URL of a model that has never answered. */
  readonly rediscover: (model: Model) => Promise<Discovery>;
  /** Finds segments and decomposes the change; in a worker thread when there are many rows. */
  readonly analyseRows: RowLookPorts['analyseRows'];
  /** Asks the live model which feature carries the change. Never rejects for a model that does not answer. */
  readonly experiment: (
    subject: Subject,
    judgement: Judgement,
    incident: IncidentId,
    signal: AbortSignal,
  ) => Promise<CohortShapley>;
}

/** Read at every look, not copied: getters let a reload of the configuration take effect. */
export interface FleetSettings extends WatchSettings {
  readonly evaluationMs: number;
  readonly commitDelayMs: number;
  /** Closed incidents compared with an open one. */
  readonly lessonsConsidered: number;
  readonly targets: readonly AnyActionTarget[];
  readonly verification: VerificationTimes;
  readonly experiments: ExperimentPolicy;
}

interface Member {
  readonly watch: Watch;
  /** Nothing is folded into the watch while a commit takes what it holds: a batch's counts, labels and id are written together. */
  readonly lane: Mutex;
  /** Results of folded batches whose commit is still to come, by batch id. */
  readonly batches: Map<string, IngestResult>;
  /** Commits that have succeeded. */
  commits: number;
  /** Newest verdict on a candidate version. */
  validation: Validation | null;
  judgement: Judgement | null;
  evaluatedAtMs: number | null;
  evaluationSeconds: number | null;
  samplesSinceLook: number;
  lookingAgain: boolean;
  readonly rows: RowLook;
  /** The experiments of the open incident, the newest under way or done. */
  experiment: ExperimentCourse | null;
}

const QUIET_LOOK_MS = 60_000;
const WINDOWS_RESTORED_MS = 7 * 86_400_000;

const LEARNING_SINCE = 'learning_since';

/** All watched models of this process: folds what arrives, commits it, looks at every model in turn. */
export class Fleet {
  private readonly members = new Map<ModelId, Member>();
  private readonly commit;
  private lessons: readonly Lesson[] = [];
  private opinions: readonly PageOpinion[] = [];
  private patterns: readonly Pattern[] = [];
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

  /** Takes up every stored model where it was left and begins to look. */
  async start(): Promise<void> {
    await this.recallLessons();
    this.ports.events.subscribe((event) => {
      if (event.kind === 'incident-closed') void this.recallLessons();
    });
    for (const model of await this.ports.store.models.list()) await this.enrol(model);
    this.loop = this.lookForever();
  }

  /** Stops probing and looking, and commits what is left. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const id of this.members.keys()) this.ports.prober.unwatch(id);
    await this.loop;
    await Promise.all([...this.members.values()].map(({ experiment }) => experiment?.done ?? Promise.resolve()));
    await this.commit.settle();
    for (const { watch } of this.members.values()) watch.saveMonitorSoon();
    if (this.members.size > 0) await this.write();
  }

  has(id: ModelId): boolean {
    return this.members.has(id);
  }

  /** Saves a model and watches it from now on. */
  async add(model: Model): Promise<void> {
    await this.ports.store.models.save(model);
    const known = this.members.get(model.id);
    if (known === undefined) await this.enrol(model);
    else {
      known.watch.model = model;
      this.ports.prober.unwatch(model.id);
      this.probe(known.watch);
    }
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  async remove(id: ModelId): Promise<void> {
    this.member(id);
    this.ports.prober.unwatch(id);
    await this.ports.keeper.forget(id);
    this.members.delete(id);
    await this.commit.settle();
    await this.ports.store.models.remove(id);
  }

  /** Stops watching a model and keeps what is stored of it: added again, it goes on where it was. */
  async release(id: ModelId): Promise<void> {
    const { watch } = this.member(id);
    this.ports.prober.unwatch(id);
    await this.ports.keeper.forget(id);
    watch.saveMonitorSoon();
    await this.committed();
    this.members.delete(id);
    await this.ports.store.models.unlist(id);
  }

  async setPaused(id: ModelId, paused: boolean): Promise<Model> {
    const { watch } = this.member(id);
    await this.changeModel(watch, {
      paused,
      state: paused ? 'paused' : watch.baseline === null ? 'learning' : 'healthy',
    });
    this.ports.prober.unwatch(id);
    this.probe(watch);
    return watch.model;
  }

  /** @throws RequestRefused `not-found` */
  watch(id: ModelId): Watch {
    return this.member(id).watch;
  }

  judgement(id: ModelId): Judgement | null {
    return this.member(id).judgement;
  }

  /** The newest verdict on a candidate of the model, while it counts. */
  validation(id: ModelId): Validation | null {
    const { validation, watch } = this.member(id);
    return validationInForce(validation, watch.model, this.ports.clock.now());
  }

  /** Reads anew what earlier incidents, and people's opinions of their pages, teach, from the moment on that learning was last reset. */
  async recallLessons(): Promise<void> {
    const { settings, lessons, pageOpinions } = this.ports.store;
    const since = await settings.get(LEARNING_SINCE);
    this.learntSinceMs = typeof since === 'number' ? since : null;
    this.lessons = await lessons.list({
      limit: this.settings.lessonsConsidered,
      ...(this.learntSinceMs === null ? {} : { closedAfterMs: this.learntSinceMs }),
    });
    this.patterns = recurringPatterns(this.lessons, this.ports.clock.now());
    this.opinions = await pageOpinions.list(this.learntSinceMs === null ? {} : { afterMs: this.learntSinceMs });
    for (const { watch } of this.members.values()) watch.demandEvidence(this.cautionOf(watch.model.id));
  }

  private cautionOf(id: ModelId): number {
    return pageCautions(this.opinions).find(({ model }) => model === id)?.factor ?? 1;
  }

  /** Lessons of until now are no longer used. */
  async resetLearning(): Promise<void> {
    await this.ports.store.settings.set(LEARNING_SINCE, this.ports.clock.now());
    await this.recallLessons();
  }

  /** What the ranking of actions and the page lines rest on. */
  learnt(): Learnt {
    return learntFrom(this.lessons, this.opinions, this.learntSinceMs, this.ports.clock.now());
  }

  experienceLessons(): readonly Lesson[] {
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
    const { watch, evaluatedAtMs } = member;
    return `${evaluatedAtMs ?? 0}|${watch.totals.calls}|${watch.model.state}|${watch.baseline?.version ?? 0}|${this.ports.keeper.current(id)?.timeline.length ?? 0}`;
  }

  status(id: ModelId): ModelStatus {
    return this.statusOf(this.member(id));
  }

  /** One probe now. What comes back counts like any other probe; null when it takes longer than `timeoutMs`. */
  async probeNow(id: ModelId, { calls, golden, timeoutMs }: ProbeRequest): Promise<readonly Sample[] | null> {
    const { watch } = this.member(id);
    const { model } = watch;
    if (model.endpoint === null)
      throw new RequestRefused('invalid', `model "${id}" has no endpoint to probe`, 'target');
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
    void cycle.then((late) => this.receiveProbes(watch, late)).catch(() => undefined);
    return samples;
  }

  /** Somebody has reason to think that something is wrong: probes the model and has the next look not pass it over. */
  lookSoon(id: ModelId): void {
    const member = this.members.get(id);
    if (member === undefined || member.watch.model.paused) return;
    member.samplesSinceLook += 1;
    const { endpoint, schedule } = member.watch.model;
    if (endpoint === null) return;
    const timeoutMs = schedule.timeoutMs * (schedule.probesPerCycle + member.watch.model.goldenInputs.length);
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
    const { watch, lane, batches } = member;
    const { batchId } = batch;
    for (;;) {
      const before = member.commits;
      if (batchId !== null) {
        const stored = await this.ports.store.batches.find(watch.model.id, batchId);
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

  private fold({ watch, batches }: Member, batch: IngestBatch): IngestResult {
    this.receive(
      watch,
      batch.observations.map((observation) => ({ observation, shape: null })),
    );
    watch.label(batch.labels);
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

  /** Asks for a commit of everything folded so far. @throws RequestRefused `unavailable` when the store refuses. */
  async committed(): Promise<void> {
    try {
      await this.commit.request();
    } catch (error) {
      this.ports.logger.error({ error: String(error) }, 'the store refused a commit');
      throw new RequestRefused(
        'unavailable',
        'the store cannot be written now; nothing was lost, send the batch again',
      );
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
    if (member === undefined || member.judgement === null) return;
    const subject = {
      ...member.watch.subject(),
      experiment: member.experiment?.result ?? null,
      rowAnalysis: member.rows.analysis,
    };
    await this.ports.keeper.reconsider(id, judge(subject, this.experienceOf(member), this.ports.clock.now()));
  }

  /** One look at one model. Never rejects: a failed look is logged and tried again. */
  async look(id: ModelId): Promise<void> {
    const member = this.members.get(id);
    if (member === undefined) return;
    try {
      await this.lookAt(member);
    } catch (error) {
      this.ports.logger.error(
        { model: id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'a look failed',
      );
    }
  }

  private async enrol(model: Model): Promise<void> {
    const { store, clock, hash, random } = this.ports;
    const [totals, monitor, baseline, learning, [validation]] = await Promise.all([
      store.settings.get(totalsKey(model)),
      store.settings.get(monitorKey(model)),
      store.baselines.current(model.id),
      store.baselines.learning(model.id),
      store.validations.list(model.id, 1),
    ]);
    const from = baseline === null ? clock.now() : Math.max(baseline.admittedAtMs, clock.now() - WINDOWS_RESTORED_MS);
    const windows =
      baseline === null ? [] : await store.windows.range(model.id, from, clock.now() + WINDOWS_RESTORED_MS);
    const watch = new Watch(model, this.settings, hash, random, clock.now(), {
      totals: totals as unknown as WatchTotals | null,
      baseline,
      learning,
      windows,
      monitor: monitor as unknown as MonitorState | null,
    });
    watch.demandEvidence(this.cautionOf(model.id));
    this.members.set(model.id, {
      watch,
      lane: new Mutex(),
      batches: new Map(),
      commits: 0,
      validation: validation?.state === 'finished' ? validation : null,
      judgement: null,
      evaluatedAtMs: null,
      evaluationSeconds: null,
      samplesSinceLook: 1,
      lookingAgain: false,
      rows: new RowLook(this.ports, this.stopping.signal),
      experiment: null,
    });
    await this.ports.keeper.restore(model.id);
    this.probe(watch);
  }

  private probe(watch: Watch): void {
    if (watch.model.paused || watch.model.endpoint === null || this.stopping.signal.aborted) return;
    this.ports.prober.watch(watch.model, (samples) => void this.receiveProbes(watch, samples));
  }

  private async receiveProbes(watch: Watch, samples: readonly Sample[]): Promise<void> {
    const lane = this.members.get(watch.model.id)?.lane;
    if (lane === undefined) return;
    await lane.runExclusive(() => this.receive(watch, samples));
    await this.committed().catch(() => undefined);
  }

  private receive(watch: Watch, samples: readonly Sample[]): void {
    watch.observe(samples);
    const member = this.members.get(watch.model.id);
    if (member !== undefined) member.samplesSinceLook += samples.length;
  }

  private async lookForever(): Promise<void> {
    const { clock } = this.ports;
    while (!this.stopping.signal.aborted) {
      const startedAtMs = clock.now();
      for (const id of [...this.members.keys()]) {
        if (this.stopping.signal.aborted) return;
        await this.look(id);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await clock.sleep(Math.max(1, this.settings.evaluationMs - (clock.now() - startedAtMs)), this.stopping.signal);
    }
  }

  private async lookAt(member: Member): Promise<void> {
    const { watch } = member;
    const now = this.ports.clock.now();
    if (watch.model.paused) return;
    const nothingNew = member.samplesSinceLook === 0 && watch.learning === null;
    const calm = member.judgement?.findings.length === 0 && this.ports.keeper.current(watch.model.id) === null;
    const quiet = nothingNew && calm;
    if (quiet && now - (member.evaluatedAtMs ?? 0) < QUIET_LOOK_MS) return;
    member.samplesSinceLook = 0;

    const worst = member.judgement?.diagnosis.severity;
    const admitted = watch.advance(now, worst === 'critical' || worst === 'high');
    if (admitted !== null)
      this.ports.events.publish({ kind: 'baseline-admitted', modelId: watch.model.id, version: admitted });

    const startedAt = performance.now();
    const experiment = member.experiment?.result ?? null;
    const plain = { ...watch.subject(), experiment };
    const judgeWith = (rowAnalysis: RowAnalysis): Judgement =>
      judge({ ...plain, rowAnalysis }, this.experienceOf(member), now);
    member.judgement = await member.rows.judge(plain, member.judgement, judgeWith, now);
    member.evaluatedAtMs = now;
    member.evaluationSeconds = (performance.now() - startedAt) / 1000;

    const incident = await this.ports.keeper.consider(watch.model, member.judgement);
    if (incident === null) watch.settleEvidence();
    this.considerExperiment(member, { ...plain, rowAnalysis: member.rows.analysis }, incident);
    await this.changeModel(watch, { state: stateOf(watch, incident) });
    if (watch.isDirty) await this.committed().catch(() => undefined);
    if (watch.totals.lastAnswerAtMs === null && watch.totals.probes > 0) this.lookAgain(member);
  }

  /** Asks the live model when an incident opens, and again when its story turns to another cause; beside the looking. */
  private considerExperiment(member: Member, subject: Subject, incident: Incident | null): void {
    if (incident?.id !== member.experiment?.incident) member.experiment = null;
    const { judgement } = member;
    if (incident === null || judgement === null) return;
    member.experiment ??= new ExperimentCourse(incident.id);
    if (!member.experiment.wantsMore(incident)) return;
    if (!mayExperiment(this.settings.experiments, subject, judgement)) return;
    member.experiment.begin(
      () => this.ports.experiment(subject, judgement, incident.id, this.stopping.signal),
      (error) => {
        if (error === null) member.samplesSinceLook += 1;
        else this.ports.logger.error({ model: subject.model.id, error: error.message }, 'an experiment broke off');
      },
    );
  }

  private experienceOf(member: Member): Experience {
    return {
      thresholds: this.settings.thresholds,
      lessons: this.lessons,
      targets: this.settings.targets,
      verification: this.settings.verification,
      validation: member.validation,
    };
  }

  /** A model that never answered may simply have been down when it was added: find out how to ask it, at most once at a time. */
  private lookAgain(member: Member): void {
    const { model } = member.watch;
    if (member.lookingAgain || model.endpoint === null) return;
    member.lookingAgain = true;
    void this.ports
      .rediscover(model)
      .then(async (discovery) => {
        if (discovery.kind !== 'found' || !this.members.has(model.id)) return;
        await this.add({ ...member.watch.model, endpoint: discovery.endpoint, probePayloads: discovery.payloads });
      })
      .catch((error: unknown) => this.ports.logger.warn({ model: model.id, error: String(error) }, 'discovery failed'))
      .finally(() => {
        void this.ports.clock.sleep(QUIET_LOOK_MS, this.stopping.signal).then(() => {
          member.lookingAgain = false;
        });
      });
  }

  private async changeModel(watch: Watch, change: Partial<Pick<Model, 'state' | 'paused'>>): Promise<void> {
    const model = { ...watch.model, ...change };
    if (model.state === watch.model.state && model.paused === watch.model.paused) return;
    watch.model = model;
    await this.ports.store.models.save(model);
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  private async write(): Promise<void> {
    const dirty = [...this.members.values()].filter(({ watch, batches }) => watch.isDirty || batches.size > 0);
    if (dirty.length === 0) return;
    const undo: (() => void)[] = [];
    const stored: (() => void)[] = [];
    try {
      await this.ports.store.atomic(async (store) => {
        this.matched = 0;
        for (const member of dirty) {
          await member.lane.runExclusive(async () => {
            const { watch, batches } = member;
            const now = this.ports.clock.now();
            const taken = [...batches];
            const written = await watch.write(store, now);
            undo.push(written.undo);
            this.matched += written.labelsMatched;
            for (const [batchId, result] of taken)
              await store.batches.save(watch.model.id, batchId, result as unknown as Json, now);
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
      throw new RequestRefused(
        'not-found',
        `there is no model "${id}"; GET /api/v1/models lists the watched ones`,
        'model',
      );
    }
    return member;
  }

  private statusOf({ watch, judgement, evaluatedAtMs, evaluationSeconds }: Member): ModelStatus {
    const incident = this.ports.keeper.current(watch.model.id);
    const patterns = this.patterns.filter(({ model }) => model === watch.model.id);
    return statusOf(watch, judgement, incident, { evaluatedAtMs, evaluationSeconds, patterns });
  }
}
