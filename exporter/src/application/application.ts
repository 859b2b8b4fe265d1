import { NotFound, Conflict, Invalid } from '../domain/errors.js';
import type { Application, Discovery, IngestResult, ModelRegistration } from '../domain/application.js';
import type { AuditVerdict } from '../domain/audit.js';
import type { IncidentId, ModelId } from '../domain/identifiers.js';
import { slugOf } from '../domain/identifiers.js';
import type { Incident } from '../domain/incident.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { GoldenInput, Model, ProbeSchedule } from '../domain/model.js';
import type { Clock, EventBus, Logger, Store } from '../domain/ports.js';
import type { ActionId, Proposal } from '../domain/recommendation.js';
import { showFact } from '../detection/paging.js';
import type { Checkpointing } from '../governance/audit/checkpointing.js';
import type { Governance } from '../governance/governance.js';
import { decisionUseCases } from './decisions.js';
import { similarLessons } from '../incident-history/similarity.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { IncidentManager } from '../incidents/incident-manager.js';
import type { ModelValidations } from '../validation/run.js';
import { investigate, type InvestigationPorts, type InvestigationSettings } from '../evaluation/evaluate-url.js';
import type { Actor } from '../domain/actor.js';

export interface ApplicationPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly fleet: Fleet;
  readonly incidents: IncidentManager;
  readonly governance: Governance;
  /** The action as a proposal for the incident, with the plan that would carry it out. */
  readonly proposalFor: (incident: Incident, action: ActionId, why: string) => Proposal;
  readonly discover: (url: string, authorizationSecret: string | null) => Promise<Discovery>;
  readonly chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[];
  /** Appends one entry to the audit log in a transaction of its own. */
  readonly audit: (kind: string, by: Actor, fields: JsonObject) => Promise<void>;
  readonly verifyAudit: () => Promise<AuditVerdict>;
  readonly checkpointing: Pick<Checkpointing, 'make' | 'verifierKey'>;
  readonly investigation: InvestigationPorts;
  readonly validations: Pick<ModelValidations, 'start' | 'list'>;
  readonly receiveAlerts: Application['receiveAlerts'];
  readonly onIngest: (result: IngestResult) => void;
}

export interface ApplicationSettings {
  readonly schedule: ProbeSchedule;
  readonly investigation: InvestigationSettings;
  /** Share of errors that is a fact rather than evidence; read at every use. */
  readonly criticalErrorShare: () => number;
}

/** The use cases, on top of a running fleet. */
export function createApplication(ports: ApplicationPorts, settings: ApplicationSettings): Application {
  const { store, fleet } = ports;

  const incident = async (id: IncidentId): Promise<Incident> => {
    const found = await store.incidents.get(id);
    if (found === null) throw new NotFound(`there is no incident "${id}"`, 'incident');
    return found;
  };

  return {
    events: ports.events,
    store,

    discover: (url, secret) => ports.discover(url, secret),
    investigate: (url, samples, onProgress) =>
      investigate(ports.investigation, settings.investigation, url, samples, onProgress),

    async register(registration, by) {
      const id = registration.id ?? slugOf(registration.name ?? registration.url ?? 'model');
      if (fleet.has(id)) throw new Conflict(`a model "${id}" is watched already`, 'id');
      const discovery =
        registration.url === undefined
          ? null
          : await ports.discover(registration.url, registration.authorizationSecret ?? null);
      if (discovery?.kind === 'not-found') {
        throw new Invalid(
          `nothing at ${registration.url ?? ''} gave a usable answer: ${discovery.failure.detail}`,
          'url',
          discovery.attempts as unknown as Json,
        );
      }
      const model = modelOf(
        id,
        registration,
        discovery,
        ports.chooseGoldenInputs,
        settings.schedule,
        ports.clock.now(),
      );
      await fleet.add(model);
      await ports.audit('model-registered', by, { model: id });
      return model;
    },
    async remove(id, by) {
      await fleet.remove(id);
      await ports.audit('model-removed', by, { model: id });
    },
    async setPaused(id, paused, by) {
      const model = await fleet.setPaused(id, paused);
      await ports.audit(paused ? 'model-paused' : 'model-started', by, { model: id });
      return model;
    },
    statuses: () => fleet.statuses(),
    status: (id) => fleet.status(id),
    async probeNow(id, request) {
      return (await fleet.probeNow(id, request))?.map(({ observation }) => observation) ?? null;
    },
    receiveAlerts: (sender, alerts) => ports.receiveAlerts(sender, alerts),

    async ingest(id, batch) {
      const result = await fleet.ingest(id, batch);
      ports.onIngest(result);
      return result;
    },
    async recordChange(id, change, by) {
      fleet.monitoredModel(id).recordChange(change);
      await fleet.committed();
      await ports.audit('change-recorded', by, { model: id, change: { ...change } });
    },

    async resetBaseline(id, by, reason) {
      fleet.monitoredModel(id).relearn(ports.clock.now());
      await fleet.committed();
      await ports.audit('baseline-reset', by, { model: id, reason });
    },
    async acceptBaseline(id, by, reason) {
      const watch = fleet.monitoredModel(id);
      const { changeAtMs } = watch.evidence();
      if (changeAtMs === null) {
        throw new Conflict(
          `nothing has been shown to have changed in "${id}", so there is no new normal to accept; POST …/baseline/reset learns anew from now on`,
          'model',
        );
      }
      watch.relearn(ports.clock.now(), changeAtMs);
      await fleet.committed();
      await ports.audit('baseline-accepted', by, { model: id, reason, changeAtMs });
    },
    async freezeBaseline(id, frozen, by) {
      const watch = fleet.monitoredModel(id);
      if (watch.baseline === null) throw new Conflict(`model "${id}" has no admitted baseline to freeze yet`, 'model');
      watch.freeze(frozen);
      await fleet.committed();
      await ports.audit(frozen ? 'baseline-frozen' : 'baseline-unfrozen', by, {
        model: id,
        version: watch.baseline.version,
      });
    },

    validate: (id, request, by) => ports.validations.start(id, request, by),
    validations: (id) => ports.validations.list(id),

    incident,
    async similar(id) {
      const { fingerprint, openedAtMs } = await incident(id);
      return similarLessons(fingerprint, openedAtMs, fleet.knownLessons()).filter(
        ({ lesson }) => lesson.incidentId !== id,
      );
    },

    ...decisionUseCases({ ...ports, decisions: store.decisions, incident }),

    learningSummary: () => fleet.learningSummary(),
    async recordFeedback(id, { useful, reason }, by) {
      const about = await incident(id);
      await store.alertFeedback.save({
        incidentId: id,
        modelId: about.modelId,
        by: { subject: by.subject, name: by.name },
        useful,
        reason,
        atMs: ports.clock.now(),
        onEvidence: !showFact(about.diagnosis.findings, settings.criticalErrorShare()),
      });
      await ports.audit('page-judged', by, { incident: id, model: about.modelId, useful, reason });
      await fleet.recallLessons();
      return store.alertFeedback.list({ incident: id });
    },
    feedback: async (id) => store.alertFeedback.list({ incident: (await incident(id)).id }),
    async resetLearning(reason, by) {
      await ports.audit('learning-reset', by, { reason });
      await fleet.resetLearning();
    },

    auditEntries: (from, limit) => store.audit.read(from, limit),
    verifyAudit: () => ports.verifyAudit(),
    checkpointKey: ports.checkpointing.verifierKey,
    checkpoints: (limit) => store.audit.checkpoints(limit),
    async makeCheckpoint() {
      await ports.checkpointing.make();
    },
  };
}

/** The model a registration asks for, with what discovery found filled in. */
export function modelOf(
  id: ModelId,
  registration: ModelRegistration,
  discovery: Discovery | null,
  chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[],
  defaults: ProbeSchedule,
  nowMs: number,
): Model {
  const found = discovery?.kind === 'found' ? discovery : null;
  const payloads = registration.payloads ?? found?.payloads ?? [];
  const golden = registration.goldenInputs?.map((payload, index): GoldenInput => ({
    id: `user-${index + 1}`,
    payload,
    origin: 'user',
  }));
  return {
    id,
    name: registration.name ?? id,
    endpoint:
      found?.endpoint ??
      (registration.url === undefined
        ? null
        : {
            url: registration.url,
            connector: registration.connector ?? 'rest',
            settings: {},
            authorizationSecret: registration.authorizationSecret ?? null,
          }),
    versionLabel: registration.versionLabel ?? found?.answer.modelVersion ?? null,
    owner: registration.owner ?? null,
    tags: registration.tags ?? [],
    goldenInputs: golden ?? (payloads.length === 0 ? [] : chooseGoldenInputs(payloads)),
    probePayloads: payloads,
    schedule: { ...defaults, ...registration.schedule },
    state: 'learning',
    paused: false,
    createdAtMs: nowMs,
  };
}
