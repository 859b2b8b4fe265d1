import type { CauseId } from './cause.js';
import type { DecisionPolicy } from './decision-policy.js';
import type { IncidentId, ModelId, RecommendationId } from './identifiers.js';
import type { Actor } from './actor.js';
import type { Plan } from './executor.js';

/** Actions a plan can carry out; the others are advice for people. */
export const EXECUTABLE_ACTIONS = [
  'retrain',
  'rollback',
  'deploy',
  'fix-pipeline',
  'recalibrate',
  'rebaseline',
  'scale-out',
  'restart-endpoint',
] as const;
export const ACTION_IDS = [...EXECUTABLE_ACTIONS, 'investigate', 'collect-labels', 'none'] as const;
export type ActionId = (typeof ACTION_IDS)[number];

export const PRIORITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NONE'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How long an action is watched until it is known whether it helped. */
export interface VerificationTimes {
  /** After it finished nothing is judged for this long. */
  readonly settleMs: number;
  /** The findings must then stay away for this long without a break. */
  readonly holdMs: number;
  /** A finding that is still there this long after the action finished means that it did not help. */
  readonly giveUpMs: number;
}

export const DEFAULT_VERIFICATION_TIMES: VerificationTimes = {
  settleMs: 60_000,
  holdMs: 300_000,
  giveUpMs: 3_600_000,
};

/** When the action counts as having helped. Fixed when the recommendation is made. */
export interface VerificationCriteria extends VerificationTimes {
  /** Detectors whose findings must be absent. */
  readonly mustClear: readonly string[];
  /** What those findings must be about to count: the signals blamed. Without it, whatever they are about counts. */
  readonly subjects?: readonly string[] | undefined;
}

/** Chance that an action helps: mean, 95 % interval, and the 20 % quantile by which actions are ranked. */
export interface SuccessEstimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly lowerQuantile20: number;
}

/** What learning adds to a recommendation. */
export interface TrackRecord {
  readonly helped: number;
  readonly tried: number;
  readonly similarIncidents: readonly IncidentId[];
  readonly successEstimate: SuccessEstimate;
}

/** Before governance has given it an identity: content only. */
export interface Proposal {
  readonly action: ActionId;
  readonly cause: CauseId;
  readonly title: string;
  readonly priority: Priority;
  readonly why: string;
  readonly steps: readonly string[];
  readonly expectedEffect: string;
  readonly risk: string;
  readonly verificationText: string;
  readonly verification: VerificationCriteria | null;
  readonly plan: Plan | null;
  readonly trackRecord: TrackRecord | null;
}

export const RECOMMENDATION_STATES = [
  'pending',
  'approved',
  'rejected',
  'expired',
  'withdrawn',
  'revoked',
  'dispatching',
  'succeeded',
  'failed',
  'unknown',
  'recovered',
  'not_recovered',
  'inconclusive',
] as const;
export type RecommendationState = (typeof RECOMMENDATION_STATES)[number];

/** An immutable revision under governance; only `state` moves, and only along the state machine. */
export interface Recommendation extends Proposal {
  readonly id: RecommendationId;
  readonly incidentId: IncidentId;
  readonly modelId: ModelId;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Approvals by different people. */
  readonly requiredApprovals: number;
  /** The other rules of this decision, as they were when the revision was made. */
  readonly policy: DecisionPolicy;
  readonly proposedBy: Actor;
  /** Version label of the model when this was proposed; another version in service makes the plan void. */
  readonly modelVersion: string | null;
  /** What the approver is told it rests on. */
  readonly evidence: { readonly headline: string; readonly findings: readonly string[] };
  /** The recommendation whose failure led to this one. */
  readonly followUpTo: RecommendationId | null;
  /** SHA-256 (hex) of the canonical JSON of what an approver is shown; a vote must name it. */
  readonly digest: string;
  readonly state: RecommendationState;
}
