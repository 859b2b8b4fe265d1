import type { AlertRepository, ExternalAlert } from '../domain/alert.js';
import type { Diagnosis } from '../domain/cause.js';
import type { ModelId } from '../domain/identifiers.js';
import { incidentId } from '../domain/identifiers.js';
import type { Incident, TimelineEntry } from '../domain/incident.js';
import type { Lesson } from '../domain/lesson.js';
import { compareSeverity, type Severity } from '../domain/severity.js';
import type { Model } from '../domain/model.js';
import type { Clock, EventBus, Ids, IncidentRepository, LessonRepository } from '../domain/ports.js';
import type { RecommendationRecord } from '../domain/decision-record.js';
import type { Governance } from '../governance/governance.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import { followSeverity, startSeverity, type SeverityHysteresis } from './hysteresis.js';

/** The part of governance an incident needs. */
export type IncidentGovernance = Pick<Governance, 'propose' | 'verify' | 'withdraw' | 'records'>;

export interface IncidentPorts {
  readonly incidents: IncidentRepository;
  readonly lessons: LessonRepository;
  readonly alerts: Pick<AlertRepository, 'list'>;
  readonly governance: IncidentGovernance;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly remember: (incident: Incident, records: readonly RecommendationRecord[]) => Lesson;
}

/** How many looks in a row must agree before an incident opens, changes its mind or becomes more severe, becomes milder, or closes. */
export interface HysteresisSettings {
  readonly open: number;
  readonly change: number;
  readonly milder: number;
  readonly close: number;
}
export const DEFAULT_HYSTERESIS: HysteresisSettings = { open: 2, change: 2, milder: 30, close: 3 };

export interface IncidentManager {
  /** Takes up the incident that was open before a restart. */
  restore(model: ModelId): Promise<void>;
  current(model: ModelId): Incident | null;
  /** Opens, updates or closes the model's incident in the light of one evaluation. Returns the one that is open afterwards. */
  apply(model: Model, evaluation: Evaluation): Promise<Incident | null>;
  /** Makes the open incident's proposals anew, when something else than the diagnosis changed what they say. */
  refreshProposals(model: ModelId, evaluation: Evaluation): Promise<void>;
  /** Adds a line to the open incident's story. */
  appendTimeline(model: ModelId, entry: Omit<TimelineEntry, 'atMs'>): Promise<void>;
  /** An alert of somebody else began or ended. While one fires, the first look that finds something opens an incident. */
  recordAlert(model: ModelId, alert: ExternalAlert): Promise<void>;
  closeAndForget(model: ModelId): Promise<void>;
}

interface IncidentTracking {
  open: Incident | null;
  /** Of the open incident. */
  severity: SeverityHysteresis;
  problemLooks: number;
  firstEvidenceAtMs: number;
  clearLooks: number;
  differentLooks: number;
  /** Alerts of others that fire. */
  alerts: readonly ExternalAlert[];
}

/** Two diagnoses tell the same story when cause, features and what was asked of the model agree. */
function storyOf(diagnosis: Diagnosis): string {
  const asked = diagnosis.experiment === null ? '' : `asked at ${diagnosis.experiment.atMs}`;
  return [diagnosis.causes[0]?.id ?? 'none', asked, ...diagnosis.features].join('|');
}

const isSameAlert = (a: ExternalAlert, b: ExternalAlert): boolean =>
  a.sender === b.sender && a.fingerprint === b.fingerprint && a.startsAtMs === b.startsAtMs;

const alertText = ({ sender, name, summary }: ExternalAlert): string =>
  `${sender === 'grafana' ? 'Grafana' : 'Alertmanager'}: ${name}${summary === '' ? '' : ` — ${summary}`}`;

/** Detectors that cannot see something now which they could see when the incident was diagnosed. */
function newlyBlind(diagnosis: Diagnosis, unseen: Evaluation['unseen']): ReadonlySet<string> {
  const before = new Set(diagnosis.blindSpots.map(({ check }) => check));
  return new Set(unseen.filter(({ check }) => !before.has(check)).map(({ detector }) => detector));
}

const severityText = (before: Severity, { diagnosis }: Evaluation, now: Severity): string =>
  compareSeverity(now, before) > 0
    ? `Severity rose from ${before} to ${now}: ${diagnosis.severityReason}`
    : `Severity fell from ${before} to ${now}, the worst of the last ${DEFAULT_HYSTERESIS.milder} looks: ${diagnosis.severityReason}`;

/** Late labels with nothing found besides are a note: they neither open an incident nor keep one open. */
const isOnlyWaiting = ({ diagnosis, findings }: Evaluation): boolean =>
  diagnosis.causes[0]?.id === 'label-delay' && findings.every(({ kind }) => kind === 'note');

const sinceText = (ms: number): string => new Date(ms).toISOString();

/** Keeps at most one open incident per model. */
export function createIncidentManager(
  ports: IncidentPorts,
  hysteresis: HysteresisSettings = DEFAULT_HYSTERESIS,
): IncidentManager {
  const trackings = new Map<ModelId, IncidentTracking>();

  const trackingOf = (model: ModelId): IncidentTracking => {
    let tracking = trackings.get(model);
    if (tracking === undefined) {
      tracking = {
        open: null,
        severity: startSeverity('none'),
        problemLooks: 0,
        firstEvidenceAtMs: 0,
        clearLooks: 0,
        differentLooks: 0,
        alerts: [],
      };
      trackings.set(model, tracking);
    }
    return tracking;
  };

  const save = async (
    tracking: IncidentTracking,
    incident: Incident,
    kind: 'incident-opened' | 'incident-updated' | 'incident-closed',
  ): Promise<void> => {
    await ports.incidents.save(incident);
    tracking.open = kind === 'incident-closed' ? null : incident;
    ports.events.publish({ kind, incident });
  };

  const open = async (tracking: IncidentTracking, model: Model, evaluation: Evaluation): Promise<void> => {
    const now = ports.clock.now();
    const changes = evaluation.diagnosis.changes.map((change): TimelineEntry => ({
      atMs: change.atMs,
      kind: 'change',
      text: change.text,
    }));
    const incident: Incident = {
      id: incidentId(ports.ids.next()),
      modelId: model.id,
      openedAtMs: now,
      closedAtMs: null,
      severity: evaluation.diagnosis.severity,
      diagnosis: evaluation.diagnosis,
      explanation: evaluation.explanation,
      fingerprint: evaluation.fingerprint,
      timeline: [
        ...changes,
        ...tracking.alerts.map((alert): TimelineEntry => ({
          atMs: alert.startsAtMs,
          kind: 'alert',
          text: alertText(alert),
        })),
        {
          atMs: tracking.firstEvidenceAtMs,
          kind: 'first-evidence',
          text: evaluation.diagnosis.findings[0]?.sentence ?? 'First sign of trouble.',
        },
        { atMs: now, kind: 'opened', text: evaluation.explanation.headline },
      ],
    };
    tracking.clearLooks = 0;
    tracking.differentLooks = 0;
    tracking.severity = startSeverity(incident.severity);
    await save(tracking, incident, 'incident-opened');
    await ports.governance.propose(incident, evaluation.proposals);
  };

  /** Whether an action is under way or its effect still watched: then its incident stays open. */
  const awaitsVerification = async (incident: Incident): Promise<boolean> => {
    const records = await ports.governance.records({ incident: incident.id, pendingOnly: false, limit: 100 });
    return records.some(
      ({ recommendation: { plan, state } }) =>
        state === 'succeeded' || (plan !== null && ['approved', 'dispatching'].includes(state)),
    );
  };

  const update = async (tracking: IncidentTracking, incident: Incident, evaluation: Evaluation): Promise<void> => {
    tracking.clearLooks = 0;
    const judged = evaluation.diagnosis.severity;
    const sameStory = storyOf(incident.diagnosis) === storyOf(evaluation.diagnosis);
    // While an action takes effect a look sees failure and recovery mixed: only worse is news, and the diagnosis on which
    // people decided is the one to remember.
    const isNews = !sameStory || judged !== incident.severity;
    const worse = compareSeverity(judged, incident.severity) > 0;
    if (isNews && !worse && (await awaitsVerification(incident))) {
      tracking.differentLooks = 0;
      tracking.severity = startSeverity(incident.severity);
      return;
    }
    tracking.severity = followSeverity(tracking.severity, judged, { rise: hysteresis.change, fall: hysteresis.milder });
    tracking.differentLooks = sameStory ? 0 : tracking.differentLooks + 1;
    const { severity } = tracking.severity;
    const retold = tracking.differentLooks >= hysteresis.change;
    if (!retold && severity === incident.severity) return;
    const now = ports.clock.now();
    const entries: TimelineEntry[] = [];
    if (severity !== incident.severity) {
      const text = severityText(incident.severity, evaluation, severity);
      entries.push({ atMs: now, kind: 'diagnosis-changed', text });
    }
    if (retold) {
      tracking.differentLooks = 0;
      entries.push({ atMs: now, kind: 'diagnosis-changed', text: evaluation.explanation.headline });
    }
    // Another story than the incident's waits for its second look, also when the severity changes at this one.
    const told = retold || sameStory;
    const changed: Incident = {
      ...incident,
      severity,
      ...(told
        ? {
            diagnosis: evaluation.diagnosis,
            explanation: evaluation.explanation,
            fingerprint: evaluation.fingerprint,
          }
        : {}),
      timeline: [...incident.timeline, ...entries],
    };
    await save(tracking, changed, 'incident-updated');
    if (told) await ports.governance.propose(changed, evaluation.proposals);
  };

  const close = async (tracking: IncidentTracking, incident: Incident): Promise<void> => {
    const now = ports.clock.now();
    const closed: Incident = {
      ...incident,
      closedAtMs: now,
      timeline: [
        ...incident.timeline,
        { atMs: now, kind: 'recovered', text: `No finding in the last ${hysteresis.close} looks.` },
        {
          atMs: now,
          kind: 'closed',
          text: `Closed after ${Math.round((now - incident.openedAtMs) / 1000)} s (open since ${sinceText(incident.openedAtMs)}).`,
        },
      ],
    };
    const records = await ports.governance.records({ incident: incident.id, pendingOnly: false, limit: 100 });
    await ports.lessons.save(ports.remember(closed, records));
    await ports.governance.withdraw(closed, 'the incident closed');
    tracking.problemLooks = 0;
    tracking.clearLooks = 0;
    await save(tracking, closed, 'incident-closed');
  };

  const note = async (model: ModelId, entry: Omit<TimelineEntry, 'atMs'>): Promise<void> => {
    const tracking = trackings.get(model);
    if (tracking?.open == null) return;
    const incident = { ...tracking.open, timeline: [...tracking.open.timeline, { ...entry, atMs: ports.clock.now() }] };
    await save(tracking, incident, 'incident-updated');
  };

  return {
    async restore(model) {
      const tracking = trackingOf(model);
      tracking.open = await ports.incidents.openFor(model);
      tracking.severity = startSeverity(tracking.open?.severity ?? 'none');
      tracking.alerts = await ports.alerts.list({ model, firing: true, limit: 100 });
    },
    current: (model) => trackings.get(model)?.open ?? null,
    async apply(model, evaluation) {
      const tracking = trackingOf(model.id);
      const problem = evaluation.diagnosis.severity !== 'none' && !isOnlyWaiting(evaluation);
      if (tracking.open !== null) {
        const blind = newlyBlind(tracking.open.diagnosis, evaluation.unseen);
        await ports.governance.verify(tracking.open, evaluation.findings, blind, ports.clock.now());
      }
      if (problem) {
        if (tracking.open === null && !evaluation.pages && tracking.alerts.length === 0) {
          tracking.problemLooks = 0;
          return null;
        }
        if (tracking.problemLooks === 0) tracking.firstEvidenceAtMs = ports.clock.now();
        tracking.problemLooks += 1;
        if (tracking.open !== null) await update(tracking, tracking.open, evaluation);
        else if (tracking.problemLooks >= hysteresis.open || tracking.alerts.length > 0)
          await open(tracking, model, evaluation);
      } else {
        tracking.problemLooks = 0;
        if (tracking.open !== null) {
          tracking.clearLooks += 1;
          if (tracking.clearLooks >= hysteresis.close && !(await awaitsVerification(tracking.open)))
            await close(tracking, tracking.open);
        }
      }
      return tracking.open;
    },
    async refreshProposals(model, evaluation) {
      const open = trackings.get(model)?.open ?? null;
      // Another story than the incident's waits for the look that changes the story.
      if (open === null || storyOf(open.diagnosis) !== storyOf(evaluation.diagnosis)) return;
      await ports.governance.propose(open, evaluation.proposals);
    },
    appendTimeline: note,
    async recordAlert(model, alert) {
      const tracking = trackingOf(model);
      const others = tracking.alerts.filter((known) => !isSameAlert(known, alert));
      tracking.alerts = alert.endsAtMs === null ? [...others, alert] : others;
      await note(model, {
        kind: 'alert',
        text: alert.endsAtMs === null ? alertText(alert) : `Over: ${alertText(alert)}`,
      });
    },
    async closeAndForget(model) {
      const tracking = trackings.get(model);
      if (tracking?.open != null) await close(tracking, tracking.open);
      trackings.delete(model);
    },
  };
}
