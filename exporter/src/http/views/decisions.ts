import { z } from 'zod';
import { ORG_ROLES, type Actor } from '../../domain/actor.js';
import { CAUSE_IDS } from '../../domain/cause.js';
import type { DecisionPolicy } from '../../domain/decision-policy.js';
import type { DecisionRecord, RecommendationRecord } from '../../domain/decision-record.js';
import type { Execution, ExecutionAttempt, KillSwitch, Review, Vote } from '../../domain/decision.js';
import {
  ACTION_IDS,
  PRIORITIES,
  RECOMMENDATION_STATES,
  type Proposal,
  type Recommendation,
  type TrackRecord,
} from '../../domain/recommendation.js';
import { anyJson, instant, nullableInstant, nullableText, orNull } from './estimates.js';

export const actorSchema = z
  .object({
    kind: z.enum(['user', 'api-key', 'system']),
    subject: z.string(),
    name: z.string(),
    login: nullableText,
    role: z.enum(ORG_ROLES).nullable(),
    issuer: z.enum(['grafana', 'local']).nullable(),
  })
  .meta({ id: 'Actor' });
const policySchema = z
  .object({
    version: z.string(),
    approvers: z.object({ users: z.array(z.string()), emails: z.array(z.string()), roles: z.array(z.enum(ORG_ROLES)) }),
    proposer_may_vote: z.boolean(),
    expire_after_ms: z.number(),
    start_within_ms: z.number(),
    break_glass: z.boolean(),
  })
  .meta({ id: 'DecisionPolicy' });
const planSchema = z
  .object({
    executor: z.string(),
    target: z.string(),
    parameters: z.record(z.string(), anyJson).meta({ description: 'what the executor is given, as it is' }),
  })
  .meta({ id: 'Plan' });
const trackRecordSchema = z
  .object({
    helped: z.number(),
    tried: z.number(),
    similar_incidents: z.array(z.string()),
    success_estimate: z.object({
      mean: z.number(),
      low: z.number(),
      high: z.number(),
      lower_quantile_20: z.number().meta({ description: 'actions are ranked by it' }),
    }),
  })
  .meta({ id: 'TrackRecord' });
const voteSchema = z
  .object({
    verdict: z.enum(['approve', 'reject']),
    reason: z.string(),
    by: actorSchema,
    at_ms: instant,
    break_glass: z.object({ ticket: z.string() }).nullable(),
  })
  .meta({ id: 'Vote' });
const executionSchema = z
  .object({
    id: z.string(),
    executor: z.string(),
    state: z.enum(['queued', 'dispatching', 'succeeded', 'failed', 'unknown', 'cancelled']),
    queued_at_ms: instant,
    started_at_ms: nullableInstant,
    finished_at_ms: nullableInstant,
    detail: z.string(),
  })
  .meta({ id: 'Execution' });
const attemptSchema = z
  .object({
    number: z.number(),
    kind: z.enum(['sent', 'answer', 'lookup', 'callback', 'person', 'cancelled']),
    outcome: z.enum(['started', 'succeeded', 'failed', 'unknown', 'not-received', 'cancelled']),
    at_ms: instant,
    detail: z.string(),
  })
  .meta({ id: 'ExecutionAttempt' });

export const recommendationSchema = z
  .object({
    id: z.string(),
    incident_id: z.string(),
    model_id: z.string(),
    model_version: nullableText,
    action: z.enum(ACTION_IDS),
    cause: z.enum(CAUSE_IDS),
    title: z.string(),
    priority: z.enum(PRIORITIES),
    why: z.string(),
    steps: z.array(z.string()),
    expected_effect: z.string(),
    risk: z.string(),
    verification_text: z.string(),
    verification_criteria: z
      .object({
        settle_ms: z.number(),
        hold_ms: z.number(),
        give_up_ms: z.number(),
        must_clear: z.array(z.string()),
      })
      .nullable(),
    plan: planSchema.nullable(),
    track_record: trackRecordSchema.nullable(),
    revision: z.number(),
    created_at_ms: instant,
    expires_at_ms: instant,
    required_approvals: z.number(),
    policy: policySchema,
    proposed_by: actorSchema,
    evidence: z.object({ headline: z.string(), findings: z.array(z.string()) }),
    follow_up_to: nullableText,
    digest: z.string().meta({ description: 'SHA-256 of what an approver is shown; a vote must name it' }),
    state: z.enum(RECOMMENDATION_STATES),
    votes: z.array(voteSchema),
    execution: executionSchema.nullable(),
    attempts: z.array(attemptSchema),
    verification: z
      .object({ outcome: z.enum(['recovered', 'not_recovered', 'inconclusive']), at_ms: instant, detail: z.string() })
      .nullable(),
    dry_run: nullableText.meta({
      description: 'what the executor would do; only where one recommendation is asked for',
    }),
  })
  .meta({ id: 'Recommendation' });

/** The actor as readers see it: no address, no key id and no token hash. */
const actorView = ({ kind, subject, name, person }: Actor): z.output<typeof actorSchema> => ({
  kind,
  subject,
  name,
  login: person?.login ?? null,
  role: person?.role ?? null,
  issuer: person?.issuer ?? null,
});

const policyView = (policy: DecisionPolicy): z.output<typeof policySchema> => ({
  version: policy.version,
  approvers: {
    users: [...policy.approvers.users],
    emails: [...policy.approvers.emails],
    roles: [...policy.approvers.roles],
  },
  proposer_may_vote: policy.proposerMayVote,
  expire_after_ms: policy.expireAfterMs,
  start_within_ms: policy.startWithinMs,
  break_glass: policy.breakGlass,
});

const trackRecordView = ({
  helped,
  tried,
  similarIncidents,
  successEstimate,
}: TrackRecord): z.output<typeof trackRecordSchema> => ({
  helped,
  tried,
  similar_incidents: [...similarIncidents],
  success_estimate: {
    mean: successEstimate.mean,
    low: successEstimate.low,
    high: successEstimate.high,
    lower_quantile_20: successEstimate.lowerQuantile20,
  },
});

const voteView = ({ verdict, reason, by, atMs, breakGlass }: Vote): z.output<typeof voteSchema> => ({
  verdict,
  reason,
  by: actorView(by),
  at_ms: atMs,
  break_glass: orNull(breakGlass, ({ ticket }) => ({ ticket })),
});

const executionView = (execution: Execution): z.output<typeof executionSchema> => ({
  id: execution.id,
  executor: execution.executor,
  state: execution.state,
  queued_at_ms: execution.queuedAtMs,
  started_at_ms: execution.startedAtMs,
  finished_at_ms: execution.finishedAtMs,
  detail: execution.detail,
});

const attemptView = ({ number, kind, outcome, atMs, detail }: ExecutionAttempt): z.output<typeof attemptSchema> => ({
  number,
  kind,
  outcome,
  at_ms: atMs,
  detail,
});

type Content = Omit<
  z.output<typeof recommendationSchema>,
  'votes' | 'execution' | 'attempts' | 'verification' | 'dry_run'
>;

type ProposalContent = Pick<
  Content,
  | 'action'
  | 'cause'
  | 'title'
  | 'priority'
  | 'why'
  | 'steps'
  | 'expected_effect'
  | 'risk'
  | 'verification_text'
  | 'verification_criteria'
  | 'plan'
  | 'track_record'
>;

/** What is proposed, before anybody decides on it. */
export function proposalView(proposal: Proposal): ProposalContent {
  return {
    action: proposal.action,
    cause: proposal.cause,
    title: proposal.title,
    priority: proposal.priority,
    why: proposal.why,
    steps: [...proposal.steps],
    expected_effect: proposal.expectedEffect,
    risk: proposal.risk,
    verification_text: proposal.verificationText,
    verification_criteria: orNull(proposal.verification, ({ settleMs, holdMs, giveUpMs, mustClear }) => ({
      settle_ms: settleMs,
      hold_ms: holdMs,
      give_up_ms: giveUpMs,
      must_clear: [...mustClear],
    })),
    plan: orNull(proposal.plan, ({ executor, target, parameters }) => ({
      executor,
      target,
      parameters: { ...parameters },
    })),
    track_record: orNull(proposal.trackRecord, trackRecordView),
  };
}

function contentView(recommendation: Recommendation): Content {
  const { evidence } = recommendation;
  return {
    id: recommendation.id,
    incident_id: recommendation.incidentId,
    model_id: recommendation.modelId,
    model_version: recommendation.modelVersion,
    ...proposalView(recommendation),
    revision: recommendation.revision,
    created_at_ms: recommendation.createdAtMs,
    expires_at_ms: recommendation.expiresAtMs,
    required_approvals: recommendation.requiredApprovals,
    policy: policyView(recommendation.policy),
    proposed_by: actorView(recommendation.proposedBy),
    evidence: { headline: evidence.headline, findings: [...evidence.findings] },
    follow_up_to: recommendation.followUpTo,
    digest: recommendation.digest,
    state: recommendation.state,
  };
}

/** A recommendation with all that was decided and done about it, and what would be done where the target was asked. */
export const recommendationView = (
  record: DecisionRecord & Partial<Pick<RecommendationRecord, 'dryRun'>>,
): z.output<typeof recommendationSchema> => ({
  ...contentView(record.recommendation),
  votes: record.votes.map(voteView),
  execution: orNull(record.execution, executionView),
  attempts: record.attempts.map(attemptView),
  verification: orNull(record.verification, ({ outcome, atMs, detail }) => ({ outcome, at_ms: atMs, detail })),
  dry_run: record.dryRun ?? null,
});

export const reviewSchema = z
  .object({
    recommendation_id: z.string(),
    used_by: actorSchema,
    ticket: z.string(),
    due_at_ms: instant,
    reviewed_by: actorSchema.nullable(),
    reviewed_at_ms: nullableInstant,
    finding: nullableText,
  })
  .meta({ id: 'Review' });

/** What is owed after a break-glass decision. */
export const reviewView = (review: Review): z.output<typeof reviewSchema> => ({
  recommendation_id: review.recommendationId,
  used_by: actorView(review.usedBy),
  ticket: review.ticket,
  due_at_ms: review.dueAtMs,
  reviewed_by: orNull(review.reviewedBy, actorView),
  reviewed_at_ms: review.reviewedAtMs,
  finding: review.finding,
});

export const killSwitchSchema = z
  .object({
    configured: z.boolean(),
    on: z.boolean().meta({ description: 'switched on by a person, or by mlfi after a restored backup' }),
    reason: nullableText,
    by: nullableText,
    at_ms: nullableInstant,
  })
  .meta({ id: 'KillSwitch' });

/** Whether executions are stopped, by the configuration or by a person. */
export const killSwitchView = ({
  configured,
  on,
  reason,
  by,
  atMs,
}: KillSwitch & { readonly configured: boolean }): z.output<typeof killSwitchSchema> => ({
  configured,
  on,
  reason,
  by,
  at_ms: atMs,
});
