import type { ExternalAlert } from '../domain/alert.js';
import type { CauseId } from '../domain/cause.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Model } from '../domain/model.js';
import type { DomainEvent } from '../domain/ports.js';
import { startSeverity, type SeverityHysteresis } from './hysteresis.js';

/** What is remembered of one model between evaluations, in memory only. */
export interface IncidentTracking {
  open: IncidentRow | null;
  /** Of the open incident. */
  severity: SeverityHysteresis;
  problemEvaluations: number;
  firstEvidenceAtMs: number;
  clearEvaluations: number;
  /** Evaluations in a row that found nothing but what is over. */
  overEvaluations: number;
  differentEvaluations: number;
  /** Evaluations that told the open incident's story since it is told. */
  sameEvaluations: number;
  /** The open incident's cause is told as a firm one. */
  isToldFirm: boolean;
  /** It was so before a restart, and no evaluation since has seen as many rows as it rests on. */
  isTakenUp: boolean;
  /** How often the open incident's diagnosis changed away from a cause. */
  readonly causesLeft: Map<CauseId, number>;
  /** Alerts of others that fire. */
  alerts: readonly ExternalAlert[];
  /** How often proposals were to be made: of several on their way the last counts. */
  proposing: number;
  /** When the action was done that was verified to have repaired what the open incident blames; null where none was. */
  repairedAtMs: number | null;
  /** When the last incident that told an outage was closed; null where none was since the start. */
  outageOverMs: number | null;
  /** The changes its timeline tells of; null until that is asked. */
  changesTold: Set<string> | null;
  /** A repair may have been verified that is not read yet. */
  isRepairUnread: boolean;
  /** The open incident's proposals are not made yet, or are to be made anew. */
  isUnproposed: boolean;
  /** The version in service that its proposals are for; null while unknown. */
  proposedVersion: string | null;
  /** Why the model is no longer monitored, from when it is gone until its incident is closed. */
  leaves: string | null;
  /** What governance could not do the last time it was asked, and since when it cannot. */
  readonly failing: Map<GovernancePart, number>;
  /** What is published once the state it tells of is in force. */
  readonly untold: DomainEvent[];
}

export type GovernancePart = 'read' | 'verify' | 'propose' | 'withdraw';

/** Of a model that nothing is known of. */
export const newTracking = (): IncidentTracking => ({
  open: null,
  severity: startSeverity('none'),
  problemEvaluations: 0,
  firstEvidenceAtMs: 0,
  clearEvaluations: 0,
  overEvaluations: 0,
  differentEvaluations: 0,
  sameEvaluations: 0,
  isToldFirm: false,
  isTakenUp: false,
  causesLeft: new Map(),
  alerts: [],
  proposing: 0,
  repairedAtMs: null,
  outageOverMs: null,
  changesTold: null,
  isRepairUnread: false,
  isUnproposed: false,
  proposedVersion: null,
  leaves: null,
  failing: new Map(),
  untold: [],
});

/** What is remembered once the open incident is closed. */
export const WITHOUT_INCIDENT = {
  open: null,
  problemEvaluations: 0,
  clearEvaluations: 0,
  overEvaluations: 0,
  repairedAtMs: null,
  changesTold: null,
  isRepairUnread: false,
  isTakenUp: false,
  isUnproposed: false,
  proposedVersion: null,
} as const satisfies Partial<IncidentTracking>;

/** An evaluation speaks neither for another story of the open incident nor for its end. */
export function startCountingAnew(tracking: IncidentTracking): null {
  tracking.clearEvaluations = 0;
  tracking.differentEvaluations = 0;
  return null;
}

/** What is remembered, for changes that come into force together, once all of them are stored. */
export const copied = (tracking: IncidentTracking): IncidentTracking => ({
  ...tracking,
  causesLeft: new Map(tracking.causesLeft),
  untold: [],
});

/** What was proposed names the version in service, and would not be executed under another one. */
export function followVersion(
  tracking: Pick<IncidentTracking, 'isUnproposed' | 'proposedVersion'>,
  { versionLabel }: Pick<Model, 'versionLabel'>,
): void {
  if (versionLabel === null) return;
  if (tracking.proposedVersion !== null && tracking.proposedVersion !== versionLabel) tracking.isUnproposed = true;
  tracking.proposedVersion = versionLabel;
}

/** Proposals that are to be made for an incident, once their targets were asked. */
export interface Proposing {
  readonly tracking: IncidentTracking;
  readonly incident: IncidentRow;
  readonly turn: number;
}

/** From now on proposals of before are outdated. The caller holds the incident's lane. */
export function begunProposing(tracking: IncidentTracking, incident: IncidentRow): Proposing {
  tracking.proposing += 1;
  tracking.isUnproposed = true;
  return { tracking, incident, turn: tracking.proposing };
}
