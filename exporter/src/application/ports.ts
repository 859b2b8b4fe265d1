import type { AuditNote } from '../domain/audit-note.js';
import type { Actor } from '../domain/actor.js';
import type { AuditVerdict } from '../domain/audit.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { ApiKeyId, ModelId } from '../domain/identifiers.js';
import type { Incident } from '../domain/incident.js';
import type { Investigation, InvestigationProgress, InvestigationRequest } from '../domain/investigation.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { GoldenInput, ProbeSchedule } from '../domain/model.js';
import type { Clock, EventBus, Logger, Store } from '../domain/ports.js';
import type { ProposalRequest } from '../domain/decision-record.js';
import type { Proposal } from '../domain/recommendation.js';
import type { WrittenFormat } from '../domain/report-format.js';
import type { Checkpointing } from '../governance/audit/checkpointing.js';
import type { Governance } from '../governance/governance.js';
import type { IncidentManager } from '../incidents/incident-manager.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { ModelValidations } from '../validation/run.js';
import type { OpenReplay } from '../monitoring/replay.js';
import type { PastFilePorts } from './past-file-ports.js';

/** What the use cases are made of. */
export interface ApplicationPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly fleet: Fleet;
  readonly incidents: IncidentManager;
  readonly governance: Governance;
  /** The action as a proposal for the incident, with the plan that would carry it out. */
  readonly proposalFor: (incident: Incident, asked: Omit<ProposalRequest, 'incident'>) => Proposal;
  readonly discover: (target: DiscoveryTarget) => Promise<Discovery>;
  readonly chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[];
  /** Appends one entry to the audit log in a transaction of its own. */
  readonly audit: (kind: string, by: Actor, fields: JsonObject) => Promise<void>;
  /** The same in the transaction of the change it records. */
  readonly auditNote: (kind: string, by: Actor, fields: JsonObject) => AuditNote;
  readonly verifyAudit: () => Promise<AuditVerdict>;
  readonly checkpointing: Pick<Checkpointing, 'make' | 'verifierKey'>;
  readonly investigate: (
    request: InvestigationRequest,
    onProgress: (progress: InvestigationProgress) => void,
  ) => Promise<Investigation>;
  readonly openReplay: OpenReplay;
  /** When an import under way was last heard of; null when it is over. */
  readonly importHeard: (model: ModelId, atMs: number | null) => void;
  readonly pastFiles: PastFilePorts;
  readonly validations: Pick<ModelValidations, 'start' | 'list'>;
  readonly renderReport: (incident: Incident, format: WrittenFormat) => Promise<string>;
  /** Draws the text of a new API key, and what is kept of it. */
  readonly newApiKeySecret: () => { readonly id: ApiKeyId; readonly secretHash: string; readonly text: string };
}

/** Whether rows of a name that is not watched make a model of it. */
export interface NewModelSettings {
  readonly areMade: boolean;
  /** While so many models are watched, or more, no further one is made. */
  readonly most: number;
}

export interface ApplicationSettings {
  readonly schedule: ProbeSchedule;
  /** Share of errors that is a fact rather than evidence; read at every use. */
  readonly criticalErrorShare: () => number;
  /** Read at every use. */
  readonly newModels: () => NewModelSettings;
}
