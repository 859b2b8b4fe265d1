import type { Actor } from '../domain/actor.js';
import type { AlertFeedback } from '../domain/alert-feedback.js';
import { NotFound } from '../domain/errors.js';
import type { IncidentId, ModelId } from '../domain/identifiers.js';
import type { Incident, IncidentRow } from '../domain/incident.js';
import type { SimilarLesson } from '../domain/lesson.js';
import type { Store } from '../domain/ports.js';
import type { Story } from '../domain/story.js';
import { storySinceMs } from '../stories/headline.js';
import type { WrittenFormat } from '../domain/report-format.js';
import { showFact } from '../domain/paging.js';
import { similarLessons } from '../incident-history/similarity.js';
import { asShown } from '../incidents/story.js';
import type { ApplicationPorts, ApplicationSettings } from './ports.js';

export interface IncidentFilter {
  readonly model?: ModelId;
  readonly open?: boolean;
  readonly limit: number;
}

/** Incidents, and what people say of the alerts that opened them. */
export interface IncidentUseCases {
  /** Newest first, those that are open as their models show them. */
  list(filter: IncidentFilter): Promise<readonly Incident[]>;
  /** Faults upstream that several models have open incidents of, the earliest first. */
  stories(): readonly Story[];
  /** What an open incident is told in with others; null where it stands alone, or is over. */
  readonly storyOf: (incident: IncidentRow) => Story | null;
  /** The same of one. @throws NotFound */
  get(id: IncidentId): Promise<Incident>;
  /** As it was told last, also while it is over, it seems. @throws NotFound */
  stored(id: IncidentId): Promise<Incident>;
  /** Closed incidents like this one, the most similar first. @throws NotFound */
  similar(id: IncidentId): Promise<readonly SimilarLesson[]>;
  /** @throws NotFound */
  report(id: IncidentId, format: WrittenFormat): Promise<string>;
  /** What people said of the alert, oldest first. @throws NotFound */
  feedback(id: IncidentId): Promise<readonly AlertFeedback[]>;
  /** Says whether the alert was useful; most voices move the model's alert threshold. @returns all feedback on the incident @throws NotFound */
  giveFeedback(
    id: IncidentId,
    feedback: { readonly useful: boolean; readonly reason: string },
    by: Actor,
  ): Promise<readonly AlertFeedback[]>;
}

/** @returns the use cases of `/api/v1/incidents` and `/api/v1/feedback` */
export function incidentUseCases(
  ports: Pick<ApplicationPorts, 'clock' | 'auditNote' | 'renderReport'> & {
    readonly fleet: Pick<ApplicationPorts['fleet'], 'has' | 'evaluation' | 'knownLessons' | 'recallLessons'>;
    readonly incidents: Pick<ApplicationPorts['incidents'], 'current' | 'stories'>;
    readonly store: Pick<Store, 'alertFeedback' | 'governance'> & {
      readonly incidents: Pick<Store['incidents'], 'get' | 'list'>;
    };
  },
  { criticalErrorShare }: Pick<ApplicationSettings, 'criticalErrorShare'>,
): IncidentUseCases {
  const { store, fleet } = ports;
  const stored = async (id: IncidentId): Promise<Incident> => {
    const found = await store.incidents.get(id);
    if (found === null) throw new NotFound(`there is no incident "${id}"`, 'incident');
    return found;
  };
  /** As its model shows it while it is open. */
  const shown = (incident: Incident): Incident => {
    const { id, modelId, closedAtMs } = incident;
    const isCurrent = closedAtMs === null && ports.incidents.current(modelId)?.id === id && fleet.has(modelId);
    return isCurrent ? asShown(incident, fleet.evaluation(modelId)) : incident;
  };
  const get = async (id: IncidentId): Promise<Incident> => shown(await stored(id));
  return {
    list: async (filter) => (await store.incidents.list(filter)).map(shown),
    stored,
    stories: () => [...ports.incidents.stories.all()].sort((a, b) => storySinceMs(a) - storySinceMs(b)),
    storyOf: ({ id, modelId, closedAtMs }) =>
      closedAtMs === null && ports.incidents.current(modelId)?.id === id
        ? ports.incidents.stories.storyOf(modelId)
        : null,
    get,
    async similar(id) {
      const { fingerprint, openedAtMs } = await stored(id);
      return similarLessons(fingerprint, openedAtMs, fleet.knownLessons()).filter(
        ({ lesson }) => lesson.incidentId !== id,
      );
    },
    report: async (id, format) => ports.renderReport(await get(id), format),
    feedback: async (id) => store.alertFeedback.list({ incident: (await stored(id)).id }),
    async giveFeedback(id, { useful, reason }, by) {
      const about = await stored(id);
      const audit = ports.auditNote('alert-feedback', by, { incident: id, model: about.modelId, useful, reason });
      const feedback: AlertFeedback = {
        incidentId: id,
        modelId: about.modelId,
        by: { subject: by.subject, name: by.name },
        useful,
        reason,
        atMs: ports.clock.now(),
        onEvidence: !showFact(about.diagnosis.findings, criticalErrorShare()),
      };
      await store.governance(async (transaction) => {
        await transaction.alertFeedback.save(feedback);
        await audit(transaction);
      });
      await fleet.recallLessons();
      return store.alertFeedback.list({ incident: id });
    },
  };
}
