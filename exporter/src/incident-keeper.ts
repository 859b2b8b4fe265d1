import type { AlertRepository, ExternalAlert } from './domain/alert.js';
import type { Diagnosis } from './domain/cause.js';
import type { ModelId } from './domain/identifiers.js';
import { incidentId } from './domain/identifiers.js';
import type { Incident, TimelineEntry } from './domain/incident.js';
import type { Lesson } from './domain/lesson.js';
import { compareSeverity, type Severity } from './domain/severity.js';
import type { Model } from './domain/model.js';
import type { Clock, EventBus, Ids, IncidentRepository, LessonRepository } from './domain/ports.js';
import type { RecommendationRecord } from './domain/application.js';
import type { Governance } from './governance/governance.js';
import type { Judgement } from './pipeline.js';
import { followSeverity, startSeverity, type SeverityCourse } from './severity-course.js';

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
export interface Patience {
  readonly open: number;
  readonly change: number;
  readonly milder: number;
  readonly close: number;
}
export const DEFAULT_PATIENCE: Patience = { open: 2, change: 2, milder: 30, close: 3 };

export interface IncidentKeeper {
  /** Takes up the incident that was open before a restart. */
  restore(model: ModelId): Promise<void>;
  current(model: ModelId): Incident | null;
  /** Opens, updates or closes the model's incident in the light of one judgement. Returns the one that is open afterwards. */
  consider(model: Model, judgement: Judgement): Promise<Incident | null>;
  /** Makes the open incident's proposals anew, when something else than the diagnosis changed what they say. */
  reconsider(model: ModelId, judgement: Judgement): Promise<void>;
  /** Adds a line to the open incident's story. */
  note(model: ModelId, entry: Omit<TimelineEntry, 'atMs'>): Promise<void>;
  /** An alert of somebody else began or ended. While one fires, the first look that finds something opens an incident. */
  alerted(model: ModelId, alert: ExternalAlert): Promise<void>;
  forget(model: ModelId): Promise<void>;
}

interface Course {
  open: Incident | null;
  /** Of the open incident. */
  severity: SeverityCourse;
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
function newlyBlind(diagnosis: Diagnosis, unseen: Judgement['unseen']): ReadonlySet<string> {
  const before = new Set(diagnosis.blindSpots.map(({ check }) => check));
  return new Set(unseen.filter(({ check }) => !before.has(check)).map(({ detector }) => detector));
}

const severityText = (before: Severity, { diagnosis }: Judgement, now: Severity): string =>
  compareSeverity(now, before) > 0
    ? `Severity rose from ${before} to ${now}: ${diagnosis.severityReason}`
    : `Severity fell from ${before} to ${now}, the worst of the last ${DEFAULT_PATIENCE.milder} looks: ${diagnosis.severityReason}`;

/** Late labels with nothing found besides are a note: they neither open an incident nor keep one open. */
const isOnlyWaiting = ({ diagnosis, findings }: Judgement): boolean =>
  diagnosis.causes[0]?.id === 'label-delay' && findings.every(({ kind }) => kind === 'note');

const sinceText = (ms: number): string => new Date(ms).toISOString();

/** Keeps at most one open incident per model. */
export function createIncidentKeeper(ports: IncidentPorts, patience: Patience = DEFAULT_PATIENCE): IncidentKeeper {
  const courses = new Map<ModelId, Course>();

  const courseOf = (model: ModelId): Course => {
    let course = courses.get(model);
    if (course === undefined) {
      course = {
        open: null,
        severity: startSeverity('none'),
        problemLooks: 0,
        firstEvidenceAtMs: 0,
        clearLooks: 0,
        differentLooks: 0,
        alerts: [],
      };
      courses.set(model, course);
    }
    return course;
  };

  const save = async (
    course: Course,
    incident: Incident,
    kind: 'incident-opened' | 'incident-updated' | 'incident-closed',
  ): Promise<void> => {
    await ports.incidents.save(incident);
    course.open = kind === 'incident-closed' ? null : incident;
    ports.events.publish({ kind, incident });
  };

  const open = async (course: Course, model: Model, judgement: Judgement): Promise<void> => {
    const now = ports.clock.now();
    const changes = judgement.diagnosis.changes.map((change): TimelineEntry => ({
      atMs: change.atMs,
      kind: 'change',
      text: change.text,
    }));
    const incident: Incident = {
      id: incidentId(ports.ids.next()),
      modelId: model.id,
      openedAtMs: now,
      closedAtMs: null,
      severity: judgement.diagnosis.severity,
      diagnosis: judgement.diagnosis,
      explanation: judgement.explanation,
      fingerprint: judgement.fingerprint,
      timeline: [
        ...changes,
        ...course.alerts.map((alert): TimelineEntry => ({
          atMs: alert.startsAtMs,
          kind: 'alert',
          text: alertText(alert),
        })),
        {
          atMs: course.firstEvidenceAtMs,
          kind: 'first-evidence',
          text: judgement.diagnosis.findings[0]?.sentence ?? 'First sign of trouble.',
        },
        { atMs: now, kind: 'opened', text: judgement.explanation.headline },
      ],
    };
    course.clearLooks = 0;
    course.differentLooks = 0;
    course.severity = startSeverity(incident.severity);
    await save(course, incident, 'incident-opened');
    await ports.governance.propose(incident, judgement.proposals);
  };

  /** Whether an action is under way or its effect still watched: then its incident stays open. */
  const awaitsVerification = async (incident: Incident): Promise<boolean> => {
    const records = await ports.governance.records({ incident: incident.id, pendingOnly: false, limit: 100 });
    return records.some(
      ({ recommendation: { plan, state } }) =>
        state === 'succeeded' || (plan !== null && ['approved', 'dispatching'].includes(state)),
    );
  };

  const update = async (course: Course, incident: Incident, judgement: Judgement): Promise<void> => {
    course.clearLooks = 0;
    const judged = judgement.diagnosis.severity;
    const sameStory = storyOf(incident.diagnosis) === storyOf(judgement.diagnosis);
    // While an action takes effect a look sees failure and recovery mixed: only worse is news, and the diagnosis on which
    // people decided is the one to remember.
    const isNews = !sameStory || judged !== incident.severity;
    const worse = compareSeverity(judged, incident.severity) > 0;
    if (isNews && !worse && (await awaitsVerification(incident))) {
      course.differentLooks = 0;
      course.severity = startSeverity(incident.severity);
      return;
    }
    course.severity = followSeverity(course.severity, judged, { rise: patience.change, fall: patience.milder });
    course.differentLooks = sameStory ? 0 : course.differentLooks + 1;
    const { severity } = course.severity;
    const retold = course.differentLooks >= patience.change;
    if (!retold && severity === incident.severity) return;
    const now = ports.clock.now();
    const entries: TimelineEntry[] = [];
    if (severity !== incident.severity) {
      const text = severityText(incident.severity, judgement, severity);
      entries.push({ atMs: now, kind: 'diagnosis-changed', text });
    }
    if (retold) {
      course.differentLooks = 0;
      entries.push({ atMs: now, kind: 'diagnosis-changed', text: judgement.explanation.headline });
    }
    // Another story than the incident's waits for its second look, also when the severity changes at this one.
    const told = retold || sameStory;
    const changed: Incident = {
      ...incident,
      severity,
      ...(told
        ? {
            diagnosis: judgement.diagnosis,
            explanation: judgement.explanation,
            fingerprint: judgement.fingerprint,
          }
        : {}),
      timeline: [...incident.timeline, ...entries],
    };
    await save(course, changed, 'incident-updated');
    if (told) await ports.governance.propose(changed, judgement.proposals);
  };

  const close = async (course: Course, incident: Incident): Promise<void> => {
    const now = ports.clock.now();
    const closed: Incident = {
      ...incident,
      closedAtMs: now,
      timeline: [
        ...incident.timeline,
        { atMs: now, kind: 'recovered', text: `No finding in the last ${patience.close} looks.` },
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
    course.problemLooks = 0;
    course.clearLooks = 0;
    await save(course, closed, 'incident-closed');
  };

  const note = async (model: ModelId, entry: Omit<TimelineEntry, 'atMs'>): Promise<void> => {
    const course = courses.get(model);
    if (course?.open == null) return;
    const incident = { ...course.open, timeline: [...course.open.timeline, { ...entry, atMs: ports.clock.now() }] };
    await save(course, incident, 'incident-updated');
  };

  return {
    async restore(model) {
      const course = courseOf(model);
      course.open = await ports.incidents.openFor(model);
      course.severity = startSeverity(course.open?.severity ?? 'none');
      course.alerts = await ports.alerts.list({ model, firing: true, limit: 100 });
    },
    current: (model) => courses.get(model)?.open ?? null,
    async consider(model, judgement) {
      const course = courseOf(model.id);
      const problem = judgement.diagnosis.severity !== 'none' && !isOnlyWaiting(judgement);
      if (course.open !== null) {
        const blind = newlyBlind(course.open.diagnosis, judgement.unseen);
        await ports.governance.verify(course.open, judgement.findings, blind, ports.clock.now());
      }
      if (problem) {
        if (course.open === null && !judgement.pages && course.alerts.length === 0) {
          course.problemLooks = 0;
          return null;
        }
        if (course.problemLooks === 0) course.firstEvidenceAtMs = ports.clock.now();
        course.problemLooks += 1;
        if (course.open !== null) await update(course, course.open, judgement);
        else if (course.problemLooks >= patience.open || course.alerts.length > 0) await open(course, model, judgement);
      } else {
        course.problemLooks = 0;
        if (course.open !== null) {
          course.clearLooks += 1;
          if (course.clearLooks >= patience.close && !(await awaitsVerification(course.open)))
            await close(course, course.open);
        }
      }
      return course.open;
    },
    async reconsider(model, judgement) {
      const open = courses.get(model)?.open ?? null;
      // Another story than the incident's waits for the look that changes the story.
      if (open === null || storyOf(open.diagnosis) !== storyOf(judgement.diagnosis)) return;
      await ports.governance.propose(open, judgement.proposals);
    },
    note,
    async alerted(model, alert) {
      const course = courseOf(model);
      const others = course.alerts.filter((known) => !isSameAlert(known, alert));
      course.alerts = alert.endsAtMs === null ? [...others, alert] : others;
      await note(model, {
        kind: 'alert',
        text: alert.endsAtMs === null ? alertText(alert) : `Over: ${alertText(alert)}`,
      });
    },
    async forget(model) {
      const course = courses.get(model);
      if (course?.open != null) await close(course, course.open);
      courses.delete(model);
    },
  };
}
