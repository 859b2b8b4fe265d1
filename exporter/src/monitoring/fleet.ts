import type { AuditNote } from '../domain/audit-note.js';
import { StoreDocumentDamaged } from '../domain/codec.js';
import { askedAnew } from '../domain/how-to-ask.js';
import type { SetupProblem } from '../domain/setup-problem.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestBatch, IngestResult, RowTaker } from '../domain/ingest.js';
import type { AlertReceipt, ExternalAlert } from '../domain/alert.js';
import type { LearningSummary, Lesson } from '../domain/lesson.js';
import type { Model } from '../domain/model.js';
import type { ModelStatus, ModelSummary } from '../domain/model-status.js';
import type { Sample } from '../domain/observation.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import type { Validation } from '../domain/validation.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { validationInForce } from '../evaluation/knowledge.js';
import { RowAnalysisSchedule } from '../evaluation/row-analysis-schedule.js';
import { ModelLanes } from '../incidents/model-lane.js';
import type { BaselineMemory } from './baseline-lifecycle.js';
import { AlertLines } from './alert-lines.js';
import { Commits } from './commits.js';
import { EvaluationLoop } from './evaluation-loop.js';
import type { FleetPorts, FleetSettings } from './fleet-ports.js';
import { Ingest } from './ingest.js';
import { LessonsInUse } from './lessons-in-use.js';
import { createMember, touch, type Member, type Registration } from './member.js';
import { Members } from './members.js';
import { ModelEvaluation } from './model-evaluation.js';
import { runningState, statusOf, summaryOf } from './model-status.js';
import type { ModelDraft } from './model-draft.js';
import { MonitoredModel, type MonitoredModelView } from './monitored-model.js';
import { readModelState } from './persist.js';
import { Probes } from './probes.js';
import { Registrations } from './registrations.js';
import { RowMemory } from './row-memory.js';
import { takenUp } from './taken-up.js';

const LAST_COMMIT_FAILED =
  'the last commit could not be written ("commit failed" in the log says why); what was acknowledged as committed is stored, what was acknowledged from memory since the commit before may be lost';

/** The registry of the models that this process monitors. Every change of a model's state goes through the model's lane. */
export class Fleet implements RowTaker {
  private readonly lanes = new ModelLanes();
  protected readonly members: Members;
  private readonly stopping = new AbortController();
  private readonly lessons: LessonsInUse;
  private readonly lines: AlertLines;
  protected readonly commits: Commits;
  private readonly rows: Ingest;
  private readonly probes: Probes;
  protected readonly evaluations: ModelEvaluation;
  private readonly loop: EvaluationLoop;
  private readonly registrations: Registrations;
  private restored = 0;

  constructor(
    protected readonly ports: FleetPorts,
    private readonly settings: FleetSettings,
  ) {
    const { store, clock, logger, events, incidents, experiment, rediscover } = ports;
    const drawLines = (): void => this.lines.draw();
    this.members = new Members(this.lanes, logger, drawLines);
    const members = this.members.all;
    this.lessons = new LessonsInUse(store, clock, () => settings.lessonsConsidered, drawLines);
    this.lines = new AlertLines(members, this.lessons, settings);
    const reread = async ({ monitored: { model }, registration }: Member): Promise<void> =>
      this.restore((await store.models.get(model.id)) ?? model, registration);
    this.commits = new Commits({ store, clock, logger, lanes: this.lanes, members, reread }, settings.commitDelayMs);
    this.rows = new Ingest(this.members, this.commits, store.batches, clock, ports.intakeCounts);
    this.probes = new Probes(ports.prober, clock, logger, this.rows, this.stopping.signal, (id) =>
      this.loop.request(id),
    );
    this.registrations = new Registrations({
      ...{ store, events, incidents, lanes: this.lanes, stopping: this.stopping.signal },
      ...{ members: this.members, commits: this.commits, probes: this.probes, intakeCounts: ports.intakeCounts },
      settled: (id) => this.loop.settled(id),
      restore: (model, memory) => this.restore(model, undefined, memory),
    });
    this.evaluations = new ModelEvaluation(
      {
        store,
        clock,
        logger,
        events,
        incidents,
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
        commit: (member) => this.commits.requestFor(member),
        writeHeld: (member) => this.commits.writeHeld(member),
      },
      this.stopping.signal,
    );
    this.loop = new EvaluationLoop(
      { clock, logger },
      {
        ids: () => this.ids(),
        isDue: (id, nowMs) => this.evaluations.isDue(this.members.get(id), nowMs),
        evaluatedAtMs: (id) => members.get(id)?.last?.atMs ?? null,
        evaluate: async (id, hurry) => {
          const member = members.get(id);
          if (member !== undefined) await this.evaluations.evaluate(member, hurry);
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
      if (event.kind === 'model-updated') this.lines.draw();
      if ('incident' in event) touch(this.members.all.get(event.incident.modelId));
      if (event.kind === 'incident-closed')
        this.recallLessons().catch((error: unknown) =>
          this.ports.logger.error({ error: String(error) }, 'lessons cannot be read'),
        );
    });
    const { models, damaged } = await store.models.list();
    for (const each of damaged) this.members.leaveOut(each.place.row, each);
    this.lines.isHeld = true;
    for (const [index, model] of models.entries()) {
      if (this.members.isLent(model.id)) continue;
      try {
        await this.lanes.run(model.id, () => this.restore(model));
      } catch (error) {
        if (!(error instanceof StoreDocumentDamaged)) throw error;
        this.members.leaveOut(model.id, error);
      }
      onProgress(index + 1, models.length);
    }
    this.lines.release();
    this.loop.start();
  }

  /** Stops probing and evaluating, judges all that waits and commits it. @throws Unavailable when it cannot be written */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const id of this.members.all.keys()) this.probes.stop(id);
    // At once: what is under way may take longer than a stop may.
    await this.judgeRest();
    await this.loop.stop();
    await Promise.all([...this.members.all.values()].map(({ experiment }) => experiment?.done ?? Promise.resolve()));
    await Promise.all([...this.members.all.keys()].map((id) => this.lanes.run(id, () => undefined)));
    const failed = await this.judgeRest();
    // Those who sent what could not be stored were told so; this is for whoever stopped mlfi.
    if (failed !== null) throw new Error(LAST_COMMIT_FAILED);
  }

  /** @returns why what waited could not be written, null when it was */
  private async judgeRest(): Promise<Error | null> {
    await this.commits.settle();
    for (const member of this.members.all.values())
      await this.members.inLaneOf(member, () => member.monitored.judgeRest());
    return this.commits.write();
  }

  /** True also for a model that could not be restored: its name is taken. */
  has(id: ModelId): boolean {
    return this.members.has(id);
  }

  /** Whether this model is registered, and not only one of its name; one that is lent is. */
  isStill({ id, createdAtMs }: Pick<Model, 'id' | 'createdAtMs'>): boolean {
    const member = this.members.all.get(id);
    return member === undefined ? this.isLent(id) : member.monitored.model.createdAtMs === createdAtMs;
  }

  /** As `RowMemory.giveBack`. */
  giveRowsBack(): Promise<void> {
    return new RowMemory(this.members, () => this.settings.rowsMemoryBytes).giveBack();
  }

  /** Models that are left out, because what is stored of them cannot be read. */
  unrestoredModels(): readonly string[] {
    return this.members.unrestored;
  }

  /** Runs `work`, which asks a model that was registered how it wants to be probed. @throws NotFound, and what `work` does */
  whileAsked<T>(id: ModelId, work: () => Promise<T>): Promise<T> {
    return this.members.whileAsked(id, work);
  }

  /** Says why a model that never answered cannot be asked; nothing for one that is not monitored. */
  noteSetup(id: ModelId, problem: SetupProblem): void {
    this.members.noteSetup(id, problem);
  }

  /** What others know of models that are watched. */
  get notes(): Pick<Members, 'noteUnreadLogs' | 'noteUnwatched' | 'noteRefusedLine'> {
    return this.members;
  }

  ids(): readonly ModelId[] {
    return [...this.members.all.keys()];
  }

  /** As `Registrations.add`. */
  add(model: Model): Promise<void> {
    return this.registrations.add(model);
  }

  /** As `Registrations.addIfNew`. */
  addIfNew(model: Model, audit?: AuditNote): Promise<boolean> {
    return this.registrations.addIfNew(model, audit);
  }

  /** As `Registrations.update`. */
  update(...change: Parameters<Registrations['update']>): Promise<Model | null> {
    return this.registrations.update(...change);
  }

  /** As `Registrations.remove`. */
  remove(id: ModelId, audit?: AuditNote): Promise<void> {
    return this.registrations.remove(id, audit);
  }

  /** As `Registrations.release`. */
  release(id: ModelId): Promise<void> {
    return this.registrations.release(id);
  }

  /** As `Registrations.lend`. */
  lend(...lent: Parameters<Registrations['lend']>): ReturnType<Registrations['lend']> {
    return this.registrations.lend(...lent);
  }

  /** As `Registrations.takeBack`. */
  takeBack(...taken: Parameters<Registrations['takeBack']>): Promise<void> {
    return this.registrations.takeBack(...taken);
  }

  isLent(id: ModelId): boolean {
    return this.members.isLent(id);
  }

  /** A model that was lent when mlfi ended is so from the start. Call before `start`. */
  leaveLent(id: ModelId): void {
    this.members.lend(id);
  }

  async setPaused(id: ModelId, paused: boolean, audit?: AuditNote): Promise<Model> {
    return this.members.inLane(id, async (member) => {
      const state = paused ? 'paused' : runningState(member.monitored);
      await this.evaluations.changeModel(member, { paused, state }, audit);
      this.probes.restart(member);
      return member.monitored.model;
    });
  }

  /**
   * Changes what a model is compared with, or knows, once that is stored.
   * @param drafted makes the change; what it returns says so in the transaction of the change
   * @throws NotFound, Unavailable, or what `drafted` throws; then nothing has changed
   */
  change(id: ModelId, drafted: (draft: ModelDraft) => AuditNote | undefined): Promise<void> {
    return this.members.inLane(id, (member) => this.commits.change(member, drafted));
  }

  private async restore(
    model: Model,
    registration?: Registration,
    memory: BaselineMemory | null = null,
  ): Promise<void> {
    const { store, clock, hash, random, incidents } = this.ports;
    const nowMs = clock.now();
    // The clock of a replay is not where stored times come from.
    const latestMs = this.settings.isReplay === true ? Infinity : nowMs;
    const { validation, ...stored } = await readModelState(store, model.id, nowMs, this.settings.thresholds, latestMs);
    const make = (): MonitoredModel => new MonitoredModel(model, this.settings, hash, random, stored, memory, latestMs);
    const monitored = takenUp(model.id, make, this.ports.logger);
    await incidents.restore(model.id);
    this.restored += 1;
    const rows = new RowAnalysisSchedule(this.ports, this.stopping.signal);
    // History outlives a model, and one of the same name begins anew.
    const ofThisModel = validation !== null && validation.startedAtMs >= model.createdAtMs ? validation : null;
    const member = createMember(this.restored, monitored, rows, ofThisModel, registration);
    this.members.add(model.id, member);
    this.probes.restart(member);
  }

  /** Takes a batch, as `RowTaker` says. */
  async ingest(id: ModelId, batch: IngestBatch): Promise<IngestResult> {
    return this.rows.take(this.members.get(id), batch);
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

  /** @throws NotFound */
  summary(id: ModelId): ModelSummary {
    return summaryOf(this.members.get(id), this.ports.incidents.current(id));
  }

  /** @throws NotFound */
  status(id: ModelId): ModelStatus {
    return statusOf(this.members.get(id), this.ports.incidents.current(id), this.lessons.patternsOf(id));
  }

  /**
   * Another text when the model's status may have changed, null for no such model; cheap, for those who keep something made of a
   * status. Answers to probes that show no failure change it once they are evaluated.
   */
  revision(id: ModelId): string | null {
    const member = this.members.all.get(id);
    if (member === undefined) return null;
    if (!member.hasAnswers || member.needsEvaluation) member.shownRevision = member.monitored.revision;
    return `${member.serial}.${member.shownRevision}.${member.touches}`;
  }
}
