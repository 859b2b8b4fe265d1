import type { AuditNote } from '../domain/audit-note.js';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { NotFound, Unavailable } from '../domain/errors.js';
import { askedAnew } from '../domain/how-to-ask.js';
import type { SetupProblem } from '../domain/setup-problem.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestBatch, IngestResult, RowTaker } from '../domain/ingest.js';
import type { AlertReceipt, ExternalAlert } from '../domain/alert.js';
import type { LearningSummary, Lesson } from '../domain/lesson.js';
import type { Model } from '../domain/model.js';
import type { ModelStatus } from '../domain/model-status.js';
import type { Sample } from '../domain/observation.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { Validation } from '../domain/validation.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { validationInForce } from '../evaluation/knowledge.js';
import { RowAnalysisSchedule } from '../evaluation/row-analysis-schedule.js';
import { ModelLanes } from '../incidents/model-lane.js';
import { Commits } from './commits.js';
import { EvaluationLoop } from './evaluation-loop.js';
import type { FleetPorts, FleetSettings } from './fleet-ports.js';
import { Ingest } from './ingest.js';
import { LessonsInUse } from './lessons-in-use.js';
import { createMember, type Member } from './member.js';
import { Members } from './members.js';
import { ModelEvaluation } from './model-evaluation.js';
import { runningState, statusOf } from './model-status.js';
import type { ModelDraft } from './model-draft.js';
import { MonitoredModel, type MonitoredModelView } from './monitored-model.js';
import { readModelState, writeModels } from './persist.js';
import { Probes } from './probes.js';

/** The model to be, from the one that is known; null for none. */
type Registered = (known: Model | null) => Model | null;

/** The registry of the models that this process monitors. Every change of a model's state goes through the model's lane. */
export class Fleet implements RowTaker {
  private readonly lanes = new ModelLanes();
  protected readonly members: Members;
  private readonly stopping = new AbortController();
  private readonly lessons: LessonsInUse;
  protected readonly commits: Commits;
  private readonly rows: Ingest;
  private readonly probes: Probes;
  private readonly evaluations: ModelEvaluation;
  private readonly loop: EvaluationLoop;
  private restored = 0;

  constructor(
    private readonly ports: FleetPorts,
    private readonly settings: FleetSettings,
  ) {
    const { store, clock, logger, events, incidents, experiment, rediscover } = ports;
    const { lanes } = this;
    this.members = new Members(lanes, logger);
    const members = this.members.all;
    const useLessons = (): void => members.forEach(({ monitored }) => this.useLessons(monitored));
    this.lessons = new LessonsInUse(store, clock, () => settings.lessonsConsidered, useLessons);
    const reread = ({ monitored }: Member): Promise<void> => this.restore(monitored.model);
    this.commits = new Commits({ store, clock, logger, lanes, members, reread }, settings.commitDelayMs);
    this.rows = new Ingest(this.members, this.commits, store.batches, clock, ports.intakeCounts);
    this.probes = new Probes(ports.prober, clock, logger, this.rows, this.stopping.signal, (id) =>
      this.loop.request(id),
    );
    this.evaluations = new ModelEvaluation(
      {
        store,
        clock,
        logger,
        events,
        incidents,
        lanes,
        members: this.members,
        experiments: () => settings.experiments,
        knowledge: ({ validation }) => ({
          thresholds: settings.thresholds,
          lessons: this.lessons.lessons,
          targets: settings.targets,
          verification: settings.verification,
          validation,
        }),
        experiment,
        rediscover,
        found: (begun, asked) => this.update(begun.id, (now) => askedAnew(now, begun, asked)),
        noteSetup: (id, problem) => this.noteSetup(id, problem),
        reprobe: (member) => this.probes.restart(member),
        request: (id) => this.loop.request(id),
        commit: () => this.commits.request(),
      },
      this.stopping.signal,
    );
    this.loop = new EvaluationLoop(
      { clock, logger },
      {
        ids: () => this.ids(),
        isDue: (id, nowMs) => this.evaluations.isDue(this.members.get(id), nowMs),
        evaluatedAtMs: (id) => members.get(id)?.last?.atMs ?? null,
        evaluate: async (id) => {
          const member = members.get(id);
          if (member !== undefined) await this.evaluations.evaluate(member);
        },
      },
      () => settings.evaluationMs,
    );
  }

  /**
   * Takes up every stored model where it was left and begins to evaluate.
   * @param onProgress told after each model
   */
  async start(onProgress: (done: number, total: number) => void = () => undefined): Promise<void> {
    const { events, store } = this.ports;
    await this.recallLessons();
    events.subscribe((event) => {
      if ('incident' in event) this.members.all.get(event.incident.modelId)?.monitored.touch();
      if (event.kind === 'incident-closed')
        this.recallLessons().catch((error: unknown) =>
          this.ports.logger.error({ error: String(error) }, 'lessons cannot be read'),
        );
    });
    const { models, damaged } = await store.models.list();
    for (const each of damaged) this.members.leaveOut(each.place.row, each);
    for (const [index, model] of models.entries()) {
      try {
        await this.lanes.run(model.id, () => this.restore(model));
      } catch (error) {
        if (!(error instanceof StoreDocumentDamaged)) throw error;
        this.members.leaveOut(model.id, error);
      }
      onProgress(index + 1, models.length);
    }
    this.loop.start();
  }

  /** Stops probing and evaluating, judges all that waits and commits it. @throws Unavailable when it cannot be written */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const id of this.members.all.keys()) this.probes.stop(id);
    await this.loop.stop();
    await Promise.all([...this.members.all.values()].map(({ experiment }) => experiment?.done ?? Promise.resolve()));
    await Promise.all([...this.members.all.keys()].map((id) => this.lanes.run(id, () => undefined)));
    await this.commits.settle();
    for (const member of this.members.all.values())
      await this.members.inLaneOf(member, () => member.monitored.judgeRest());
    const failed = await this.commits.write();
    if (failed !== null) throw failed;
  }

  /** True also for a model that could not be restored: its name is taken. */
  has(id: ModelId): boolean {
    return this.members.has(id);
  }

  /** Models that are left out, because what is stored of them cannot be read. */
  unrestoredModels(): readonly string[] {
    return this.members.unrestored;
  }

  /** Says why a model that never answered cannot be asked; nothing for one that is not monitored. */
  noteSetup(id: ModelId, problem: SetupProblem): void {
    const monitored = this.members.all.get(id)?.monitored;
    if (monitored?.isConfiguring !== true) return;
    monitored.contact.problem = problem;
    monitored.touch();
  }

  ids(): readonly ModelId[] {
    return [...this.members.all.keys()];
  }

  /** Saves a model and monitors it from now on. One that is known takes over what is registered and keeps its state. */
  async add(model: Model): Promise<void> {
    await this.register(model.id, (known) =>
      known === null ? model : { ...model, state: known.state, paused: known.paused, createdAtMs: known.createdAtMs },
    );
  }

  /**
   * Monitors a model unless its id is taken: one that is monitored stays as it is, one that is stored is taken up as it was.
   * @returns whether it is new; `audit` says so, here and below, in the transaction of the change
   */
  async addIfNew(model: Model, audit?: AuditNote): Promise<boolean> {
    const { store } = this.ports;
    this.members.refuseUnrestored(model.id);
    return this.lanes.run(model.id, async () => {
      if (this.members.all.has(model.id)) return false;
      const stored = await store.models.get(model.id);
      if (stored === null) await this.admit(model, null, audit);
      else await this.restore(stored);
      return stored === null;
    });
  }

  /**
   * Changes what is registered of a model; of one that is gone by then, nothing.
   * @param changed null when nothing is to be changed any more
   * @returns the model as it is from now on; null when nothing was changed
   * @throws Unavailable once mlfi stops
   */
  update(
    id: ModelId,
    changed: (known: Model) => Model | null,
    audit?: AuditNote,
    event?: ChangeEvent,
  ): Promise<Model | null> {
    return this.register(id, (known) => (known === null ? null : changed(known)), audit, event);
  }

  private register(id: ModelId, registered: Registered, audit?: AuditNote, event?: ChangeEvent): Promise<Model | null> {
    this.members.refuseUnrestored(id);
    return this.lanes.run(id, async () => {
      const member = this.members.all.get(id) ?? null;
      const model = registered(member?.monitored.model ?? null);
      if (model !== null) await this.admit(model, member, audit, event);
      return model;
    });
  }

  /** Saves a model and monitors it as it is from now on; the caller holds its lane. */
  private async admit(model: Model, member: Member | null, audit?: AuditNote, event?: ChangeEvent): Promise<void> {
    if (this.stopping.signal.aborted) throw new Unavailable('mlfi is stopping and changes nothing any more');
    if (member === null || event === undefined)
      await writeModels(this.ports.store, audit, (models) => models.save(model));
    else
      await this.commits.change(member, (draft) => {
        draft.recordChange(event);
        return async (transaction) => {
          await transaction.models.save(model);
          await audit?.(transaction);
        };
      });
    if (member === null) await this.restore(model);
    else {
      member.monitored.model = model;
      this.probes.restart(member);
    }
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  /** Stops monitoring a model and removes all that was learnt about it. @throws NotFound */
  async remove(id: ModelId, audit?: AuditNote): Promise<void> {
    await this.leave(id, async () => {
      await writeModels(this.ports.store, audit, (models) => models.remove(id));
      this.members.remove(id);
    });
  }

  /** Stops monitoring a model and keeps what is stored of it: added again, it goes on where it was. @throws NotFound */
  async release(id: ModelId): Promise<void> {
    await this.leave(id, async (member) => {
      member.monitored.saveDetectorsSoon();
      await this.commits.writeHeld(member);
      await this.ports.store.models.unlist(id);
      this.members.remove(id);
    });
  }

  private async leave(id: ModelId, finish: (member: Member) => Promise<void>): Promise<void> {
    const member = this.members.get(id);
    member.removals += 1;
    this.probes.stop(id);
    try {
      await this.loop.settled(id);
      await this.ports.incidents.closeAndForget(id);
      await this.members.inLane(id, async (current) => {
        // Removed by somebody else meanwhile: what has its name now is another model.
        if (current !== member) throw new NotFound(`model "${id}" was removed`, 'model');
        await finish(member);
      });
    } catch (error) {
      member.removals -= 1;
      // Another removal that is under way may still succeed; `restart` heeds it.
      if (this.members.all.get(id) === member) this.probes.restart(member);
      throw error;
    }
  }

  async setPaused(id: ModelId, paused: boolean, audit?: AuditNote): Promise<Model> {
    return this.members.inLane(id, async (member) => {
      const state = paused ? 'paused' : runningState(member.monitored);
      await this.evaluations.changeModel(member, { paused, state }, audit);
      this.probes.restart(member);
      return member.monitored.model;
    });
  }

  private async restore(model: Model): Promise<void> {
    const { store, clock, hash, random, incidents } = this.ports;
    const { validation, ...stored } = await readModelState(store, model.id, clock.now(), this.settings.thresholds);
    const monitored = new MonitoredModel(model, this.settings, hash, random, stored);
    await incidents.restore(model.id);
    this.useLessons(monitored);
    this.restored += 1;
    const rows = new RowAnalysisSchedule(this.ports, this.stopping.signal);
    const member = createMember(this.restored, monitored, rows, validation);
    this.members.add(model.id, member);
    this.probes.restart(member);
  }

  /** Takes a batch, as `RowTaker` says. */
  async ingest(id: ModelId, batch: IngestBatch): Promise<IngestResult> {
    return this.rows.take(this.members.get(id), batch);
  }

  /**
   * Changes what a model is compared with, or knows, once that is stored.
   * @param drafted makes the change; what it returns says so in the transaction of the change
   * @throws NotFound, Unavailable, or what `drafted` throws; then nothing has changed
   */
  change(id: ModelId, drafted: (draft: ModelDraft) => AuditNote | undefined): Promise<void> {
    return this.members.inLane(id, (member) => this.commits.change(member, drafted));
  }

  /**
   * One probe now. What comes back counts like any other probe.
   * @returns null when it takes longer than `timeoutMs`
   * @throws NotFound, or Invalid for a model without an endpoint
   */
  async probeNow(id: ModelId, request: ProbeRequest): Promise<readonly Sample[] | null> {
    return this.probes.now(this.members.get(id), request);
  }

  /** Somebody has reason to think that something is wrong: probes the model, where it can be, and evaluates it at once. */
  requestEvaluation(id: ModelId): void {
    const member = this.members.all.get(id);
    if (member === undefined || member.monitored.model.paused) return;
    void this.probes.cycle(member).then(() => this.loop.request(id));
  }

  /** Somebody else's alert about a model began or ended: its incident tells of it, and the model is evaluated. @throws what the store throws */
  async recordAlert(id: ModelId, alert: ExternalAlert, receipt: AlertReceipt): Promise<void> {
    if (await this.ports.incidents.recordAlert(id, alert, receipt)) this.requestEvaluation(id);
  }

  /** Takes a verdict on a candidate into account: an open incident's proposals are made anew with it. */
  async takeValidation(validation: Validation): Promise<void> {
    const member = this.members.all.get(validation.modelId);
    if (member === undefined || validation.state !== 'finished') return;
    const isThere = await this.members.inLaneOf(member, () => void (member.validation = validation));
    if (isThere) await this.evaluations.proposeAgain(member);
  }

  /** Changes nothing that is stored, so that it needs no lane. */
  private useLessons(monitored: MonitoredModel): void {
    monitored.setThresholdFactor(this.lessons.thresholdFactorOf(monitored.model.id));
  }

  /** Makes an open incident's proposals anew with what is known now. */
  async proposeAgain(id: ModelId): Promise<void> {
    const member = this.members.all.get(id);
    if (member !== undefined) await this.evaluations.proposeAgain(member);
  }

  /** Reads anew what earlier incidents, and people's feedback on their alerts, teach. */
  recallLessons(): Promise<void> {
    return this.lessons.recall();
  }

  /** Lessons of until now are no longer used. @param audit says so in the transaction of the change */
  resetLearning(audit: AuditNote): Promise<void> {
    return this.lessons.reset(audit);
  }

  /** @throws NotFound */
  monitoredModel(id: ModelId): MonitoredModelView {
    return this.members.get(id).monitored;
  }

  /** @throws NotFound */
  evaluation(id: ModelId): Evaluation | null {
    return this.members.get(id).last?.evaluation ?? null;
  }

  /** The newest verdict on a candidate of the model, while it counts. @throws NotFound */
  validation(id: ModelId): Validation | null {
    const { validation, monitored } = this.members.get(id);
    return validationInForce(validation, monitored.model, this.ports.clock.now());
  }

  /** What the ranking of actions and the thresholds of alerts rest on. */
  learningSummary(): LearningSummary {
    return this.lessons.summary();
  }

  knownLessons(): readonly Lesson[] {
    return this.lessons.lessons;
  }

  statuses(): readonly ModelStatus[] {
    return this.ids().map((id) => this.status(id));
  }

  /** @throws NotFound */
  status(id: ModelId): ModelStatus {
    const { monitored, last } = this.members.get(id);
    return statusOf(monitored, last?.evaluation ?? null, this.ports.incidents.current(id), {
      evaluatedAtMs: last?.atMs ?? null,
      evaluationSeconds: last?.seconds ?? null,
      patterns: this.lessons.patternsOf(id),
    });
  }

  /** Another text whenever the model's status may have changed, null for no such model; cheap, for those who keep something made of a status. */
  revision(id: ModelId): string | null {
    const member = this.members.all.get(id);
    return member === undefined ? null : `${member.serial}.${member.monitored.revision}`;
  }
}
