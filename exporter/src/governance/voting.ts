import type { RecommendationRecord, VoteRequest } from '../domain/decision-record.js';
import type { Actor } from '../domain/actor.js';
import type { Vote } from '../domain/decision.js';
import { Conflict, Forbidden } from '../domain/errors.js';
import { executionId, voteId, type RecommendationId } from '../domain/identifiers.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import { ACTION_IDS, type ActionId, type Recommendation } from '../domain/recommendation.js';
import { incidentClosed, isLeftByClose } from './closing.js';
import { differenceOf } from './digest.js';
import type { GovernancePorts, Publish } from './ports.js';
import { committedRecord, recommendationIn } from './record.js';
import { oweReview } from './rules/break-glass.js';
import { isApprover, isApproverOf, policyFor } from './rules/policy.js';
import { checkReason, countVotes } from './rules/vote-rules.js';
import { cancelExecution, type Settlement } from './settlement.js';
import { auditBy, moveTo, tell } from './transition.js';

/** Decisions of people: a vote and all that follows from it is one transaction. */
export class Voting {
  constructor(
    private readonly ports: GovernancePorts,
    private readonly settlement: Settlement,
    private readonly publish: Publish,
  ) {}

  actionsVotableBy({ person }: Actor): readonly ActionId[] {
    if (person === undefined) return [];
    return ACTION_IDS.filter(
      (action) => action !== 'none' && isApprover(policyFor(this.ports.policy(), action).rules.approvers, person),
    );
  }

  mayBreakGlass({ person }: Actor): boolean {
    const { classes, otherwise, breakGlass } = this.ports.policy();
    const isAllowed = [...classes.map(({ rules }) => rules), otherwise].some((rules) => rules.breakGlass);
    return isAllowed && person !== undefined && isApprover(breakGlass.approvers, person);
  }

  /** Counts a vote; the deciding one orders the execution. @throws AppError when it does not count */
  async vote(request: VoteRequest, by: Actor): Promise<RecommendationRecord> {
    const record = await this.ports.store.governance(async (transaction) => {
      const voted = await this.count(transaction, request, by);
      const done = request.verdict === 'approve' ? 'approved' : 'rejected';
      const said = (title: string): string => `${by.name} ${done} ${title}: ${request.reason}`;
      await tell(transaction, this.ports.clock.now(), voted, 'decision', said);
      const committed = await committedRecord(transaction, voted);
      this.ports.failPoint?.('before-vote-commit');
      return committed;
    });
    this.ports.failPoint?.('after-vote-commit');
    this.publish([record.recommendation]);
    return record;
  }

  /** Takes an approval back. @throws AppError when it was sent already, or by whom may not */
  async revoke(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord> {
    checkReason(reason);
    const record = await this.ports.store.governance(async (transaction) => {
      const recommendation = await recommendationIn(transaction, id);
      const inForce = policyFor(this.ports.policy(), recommendation.action).rules;
      const mayStop = by.person?.role === 'Admin' || isApproverOf(recommendation.policy, inForce, by);
      if (!mayStop) throw new Forbidden('only an approver or an admin may revoke', 'by');
      const { state } = recommendation;
      if (state === 'dispatching' || state === 'unknown')
        throw new Conflict('it was sent already and can no longer be revoked', 'state', { state });
      const now = this.ports.clock.now();
      const revoked = await moveTo(transaction, now, recommendation, 'revoked', by, reason);
      await tell(transaction, now, revoked, 'decision', (title) => `${by.name} revoked ${title}: ${reason}`);
      await this.cancelOrder(transaction, id);
      return committedRecord(transaction, revoked);
    });
    this.publish([record.recommendation]);
    return record;
  }

  /** A person says what became of an action. @throws AppError when there is nothing to report on */
  async report(
    id: RecommendationId,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<RecommendationRecord> {
    checkReason(detail);
    if (by.kind !== 'user') throw new Forbidden('only people report on what they saw; machines use the callback', 'by');
    const { store } = this.ports;
    const execution = await store.governance((transaction) => transaction.execution(id));
    if (execution !== null && execution.executor !== 'person') {
      await this.settlement.settle(execution.id, { kind: outcome, detail }, 'person', by);
      return store.governance(async (transaction) =>
        committedRecord(transaction, await recommendationIn(transaction, id)),
      );
    }
    const record = await store.governance(async (transaction) => {
      const recommendation = await recommendationIn(transaction, id);
      if (recommendation.plan !== null || recommendation.state !== 'approved')
        throw new Conflict(`nothing to report on: this is ${recommendation.state}`, 'state');
      const done = await this.carriedOut(transaction, recommendation, outcome, detail, by);
      return committedRecord(transaction, done);
    });
    this.publish([record.recommendation]);
    return record;
  }

  private async count(transaction: GovernanceTransaction, request: VoteRequest, by: Actor): Promise<Recommendation> {
    const { recommendation: id, verdict, digest, reason, breakGlass } = request;
    const policy = this.ports.policy();
    const recommendation = await recommendationIn(transaction, id);
    const closedAtMs = await transaction.closedAtMs([recommendation.incidentId]);
    if (isLeftByClose(recommendation, closedAtMs.get(recommendation.incidentId))) throw incidentClosed();
    await this.refuseStale(transaction, recommendation, digest);
    const now = this.ports.clock.now();
    const { next, counted } = countVotes({
      recommendation,
      votes: await transaction.votes(id),
      verdict,
      reason,
      by,
      breakGlass,
      inForce: policyFor(policy, recommendation.action).rules,
      breakGlassApprovers: policy.breakGlass.approvers,
      nowMs: now,
    });
    const vote: Vote = {
      id: voteId(this.ports.ids.next()),
      recommendationId: id,
      digest,
      verdict,
      reason,
      by,
      atMs: now,
      ...(breakGlass === null ? {} : { breakGlass }),
    };
    await transaction.insertVote(vote);
    await auditBy(transaction, now, breakGlass === null ? 'vote' : 'break-glass', by, {
      recommendation: id,
      verdict,
      reason,
      digest,
      policy: recommendation.policy.version,
      counted,
      ...(breakGlass === null ? {} : { ticket: breakGlass.ticket }),
    });
    if (breakGlass !== null) {
      const dueAtMs = await oweReview(transaction, id, by, breakGlass.ticket, policy, now);
      this.ports.logger.warn({ recommendation: id, by: by.subject, dueAtMs }, 'break-glass was used');
    }
    const decided = next === null ? recommendation : await moveTo(transaction, now, recommendation, next, by, reason);
    if (next === 'approved') await this.order(transaction, decided);
    if (next === 'revoked') await this.cancelOrder(transaction, id);
    return decided;
  }

  /** A digest of anything but this revision as it stands is refused, with what is different when that is known. */
  private async refuseStale(
    transaction: GovernanceTransaction,
    recommendation: Recommendation,
    digest: string,
  ): Promise<void> {
    const { incidentId, action, cause, revision } = recommendation;
    const family = (await transaction.recommendations({ incident: incidentId, limit: 1_000 })).filter(
      (other) => other.action === action && other.cause === cause,
    );
    const newest = family.reduce((best, next) => (next.revision > best.revision ? next : best), recommendation);
    const isReplaced = recommendation.state === 'withdrawn' && newest.revision > revision;
    if (recommendation.digest === digest && !isReplaced) return;
    if (!isReplaced && recommendation.state !== 'pending' && recommendation.state !== 'approved')
      throw new Conflict(`this recommendation is ${recommendation.state} already`, 'state', {
        state: recommendation.state,
      });
    const shown = family.find((other) => other.digest === digest);
    throw new Conflict('this is not what would be approved now; look at the recommendation again', 'digest', {
      recommendation_id: newest.id,
      revision: newest.revision,
      digest: newest.digest,
      difference: shown === undefined ? null : differenceOf(shown, newest),
    });
  }

  /** The execution order: committed together with the deciding vote. Advice has none. */
  private async order(transaction: GovernanceTransaction, { id, plan }: Recommendation): Promise<void> {
    if (plan === null) return;
    await transaction.insertExecution({
      id: executionId(this.ports.ids.next()),
      recommendationId: id,
      executor: plan.executor,
      state: 'queued',
      queuedAtMs: this.ports.clock.now(),
      startedAtMs: null,
      finishedAtMs: null,
      detail: '',
    });
  }

  private async cancelOrder(transaction: GovernanceTransaction, id: RecommendationId): Promise<void> {
    const execution = await transaction.execution(id);
    if (execution?.state === 'queued')
      await cancelExecution(transaction, execution, this.ports.clock.now(), 'the approval was revoked');
  }

  /** Advice that a person carried out by hand. */
  private async carriedOut(
    transaction: GovernanceTransaction,
    recommendation: Recommendation,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<Recommendation> {
    const now = this.ports.clock.now();
    const done = await moveTo(transaction, now, recommendation, outcome, by, detail);
    const made = executionId(this.ports.ids.next());
    await transaction.insertExecution({
      id: made,
      recommendationId: recommendation.id,
      executor: 'person',
      state: outcome,
      queuedAtMs: now,
      startedAtMs: now,
      finishedAtMs: now,
      detail: detail.slice(0, 1_000),
    });
    await transaction.insertAttempt({ executionId: made, kind: 'person', outcome, atMs: now, detail });
    await tell(transaction, now, done, 'execution', (title) => `${by.name}: ${title} ${outcome}. ${detail}`);
    return done;
  }
}
