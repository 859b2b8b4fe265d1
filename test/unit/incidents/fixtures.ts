import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { LessonRepository } from '../../../exporter/src/domain/ports.js';
import type { Severity } from '../../../exporter/src/domain/severity.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { DEFAULT_HYSTERESIS, type HysteresisSettings } from '../../../exporter/src/incidents/hysteresis.js';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import {
  createIncidentManager,
  type IncidentGovernance,
  type IncidentManager,
  type IncidentPorts,
} from '../../../exporter/src/incidents/incident-manager.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { incident, silentLogger } from '../../integration/governance/harness.js';

/** Incidents as a store keeps them, in a map. */
export function storedIncidents(saved: Map<string, Incident>): IncidentPorts['incidents'] {
  const append = (id: string, row: Omit<Incident, 'timeline'>, entries: Incident['timeline']): void =>
    void saved.set(id, { ...row, timeline: [...(saved.get(id)?.timeline ?? []), ...entries] });
  return {
    list: ({ open }) =>
      Promise.resolve(
        [...saved.values()].filter(({ closedAtMs }) => (closedAtMs === null) === (open ?? closedAtMs === null)),
      ),
    openFor: () => Promise.resolve([...saved.values()].find(({ closedAtMs }) => closedAtMs === null) ?? null),
    save: (incident, entries = []) => Promise.resolve(append(incident.id, incident, entries)),
    appendTimeline: (id, entries) => {
      const incident = saved.get(id);
      if (incident === undefined) throw new Error(`there is no incident ${id}`);
      return Promise.resolve(append(id, incident, entries));
    },
  };
}

/** Governance where nobody decides and nothing is under way. */
export const NOBODY_DECIDES: Omit<IncidentGovernance, 'close'> = {
  resolve: (proposals) => Promise.resolve(proposals),
  propose: () => Promise.resolve([]),
  verify: () => Promise.resolve(false),
  withdraw: () => Promise.resolve(),
  records: () => Promise.resolve([]),
  isActionUnderWay: () => Promise.resolve(false),
};

/** Decisions that are taken at any time. */
export const NEVER_REFUSED: IncidentPorts['refusal'] = { isRefused: () => false, giveUpMs: () => 3_600_000 };

/** Incidents in memory, on which nobody decides. @param over other ports than these */
export function incidentsInMemory(
  saved: Map<string, Incident>,
  over: Partial<Omit<IncidentPorts, 'governance'>> & {
    readonly governance?: Omit<IncidentGovernance, 'close'> & Partial<Pick<IncidentGovernance, 'close'>>;
    readonly lessons?: Pick<LessonRepository, 'save'>;
  } = {},
  hysteresis = DEFAULT_HYSTERESIS,
): IncidentManager {
  let next = 0;
  const { governance = NOBODY_DECIDES, lessons, incidents = storedIncidents(saved), ...others } = over;
  const close: IncidentGovernance['close'] = async ({ incident, entries, lessonOf, isForced }) => {
    if (!isForced && (await governance.isActionUnderWay(incident.id))) return false;
    const filter = { incident: incident.id, pendingOnly: false, limit: 100 };
    await lessons?.save(lessonOf(await governance.records(filter)));
    await incidents.save(incident, entries);
    return true;
  };
  const ports: IncidentPorts = {
    incidents,
    alerts: { list: () => Promise.resolve([]) },
    governance: { close, ...governance },
    events: { publish: () => undefined },
    clock: systemClock,
    ids: { next: () => `incident-${(next += 1)}` },
    logger: silentLogger,
    remember,
    refusal: NEVER_REFUSED,
    ...others,
  };
  return createIncidentManager(ports, hysteresis);
}

/** Where when a cause is firm is not what is asked: at once, and giving way as before it is. */
export const FIRM_AT_ONCE: HysteresisSettings = {
  ...DEFAULT_HYSTERESIS,
  firm: { ofCalls: 1, specific: 1, general: 1 },
  changeFirm: DEFAULT_HYSTERESIS.change,
};

/** What an incident reads of an evaluation. */
export const evaluation = (severity: Severity, pages: boolean, cause: CauseId | null = null): Evaluation =>
  ({
    findings: [],
    pages,
    proposals: [],
    fingerprint: {},
    explanation: { headline: 'Confidence fell.', paragraphs: [] },
    unseen: [],
    backToNormal: new Set(),
    answeredSinceMs: null,
    seenSince: () => ({ rows: 100, abnormal: [] }),
    diagnosis: {
      window: { fromMs: 0, toMs: 0, samples: 0 },
      severity,
      severityReason: 'So it was judged.',
      causes: cause === null ? [] : [{ id: cause }],
      features: [],
      findings: [],
      changes: [],
      experiment: null,
      blindSpots: [],
    },
  }) as unknown as Evaluation;

/** An evaluation whose diagnosis a store can read again. */
export function evaluated(severity: Severity, cause: CauseId | null): Evaluation {
  const judged = evaluation(severity, cause !== null);
  const rest = { logOdds: 1, probability: 0.9, supporting: [], refuting: [], features: [], segments: [] };
  const causes = cause === null ? [] : [{ id: cause, title: cause, shareExplained: null, ...rest }];
  const { diagnosis } = incident('any');
  return { ...judged, diagnosis: { ...diagnosis, severity, severityReason: 'So it was judged.', causes } };
}
