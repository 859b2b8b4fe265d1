import type { AlertReceipt, ExternalAlert } from '../domain/alert.js';
import type { DecisionRecord } from '../domain/decision-record.js';
import type { ModelId } from '../domain/identifiers.js';
import { incidentId } from '../domain/identifiers.js';
import type { IncidentRow, TimelineEntry } from '../domain/incident.js';
import { compareSeverity } from '../domain/severity.js';
import type { Lesson } from '../domain/lesson.js';
import type { Model } from '../domain/model.js';
import { unlessAborted } from '../domain/unless-aborted.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { DEFAULT_HYSTERESIS, startSeverity, type HysteresisSettings } from './hysteresis.js';
import { asSevere, growthText, isOtherSize, retold, worstOf } from './incident-size.js';
import { tellChanges } from './changes-told.js';
import { ModelLanes } from './model-lane.js';
import { AttemptedDecisions } from './attempted-decisions.js';
import type { IncidentManager, IncidentPorts } from './ports.js';
import { placeInStory } from './placing.js';
import { standsTakenUp } from './taken-up.js';
import { Stories } from '../stories/stories.js';
import { asTold, evaluationsToBeFirm, followStory, isFirm, leaveStory, toldOf, waitsForProposals } from './firmness.js';
import { endsOutage, goesOn, isProblem, newHeadline, newlyBlind, stillFound, storyOf, wasAskedSince } from './story.js';
import {
  begunProposing,
  followVersion,
  copied,
  newTracking,
  startCountingAnew,
  WITHOUT_INCIDENT,
  type IncidentTracking,
  type Proposing,
} from './tracking.js';
import { isJustOver, mayOpen, outageOver } from './outage-over.js';
import { alertText, ANOTHER_FAULT, closedAt, closingEntries, newsEntries, openingEntries } from './timeline.js';

export type { IncidentGovernance, IncidentManager, IncidentPorts } from './ports.js';

/** Alerts of others that fire on one model and are looked at. */
const MOST_ALERTS = 100;
/** Open incidents of models that are gone, closed at one start. */
const MOST_LEFT = 1_000;

const isSameAlert = (a: ExternalAlert, b: ExternalAlert): boolean =>
  a.sender === b.sender && a.fingerprint === b.fingerprint && a.startsAtMs === b.startsAtMs;

/** Keeps at most one open incident per model. */
export function createIncidentManager(
  ports: IncidentPorts,
  hysteresis: HysteresisSettings = DEFAULT_HYSTERESIS,
): IncidentManager {
  return new StoredIncidents(ports, hysteresis);
}

/**
 * Whatever opens, updates or closes a model's incident goes through the model's lane. A timeline only grows: its lines are
 * inserted beside the incident, so that adding one never writes the incident and needs no lane.
 */
class StoredIncidents implements IncidentManager {
  readonly stories = new Stories();
  private readonly trackings = new Map<ModelId, IncidentTracking>();
  // Not the lane of the model's counts: no batch should wait for what is written of an incident. Neither waits for the network.
  private readonly lanes = new ModelLanes();
  private readonly decisions: AttemptedDecisions;

  constructor(
    private readonly ports: IncidentPorts,
    private readonly hysteresis: HysteresisSettings,
  ) {
    this.decisions = new AttemptedDecisions(ports);
  }

  restore(model: ModelId): Promise<void> {
    return this.lanes.run(model, async () => {
      const before = this.trackings.get(model);
      // One of the same name that is gone: its incident is not this one's.
      if (before !== undefined && before.leaves !== null) await this.closeLeft(model, before);
      const tracking = this.trackingOf(model);
      const open = await this.ports.incidents.openFor(model);
      tracking.open = open;
      if (open !== null) this.stories.restore(open);
      tracking.severity = startSeverity(open?.severity ?? 'none');
      // Only what was proposed tells that the cause was firm: it is firm again, any other one is to prove itself anew.
      const proposed = open === null ? null : await this.decisions.proposedFor(tracking, open);
      tracking.isTakenUp = tracking.isToldFirm = proposed !== null;
      tracking.proposedVersion = proposed?.modelVersion ?? null;
      tracking.isUnproposed = open !== null && !tracking.isToldFirm;
      tracking.isRepairUnread = open !== null;
      if (open !== null) await this.decisions.noteRepair(tracking, open);
      const told = open === null ? 0 : 1;
      tracking.sameEvaluations = open && proposed ? evaluationsToBeFirm(open.diagnosis, this.hysteresis) : told;
      tracking.alerts = await this.ports.alerts.list({ model, firing: true, limit: MOST_ALERTS });
    });
  }

  current(model: ModelId): IncidentRow | null {
    return this.trackings.get(model)?.open ?? null;
  }

  repairedAtMs(model: ModelId): number | null {
    return this.trackings.get(model)?.repairedAtMs ?? null;
  }

  async apply(
    model: Model,
    evaluation: Evaluation,
    hurry?: AbortSignal,
    sources: readonly string[] = [],
  ): Promise<IncidentRow | null> {
    const { open, proposing } = await this.lanes.run(model.id, async () => {
      const tracking = this.trackingOf(model.id);
      const { open } = tracking;
      followVersion(tracking, model);
      if (open !== null) {
        await tellChanges(this.ports, tracking, evaluation);
        const blind = newlyBlind(open.diagnosis, evaluation.unseen);
        const nowMs = this.ports.clock.now();
        const evaluated = { findings: stillFound(evaluation), blind, seenSince: evaluation.seenSince };
        await this.decisions.attempt('verify', tracking, model.id, async (governance) => {
          if (await governance.verify(open, evaluated, nowMs)) tracking.isRepairUnread = true;
        });
        await this.decisions.noteRepair(tracking, open);
      }
      const problem = isProblem(evaluation);
      // What cannot be stored did not happen: the next evaluation counts on from before.
      const next = copied(tracking);
      next.overEvaluations = goesOn(open, evaluation) ? 0 : tracking.overEvaluations + 1;
      const incident =
        problem && next.overEvaluations < this.hysteresis.closeMixed
          ? await this.followProblem(next, model, evaluation)
          : await this.followRecovery(next, !problem && !isJustOver(open, evaluation));
      Object.assign(tracking, next);
      await placeInStory(this.ports, tracking, model, { stories: this.stories, models: this.trackings.size, sources });
      this.tell(tracking);
      return { open: tracking.open, proposing: incident === null ? null : begunProposing(tracking, incident) };
    });
    if (proposing !== null) await this.propose(proposing, evaluation, hurry);
    return open;
  }

  async refreshProposals(model: ModelId, evaluation: Evaluation, hurry?: AbortSignal): Promise<void> {
    const proposing = await this.lanes.run(model, () => {
      const tracking = this.trackings.get(model);
      const open = tracking?.open ?? null;
      // Another story than the incident's waits for the evaluation that changes the story.
      if (tracking === undefined || open === null) return null;
      const isToldSo = storyOf(open.diagnosis) === storyOf(evaluation.diagnosis);
      return isToldSo && isFirm(tracking, open.diagnosis, this.hysteresis) ? begunProposing(tracking, open) : null;
    });
    if (proposing !== null) await this.propose(proposing, evaluation, hurry);
  }

  /** Asks the targets of the plans, and then makes the proposals, unless the incident is closed or newer ones are to be made by then. */
  private async propose(
    { tracking, incident, turn }: Proposing,
    { proposals }: Evaluation,
    hurry?: AbortSignal,
  ): Promise<void> {
    const resolved = await unlessAborted(() => this.ports.governance.resolve(proposals), hurry);
    if (resolved === null) return;
    await this.lanes.run(incident.modelId, async () => {
      const { open } = tracking;
      if (open?.id !== incident.id || tracking.proposing !== turn) return;
      const isHeld = !isFirm(tracking, open.diagnosis, this.hysteresis);
      const isMade = await this.decisions.attempt('propose', tracking, open.modelId, (governance) =>
        governance.propose(open, isHeld ? [] : resolved),
      );
      tracking.isUnproposed = isHeld || !isMade;
    });
  }

  recordAlert(model: ModelId, alert: ExternalAlert, receipt: AlertReceipt): Promise<boolean> {
    return this.lanes.run(model, async () => {
      const tracking = this.trackingOf(model);
      const others = tracking.alerts.filter((known) => !isSameAlert(known, alert));
      const fires = receipt === 'duplicate' ? await this.stillFires(model, alert) : alert.endsAtMs === null;
      if (receipt === 'duplicate' && fires === others.length < tracking.alerts.length) return false;
      const { open } = tracking;
      if (open !== null) {
        const text = fires ? alertText(alert) : `Over: ${alertText(alert)}`;
        const line = { atMs: this.ports.clock.now(), kind: 'alert', text } as const;
        await this.ports.incidents.appendTimeline(open.id, [line]);
      }
      tracking.alerts = fires ? [...others, alert] : others;
      if (open !== null) this.ports.events.publish({ kind: 'incident-updated', incident: open });
      return true;
    });
  }

  private async stillFires(model: ModelId, alert: ExternalAlert): Promise<boolean> {
    const firing = await this.ports.alerts.list({ model, firing: true, limit: MOST_ALERTS });
    return firing.some((known) => isSameAlert(known, alert));
  }

  leave(model: ModelId, why: string, left: () => Promise<void>): Promise<void> {
    return this.lanes.run(model, async () => {
      await left();
      const tracking = this.trackings.get(model);
      if (tracking === undefined) return;
      tracking.leaves = why;
      await this.closeLeft(model, tracking).catch((error: unknown) =>
        // The model is gone, and whoever asked for that must not be told otherwise.
        this.ports.logger.error(
          { model, error: String(error) },
          'the incident of a model that left cannot be closed now',
        ),
      );
    });
  }

  async closeAllLeft(isMonitored: (model: ModelId) => boolean): Promise<void> {
    const open = await this.ports.incidents.list({ open: true, limit: MOST_LEFT });
    for (const incident of open.filter(({ modelId }) => !isMonitored(modelId)))
      await this.lanes.run(incident.modelId, () =>
        this.closeLeft(incident.modelId, {
          ...newTracking(),
          open: incident,
          leaves: 'the model is no longer watched',
        }),
      );
  }

  private async closeLeft(model: ModelId, tracking: IncidentTracking): Promise<void> {
    if (tracking.open !== null) await this.close(tracking, tracking.open, true);
    this.trackings.delete(model);
    this.tell(tracking);
  }

  private tell({ untold }: IncidentTracking): void {
    for (const event of untold.splice(0)) this.ports.events.publish(event);
  }

  private trackingOf(model: ModelId): IncidentTracking {
    const known = this.trackings.get(model);
    if (known !== undefined) return known;
    const tracking = newTracking();
    this.trackings.set(model, tracking);
    return tracking;
  }

  /** @returns the incident whose proposals are to be made, if any; the same of those below */
  private async followProblem(
    tracking: IncidentTracking,
    model: Model,
    evaluation: Evaluation,
  ): Promise<IncidentRow | null> {
    if (tracking.open === null && !mayOpen(tracking, evaluation)) {
      tracking.problemEvaluations = 0;
      return null;
    }
    if (tracking.problemEvaluations === 0) tracking.firstEvidenceAtMs = this.ports.clock.now();
    tracking.problemEvaluations += 1;
    const { open } = tracking;
    // What is left of an outage in a window is no other fault, and no milder one.
    const ends = open !== null && endsOutage(open.diagnosis, evaluation);
    if (ends || (open !== null && standsTakenUp(tracking, open, evaluation))) return startCountingAnew(tracking);
    if (open !== null) return this.update(tracking, open, evaluation);
    const opens = tracking.problemEvaluations >= this.hysteresis.open || tracking.alerts.length > 0;
    return opens ? this.open(tracking, model, evaluation) : null;
  }

  /** @param isClear nothing is found, and not only what is over */
  private async followRecovery(tracking: IncidentTracking, isClear: boolean): Promise<null> {
    tracking.problemEvaluations = 0;
    if (tracking.open === null) return null;
    tracking.clearEvaluations = isClear ? tracking.clearEvaluations + 1 : 0;
    const { close, closeMixed } = this.hysteresis;
    const isDone = tracking.clearEvaluations >= close || tracking.overEvaluations >= closeMixed;
    if (!isDone || (await this.decisions.isActionUnderWay(tracking, tracking.open))) return null;
    return this.close(tracking, tracking.open, this.decisions.isGivenUp(tracking));
  }

  private async open(tracking: IncidentTracking, model: Model, evaluation: Evaluation): Promise<IncidentRow | null> {
    const now = this.ports.clock.now();
    tracking.sameEvaluations = 1;
    const { diagnosis, fingerprint } = evaluation;
    const explanation = toldOf(tracking, evaluation, this.hysteresis);
    const opened: IncidentRow = {
      id: incidentId(this.ports.ids.next()),
      modelId: model.id,
      openedAtMs: now,
      closedAtMs: null,
      severity: diagnosis.severity,
      diagnosis,
      explanation,
      fingerprint,
      worst: worstOf(null, diagnosis),
    };
    const entries = openingEntries({ diagnosis, explanation }, tracking.alerts, tracking.firstEvidenceAtMs, now);
    await this.ports.incidents.save(opened, entries);
    startCountingAnew(tracking);
    tracking.isToldFirm = isFirm(tracking, diagnosis, this.hysteresis);
    tracking.isUnproposed = true;
    tracking.causesLeft.clear();
    tracking.severity = startSeverity(opened.severity);
    tracking.open = opened;
    tracking.untold.push({ kind: 'incident-opened', incident: opened });
    return tracking.isToldFirm ? opened : null;
  }

  private async update(
    tracking: IncidentTracking,
    incident: IncidentRow,
    seen: Evaluation,
  ): Promise<IncidentRow | null> {
    const evaluation = asTold(tracking, incident, seen);
    tracking.clearEvaluations = 0;
    const judged = evaluation.diagnosis.severity;
    const sameStory = storyOf(incident.diagnosis) === storyOf(evaluation.diagnosis);
    // While an action takes effect an evaluation sees failure and recovery mixed: only worse is news.
    const isNews = !sameStory || judged !== incident.severity;
    const isWorse = compareSeverity(judged, incident.severity) > 0;
    if (isNews && !isWorse && (await this.decisions.isActionUnderWay(tracking, incident))) {
      tracking.differentEvaluations = 0;
      tracking.severity = startSeverity(incident.severity);
      return null;
    }
    const { storyChanged, storyEnds, isFirmNow } = followStory(tracking, incident, evaluation, this.hysteresis);
    if (storyEnds) return this.close(tracking, incident, this.decisions.isGivenUp(tracking), ANOTHER_FAULT);
    const { severity } = tracking.severity;
    if (!storyChanged && !isFirmNow && severity === incident.severity) {
      if (!sameStory) return null;
      const told = await this.followSize(tracking, incident, evaluation);
      // Proposals that could not be made when the story became firm are made now.
      return waitsForProposals(tracking, told, this.hysteresis) ? told : null;
    }
    const { diagnosis, fingerprint } = evaluation;
    if (storyChanged) leaveStory(tracking, incident);
    const explanation = toldOf(tracking, evaluation, this.hysteresis);
    const headline = storyChanged ? explanation.headline : newHeadline(incident, { diagnosis, explanation }, isFirmNow);
    const entries = newsEntries(
      incident,
      { severity, reason: diagnosis.severityReason, headline, isOther: storyChanged },
      this.hysteresis,
      this.ports.clock.now(),
    );
    // Another story than the incident's waits for its second evaluation, also when the severity changes at this one.
    const takesOver = storyChanged || sameStory;
    const told = takesOver ? retold(incident, { diagnosis, explanation, fingerprint }) : incident;
    const changed = asSevere(told, severity, diagnosis, incident.diagnosis);
    await this.ports.incidents.save(changed, entries);
    tracking.open = changed;
    if (takesOver) tracking.isToldFirm = isFirm(tracking, diagnosis, this.hysteresis);
    tracking.untold.push({ kind: 'incident-updated', incident: changed });
    // Proposals belong to a firm cause: they are made when it becomes so, and not anew because its harm grew.
    // Those of another cause are taken back at once.
    const isAsked = sameStory && waitsForProposals(tracking, changed, this.hysteresis);
    return storyChanged || isFirmNow || isAsked ? changed : null;
  }

  /**
   * The same story with the figures of now, where they are news: how large it is, how large it was at its worst, and what the model
   * said when it was asked. While an action takes effect the diagnosis stays on which people decided, unless it gets worse.
   */
  private async followSize(
    tracking: IncidentTracking,
    incident: IncidentRow,
    evaluation: Evaluation,
  ): Promise<IncidentRow> {
    const wasAsked = wasAskedSince(incident.diagnosis, evaluation.diagnosis);
    if (!wasAsked && !isOtherSize(incident.diagnosis, evaluation.diagnosis)) return incident;
    const grows = (evaluation.diagnosis.impact?.share ?? 0) > (incident.diagnosis.impact?.share ?? 0);
    if (!grows && (await this.decisions.isActionUnderWay(tracking, incident))) return incident;
    const { diagnosis, fingerprint } = evaluation;
    const explanation = toldOf(tracking, evaluation, this.hysteresis);
    const told = retold(incident, { diagnosis, explanation, fingerprint });
    const changed = asSevere(told, incident.severity, diagnosis, incident.diagnosis);
    const growth = growthText(incident.worst ?? null, told.worst);
    const headline = newHeadline(incident, { diagnosis, explanation }, false);
    const entries = [growth, headline]
      .filter((text) => text !== null)
      .map((text): TimelineEntry => ({ atMs: this.ports.clock.now(), kind: 'diagnosis-changed', text }));
    await this.ports.incidents.save(changed, entries);
    tracking.open = changed;
    tracking.untold.push({ kind: 'incident-updated', incident: changed });
    return changed;
  }

  /**
   * Closes it unless an action was begun meanwhile. Withdrawn is once it is closed: nothing is proposed or voted on after that, and
   * what a crash leaves is withdrawn by the next sweep.
   * @param isForced also over such an action: the model is gone, or nobody can settle what came of it
   */
  private async close(tracking: IncidentTracking, open: IncidentRow, isForced: boolean, by?: string): Promise<null> {
    const now = this.ports.clock.now();
    const closed = { ...open, closedAtMs: closedAt(open, now) };
    const entries = closingEntries(open, this.hysteresis, tracking.leaves, now, by);
    const lessonOf = (records: readonly DecisionRecord[]): Lesson => this.ports.remember(closed, records);
    const isClosed = await this.ports.governance.close({ incident: closed, entries, lessonOf, isForced });
    if (!isClosed) return null;
    this.stories.leave(closed.modelId);
    await this.decisions.attempt('withdraw', tracking, closed.modelId, (governance) =>
      governance.withdraw(closed, 'the incident closed'),
    );
    Object.assign(tracking, WITHOUT_INCIDENT, outageOver(tracking, open, now));
    tracking.untold.push({ kind: 'incident-closed', incident: closed });
    return null;
  }
}
