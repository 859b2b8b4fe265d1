import type { AlertReceipt, AlertRepository, ExternalAlert } from '../domain/alert.js';
import type { DecisionRecord } from '../domain/decision-record.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Lesson } from '../domain/lesson.js';
import type { Model } from '../domain/model.js';
import type { Clock, EventBus, Ids, IncidentRepository, Logger } from '../domain/ports.js';
import type { Evaluation } from '../evaluation/evaluate.js';
import type { Governance } from '../governance/governance.js';
import type { Stories } from '../stories/stories.js';

/** The part of governance an incident needs. */
export type IncidentGovernance = Pick<
  Governance,
  'resolve' | 'propose' | 'verify' | 'close' | 'withdraw' | 'records' | 'isActionUnderWay'
>;

/** While decisions are refused, what an action came to is not settled: it then holds up its incident for a time only. */
export interface DecisionRefusal {
  /** Whether no decision is taken now: what is stored of them is damaged. */
  readonly isRefused: () => boolean;
  /** How long an action is waited for whose verification fails. */
  readonly giveUpMs: () => number;
}

export interface IncidentPorts {
  readonly incidents: Pick<IncidentRepository, 'list' | 'openFor' | 'save' | 'appendTimeline'>;
  readonly alerts: Pick<AlertRepository, 'list'>;
  readonly governance: IncidentGovernance;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly ids: Ids;
  readonly logger: Pick<Logger, 'error'>;
  readonly remember: (incident: IncidentRow, records: readonly DecisionRecord[]) => Lesson;
  readonly refusal: DecisionRefusal;
}

export interface IncidentManager {
  /** Takes up the incident that was open before a restart. */
  restore(model: ModelId): Promise<void>;
  current(model: ModelId): IncidentRow | null;
  /** What is upstream of several models' open incidents. */
  readonly stories: Pick<Stories, 'storyOf' | 'all'>;
  /** When what the open incident blames was repaired, by an action that was verified to have helped; null where it was not. */
  repairedAtMs(model: ModelId): number | null;
  /**
   * Opens, updates or closes the model's incident in the light of one evaluation. Returns the one that is open afterwards.
   * @param sources where the model's rows come from
   * @param hurry once aborted, no target is asked or waited for: the proposals wait for the next evaluation; so below
   */
  apply(
    model: Model,
    evaluation: Evaluation,
    hurry?: AbortSignal,
    sources?: readonly string[],
  ): Promise<IncidentRow | null>;
  /** Makes the open incident's proposals anew, when something else than the diagnosis changed what they say. */
  refreshProposals(model: ModelId, evaluation: Evaluation, hurry?: AbortSignal): Promise<void>;
  /**
   * An alert of somebody else began or ended. While one fires, the first evaluation that finds something opens an incident.
   * @param receipt what the store made of it; one that is sent again is noted where it was stored and then could not be noted
   * @returns whether it was noted now
   */
  recordAlert(model: ModelId, alert: ExternalAlert, receipt: AlertReceipt): Promise<boolean>;
  /**
   * The model is monitored no more: closes its incident and forgets it, once it has left.
   * @param left makes it leave; when it throws, so does this, and nothing has changed
   */
  leave(model: ModelId, why: string, left: () => Promise<void>): Promise<void>;
  /** Closes incidents of models that left when theirs could not be closed any more. */
  closeAllLeft(isMonitored: (model: ModelId) => boolean): Promise<void>;
}
