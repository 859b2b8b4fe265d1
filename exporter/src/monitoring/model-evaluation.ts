import type { AuditNote } from '../domain/audit-note.js';
import { isAskedAnything, type HowToAsk } from '../domain/how-to-ask.js';
import type { IncidentId, ModelId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Model } from '../domain/model.js';
import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { Clock, EventBus, Logger, Store } from '../domain/ports.js';
import type { CohortShapley } from '../domain/row-analysis.js';
import type { SetupProblem } from '../domain/setup-problem.js';
import { inTurns } from '../domain/turns.js';
import { evaluate, type Evaluation } from '../evaluation/evaluate.js';
import { normalFromMs } from '../evaluation/back-to-normal.js';
import type { Knowledge } from '../evaluation/knowledge.js';
import { IncidentExperiments } from '../experiments/per-incident.js';
import { mayExperiment, type ExperimentPolicy } from '../experiments/run-experiment.js';
import type { IncidentManager } from '../incidents/incident-manager.js';
import { endsOutage, isUnderWay } from '../incidents/story.js';
import { answeredVersion } from './call-counters.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import { figuresAt, stateOf } from './model-status.js';
import { writeModels } from './persist.js';
import { withFigures } from './recent-figures.js';

export interface ModelEvaluationPorts {
  readonly store: Pick<Store, 'models' | 'governance'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly incidents: IncidentManager;
  readonly members: Pick<Members, 'all' | 'inLaneOf' | 'ofMember'>;
  readonly experiments: () => ExperimentPolicy;
  readonly knowledge: (member: Member) => Knowledge;
  /** Asks the live model which feature carries the change. Never rejects for a model that does not answer. */
  readonly experiment: (
    state: MonitoredModelState,
    evaluation: Evaluation,
    incident: IncidentId,
    signal: AbortSignal,
  ) => Promise<CohortShapley>;
  /** Looks again at the URL of a model that has never answered. */
  readonly rediscover: (model: Model) => Promise<Rediscovery>;
  /** The model can be asked in a way that was found just now. */
  readonly found: (begun: Model, asked: HowToAsk) => Promise<unknown>;
  /** Why the model still cannot be asked. */
  readonly noteSetup: (id: ModelId, problem: SetupProblem) => void;
  /** Probes the model by its schedule from now on: it has answered for the first time. */
  readonly reprobe: (member: Member) => void;
  /** There is news about the model that an evaluation should see. */
  readonly request: (id: ModelId) => void;
  /** Something may have to be stored. */
  readonly commit: (member: Member) => void;
  /** Stores what a member counted, whose lane the caller holds. @throws Unavailable when it cannot be written now: it stays to be stored */
  readonly writeHeld: (member: Member) => Promise<void>;
}

export type Rediscovery =
  { readonly kind: 'found'; readonly asked: HowToAsk } | { readonly kind: 'not-found'; readonly problem: SetupProblem };

const QUIET_MS = 60_000;
/** Calm models that answer are evaluated so many a second at most, each after so long: an evaluation costs more than the calls it is about. */
const CALM_MS_PER_MODEL = 30;
const LONGEST_CALM_MS = 30_000;

const newestMs = ({ rows }: MonitoredModelState): number | null => rows.at(-1)?.atMs ?? null;

/** Evaluates one model and draws the consequences: incident, experiment, state. */
export class ModelEvaluation {
  constructor(
    private readonly ports: ModelEvaluationPorts,
    private readonly stopping: AbortSignal,
  ) {}

  /** New evidence, a baseline that is learnt, something found or an open incident; of a quiet model now and then. */
  isDue({ monitored, last, needsEvaluation, hasAnswers, registration }: Member, nowMs: number): boolean {
    if (monitored.model.paused || registration.removals > 0) return false;
    if (needsEvaluation || last === null || monitored.isBehind(nowMs)) return true;
    // A failure may become an outage by time alone.
    if (monitored.counters.consecutiveFailures > 0) return true;
    const isLearning = monitored.baseline === null && monitored.counters.calls > 0;
    const isCalm = last.evaluation.findings.length === 0 && this.ports.incidents.current(monitored.model.id) === null;
    if (isLearning || !isCalm) return true;
    const everyMs = Math.min(LONGEST_CALM_MS, this.ports.members.all.size * CALM_MS_PER_MODEL);
    return nowMs - last.atMs >= (hasAnswers ? everyMs : QUIET_MS);
  }

  /**
   * One evaluation. The model's lane is held while its state is read and changed, not while it is thought about.
   * @param hurry once aborted, nobody outside is waited for any more
   */
  async evaluate(member: Member, hurry = this.stopping): Promise<void> {
    try {
      await this.evaluateOnce(member, hurry);
    } catch (error) {
      member.needsEvaluation = true;
      throw error;
    }
  }

  private async evaluateOnce(member: Member, hurry: AbortSignal): Promise<void> {
    const { monitored } = member;
    const { id } = monitored.model;
    const { members, clock, events, incidents } = this.ports;
    if (monitored.model.paused || member.registration.removals > 0) return;
    const severity = member.last?.evaluation.diagnosis.severity;
    // Not one that was read anew meanwhile: it is not what is stored any more.
    const begun = await members.ofMember(member, async () => {
      // Not the time at which the turn was asked for: rows counted meanwhile are later, as if the clock had been set back.
      const nowMs = clock.now();
      member.needsEvaluation = member.hasAnswers = false;
      member.untoldBaseline =
        (await inTurns(monitored.advancing(nowMs, severity === 'critical' || severity === 'high'))) ??
        member.untoldBaseline;
      // A process that ends before that is stored learns anew, from more: nothing is told or thought about before.
      if (member.untoldBaseline !== null) await this.ports.writeHeld(member);
      await this.followVersion(member);
      const experiment = member.experiment?.result ?? null;
      return { nowMs, state: { ...monitored.modelState(), experiment } };
    });
    if (begun === null) return;
    const { nowMs, state } = begun;
    const version = member.untoldBaseline;
    member.untoldBaseline = null;
    if (version !== null) events.publish({ kind: 'baseline-admitted', modelId: id, version });

    const startedAt = performance.now();
    const evaluateWith = (with_: MonitoredModelState): Evaluation =>
      evaluate(with_, this.ports.knowledge(member), nowMs);
    const evaluation = await member.rows.evaluate(state, member.last?.evaluation ?? null, evaluateWith, nowMs);
    const seconds = (performance.now() - startedAt) / 1_000;
    const isThere = await members.inLaneOf(member, () => {
      member.last = { evaluation, atMs: nowMs, seconds };
      member.recent = withFigures(member.recent, figuresAt(monitored, nowMs));
      member.touches += 1;
    });
    if (!isThere || member.registration.removals > 0 || monitored.model.paused) return;

    const before = incidents.current(id);
    const sources = member.source === null ? [] : [member.source];
    const incident = await incidents.apply(monitored.model, evaluation, hurry, sources);
    member.normalSinceMs = isUnderWay(evaluation) ? null : (member.normalSinceMs ?? newestMs(state));
    this.considerExperiment(member, { ...state, rowAnalysis: member.rows.analysis }, evaluation, incident);
    const isStillThere = await members.inLaneOf(member, async () => {
      const endedMs = before !== null && endsOutage(before.diagnosis, evaluation) ? evaluation.answeredSinceMs : null;
      if (incident === null)
        monitored.settleEvidence(before === null ? null : (normalFromMs(state, member.normalSinceMs) ?? endedMs));
      else this.settleRepaired(member, state);
      const stateBefore = monitored.model.state;
      await this.changeModel(member, { state: stateOf(monitored, incident, evaluation) });
      if (stateBefore === 'configuring' && monitored.model.state !== stateBefore) this.ports.reprobe(member);
    });
    if (!isStillThere) return;
    this.ports.commit(member);
    if (monitored.isBehind(clock.now())) this.ports.request(id);
    if (monitored.isConfiguring || isAskedAnything(monitored.model)) this.rediscover(member);
  }

  /**
   * What was verified to be repaired is over: its evidence would fade as slowly as it has grown, and be told as another cause. The rows
   * since the repair are a test of their own.
   */
  private settleRepaired({ monitored }: Member, state: MonitoredModelState): void {
    const repairedAtMs = this.ports.incidents.repairedAtMs(monitored.model.id);
    if (repairedAtMs === null || (monitored.counters.judgedFromMs ?? -Infinity) >= repairedAtMs) return;
    monitored.settleEvidence(Math.max(repairedAtMs, normalFromMs(state, newestMs(state)) ?? repairedAtMs));
  }

  /** The version in service is the one the answers name, whatever was declared; the caller holds the model's lane. */
  private async followVersion(member: Member): Promise<void> {
    const versionLabel = answeredVersion(member.monitored.counters);
    if (versionLabel !== null) await this.changeModel(member, { versionLabel });
  }

  /** Makes an open incident's proposals anew with what is known now. */
  async proposeAgain(member: Member): Promise<void> {
    if (member.last === null) return;
    const { monitored, experiment, rows } = member;
    const state = { ...monitored.modelState(), experiment: experiment?.result ?? null, rowAnalysis: rows.analysis };
    const evaluation = evaluate(state, this.ports.knowledge(member), this.ports.clock.now());
    await this.ports.incidents.refreshProposals(monitored.model.id, evaluation, this.stopping);
  }

  /** Saves a change of the model and then makes it; the caller holds the model's lane. */
  async changeModel(
    { monitored }: Member,
    change: Partial<Pick<Model, 'state' | 'paused' | 'versionLabel'>>,
    audit?: AuditNote,
  ): Promise<void> {
    const before = monitored.model;
    const model = { ...before, ...change };
    const { state, paused, versionLabel } = before;
    if (model.state === state && model.paused === paused && model.versionLabel === versionLabel) return;
    await writeModels(this.ports.store, audit, (models) => models.save(model));
    monitored.model = model;
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  /** Asks the live model when an incident opens, and again when its story turns to another cause; beside the evaluations. */
  private considerExperiment(
    member: Member,
    state: MonitoredModelState,
    evaluation: Evaluation,
    incident: IncidentRow | null,
  ): void {
    if (incident?.id !== member.experiment?.incident) member.experiment = null;
    if (incident === null) return;
    member.experiment ??= new IncidentExperiments(incident.id);
    if (!member.experiment.wantsMore(incident)) return;
    if (!mayExperiment(this.ports.experiments(), state, evaluation)) return;
    member.experiment.begin(
      // Rows that wait to be judged are of now as well.
      () => {
        const { rows } = member.monitored.stateWithWaiting();
        return this.ports.experiment({ ...state, rows }, evaluation, incident.id, this.stopping);
      },
      (error) => {
        if (error === null) this.ports.request(state.model.id);
        else this.ports.logger.error({ model: state.model.id, error: error.message }, 'experiment failed');
      },
    );
  }

  /** A model that never answered may simply have been down when it was added: find out how to ask it, at most once at a time. */
  private rediscover(member: Member): void {
    const { model, counters } = member.monitored;
    const { clock, logger } = this.ports;
    if (member.isRediscovering || member.registration.isAsked || model.endpoint === null) return;
    // Probes tell whether it answers by now; with nothing to probe with there are none: a stop cut its discovery off.
    if (counters.probes === 0 && model.probePayloads.length > 0) return;
    member.isRediscovering = true;
    void this.ports
      .rediscover(model)
      .then(async (discovery) => {
        if (member.registration.removals > 0) return;
        if (!member.monitored.isConfiguring && !isAskedAnything(member.monitored.model)) return;
        if (discovery.kind === 'found') await this.ports.found(model, discovery.asked);
        else if (member.monitored.isConfiguring) this.ports.noteSetup(model.id, discovery.problem);
      })
      .catch((error: unknown) => logger.warn({ model: model.id, error: String(error) }, 'discovery failed'))
      .finally(() => {
        void clock.sleep(QUIET_MS, this.stopping).then(() => {
          member.isRediscovering = false;
        });
      });
  }
}
