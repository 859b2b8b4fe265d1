import { NotFound, Conflict, Forbidden } from '../domain/errors.js';
import type { RecommendationRecord, VoteRequest } from '../domain/decision-record.js';
import { type KillSwitch, type Review, type Vote } from '../domain/decision.js';
import type { Finding } from '../domain/finding.js';
import {
  executionId,
  voteId,
  type ExecutionId,
  type IncidentId,
  type ModelId,
  type RecommendationId,
} from '../domain/identifiers.js';
import type { Incident } from '../domain/incident.js';
import type { GovernanceTransaction } from '../domain/ports.js';
import { ACTION_IDS, PRIORITIES, type ActionId, type Proposal, type Recommendation } from '../domain/recommendation.js';
import { checkReason, judgeVotes } from './rules/vote-rules.js';
import { differenceOf } from './digest.js';
import { switchExecutions } from './rules/kill-switch.js';
import { cancelExecution, Dispatcher } from './dispatcher.js';
import { oweReview, reviewBreakGlass } from './rules/break-glass.js';
import { OutcomeVerification } from './outcome-verification.js';
import { resolvePlans } from './resolved-plan.js';
import { isApprover, isApproverOf, policyFor } from './rules/policy.js';
import { contextOf, insertRevision, sameContent } from './revision.js';
import { auditBy, moveTo } from './transition.js';
import { SYSTEM, type Actor } from '../domain/actor.js';
import type { GovernancePorts } from './ports.js';

export interface RecordFilter {
  readonly incident?: IncidentId;
  readonly model?: ModelId;
  readonly pendingOnly: boolean;
  readonly limit: number;
}

/** Recommendations under human decision. Every change of state is one transaction with its audit entry. */
export interface Governance {
  /** Puts proposals under governance. Unchanged ones keep their revision; changed or vanished pending ones are withdrawn. */
  propose(incident: Incident, proposals: readonly Proposal[]): Promise<readonly Recommendation[]>;
  /** A proposal of a person or a machine, beside those of the diagnosis. @throws AppError when the same is open already */
  proposeBy(incident: Incident, proposal: Proposal, by: Actor): Promise<RecommendationRecord>;
  /** Actions the actor may vote on, by the rules in force. */
  decides(by: Actor): readonly ActionId[];
  /** Whether the actor is among those who may decide alone in an emergency, where an action's rules allow it at all. */
  breaksGlass(by: Actor): boolean;
  /** @throws AppError when the vote does not count, with the reason; stale digests with the difference */
  vote(request: VoteRequest, by: Actor): Promise<RecommendationRecord>;
  /** Takes an approval back before anything was sent. */
  revoke(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  /** Takes a pending recommendation off the table. */
  withdrawOne(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord>;
  /** A person says what became of an action: an execution nobody could ask about, or advice carried out by hand. */
  report(
    id: RecommendationId,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<RecommendationRecord>;
  /** An executor says what became of an execution; repetitions and contradictions change nothing. */
  callback(id: ExecutionId, outcome: 'succeeded' | 'failed', detail: string, by: Actor): Promise<void>;
  record(id: RecommendationId): Promise<RecommendationRecord>;
  records(filter: RecordFilter): Promise<readonly RecommendationRecord[]>;
  /** @throws Forbidden for anybody but an admin */
  setKillSwitch(on: boolean, reason: string, by: Actor): Promise<void>;
  killSwitch(): Promise<KillSwitch & { readonly configured: boolean }>;
  reviews(open: boolean): Promise<readonly Review[]>;
  /** @throws AppError when the reviewer is the one who broke the glass */
  review(id: RecommendationId, finding: string, by: Actor): Promise<void>;
  /** Runs what is approved and queued. Nothing runs twice. */
  dispatch(): Promise<void>;
  /** Expires what waited too long and settles executions a crash left open. To be called at start and now and then. */
  sweep(): Promise<void>;
  /** Judges finished executions by the criteria fixed when they were proposed. `blind` = detectors that could not look. */
  verify(incident: Incident, findings: readonly Finding[], blind: ReadonlySet<string>, nowMs: number): Promise<void>;
  withdraw(incident: Incident, reason: string): Promise<void>;
}

export function createGovernance(ports: GovernancePorts): Governance {
  return new StoredGovernance(ports);
}

class StoredGovernance implements Governance {
  private readonly dispatcher: Dispatcher;
  private readonly outcomes: OutcomeVerification;

  constructor(private readonly ports: GovernancePorts) {
    this.dispatcher = new Dispatcher(ports, (moved) => this.tell(moved));
    this.outcomes = new OutcomeVerification(ports);
  }

  async propose(incident: Incident, unpinned: readonly Proposal[]): Promise<readonly Recommendation[]> {
    const proposals = await resolvePlans(this.ports.executors, unpinned);
    const context = contextOf(incident, await this.versionOf(incident.modelId), SYSTEM);
    const changed: Recommendation[] = [];
    const kept = await this.ports.store.governance(async (transaction) => {
      const existing = await transaction.recommendations({ incident: incident.id, limit: 1_000 });
      const result: Recommendation[] = [];
      for (const proposal of proposals.filter(({ action }) => action !== 'none')) {
        const newest = newestOf(existing, proposal);
        const replaceable = newest === null || ['withdrawn', 'expired'].includes(newest.state);
        if (!replaceable && (newest.state !== 'pending' || sameContent(newest, proposal))) {
          result.push(newest);
          continue;
        }
        const made = await this.insert(transaction, proposal, context, (newest?.revision ?? 0) + 1);
        changed.push(made);
        result.push(made);
      }
      const current = new Set(result.map(({ id }) => id));
      for (const old of existing) {
        if (old.state !== 'pending' || current.has(old.id)) continue;
        if (old.proposedBy.kind !== 'system' || old.followUpTo !== null) continue;
        changed.push(await this.move(transaction, old, 'withdrawn', SYSTEM, 'replaced by a newer diagnosis'));
      }
      return result;
    });
    this.tell(changed);
    return kept;
  }

  async proposeBy(incident: Incident, unpinned: Proposal, by: Actor): Promise<RecommendationRecord> {
    if (incident.closedAtMs !== null) throw new Conflict('this incident is closed', 'incident_id');
    const [proposal = unpinned] = await resolvePlans(this.ports.executors, [unpinned]);
    const context = contextOf(incident, await this.versionOf(incident.modelId), by);
    const made = await this.ports.store.governance(async (transaction) => {
      const existing = await transaction.recommendations({ incident: incident.id, limit: 1_000 });
      const newest = newestOf(existing, proposal);
      if (newest !== null && ['pending', 'approved', 'dispatching', 'unknown', 'succeeded'].includes(newest.state))
        throw new Conflict(`this action is ${newest.state} already`, 'action', { id: newest.id });
      return this.insert(transaction, proposal, context, (newest?.revision ?? 0) + 1);
    });
    this.tell([made]);
    return this.record(made.id);
  }

  decides({ person }: Actor): readonly ActionId[] {
    if (person === undefined) return [];
    return ACTION_IDS.filter(
      (action) => action !== 'none' && isApprover(policyFor(this.ports.policy(), action).rules.approvers, person),
    );
  }

  breaksGlass({ person }: Actor): boolean {
    return person !== undefined && isApprover(this.ports.policy().breakGlass.approvers, person);
  }

  async vote(request: VoteRequest, by: Actor): Promise<RecommendationRecord> {
    const { recommendation: id, verdict, digest, reason, breakGlass } = request;
    const policy = this.ports.policy();
    const moved = await this.ports.store.governance(async (transaction) => {
      const recommendation = await this.find(transaction, id);
      await this.refuseStale(transaction, recommendation, digest);
      const now = this.ports.clock.now();
      const { next, counted } = judgeVotes({
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
      await this.audit(transaction, breakGlass === null ? 'vote' : 'break-glass', by, {
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
      const decided = next === null ? recommendation : await this.move(transaction, recommendation, next, by, reason);
      if (next === 'approved') await this.order(transaction, decided);
      if (next === 'revoked') await this.cancelOrder(transaction, id, 'the approval was revoked');
      this.ports.failPoint?.('before-vote-commit');
      return decided;
    });
    this.ports.failPoint?.('after-vote-commit');
    this.tell([moved]);
    return this.record(id);
  }

  async revoke(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord> {
    checkReason(reason);
    const moved = await this.ports.store.governance(async (transaction) => {
      const recommendation = await this.find(transaction, id);
      const inForce = policyFor(this.ports.policy(), recommendation.action).rules;
      const mayStop = by.person?.role === 'Admin' || isApproverOf(recommendation.policy, inForce, by);
      if (!mayStop) throw new Forbidden('only an approver or an admin may revoke', 'by');
      if (recommendation.state === 'dispatching' || recommendation.state === 'unknown')
        throw new Conflict('it was sent already and can no longer be revoked', 'state', {
          state: recommendation.state,
        });
      const revoked = await this.move(transaction, recommendation, 'revoked', by, reason);
      await this.cancelOrder(transaction, id, 'the approval was revoked');
      return revoked;
    });
    this.tell([moved]);
    return this.record(id);
  }

  async withdrawOne(id: RecommendationId, reason: string, by: Actor): Promise<RecommendationRecord> {
    checkReason(reason);
    const moved = await this.ports.store.governance(async (transaction) => {
      const recommendation = await this.find(transaction, id);
      if (recommendation.state !== 'pending')
        throw new Conflict(`this recommendation is ${recommendation.state} already`, 'state', {
          state: recommendation.state,
        });
      return this.move(transaction, recommendation, 'withdrawn', by, reason);
    });
    this.tell([moved]);
    return this.record(id);
  }

  async report(
    id: RecommendationId,
    outcome: 'succeeded' | 'failed',
    detail: string,
    by: Actor,
  ): Promise<RecommendationRecord> {
    checkReason(detail);
    if (by.kind !== 'user') throw new Forbidden('only people report on what they saw; machines use the callback', 'by');
    const { recommendation, execution } = await this.record(id);
    if (execution !== null && execution.executor !== 'person') {
      await this.dispatcher.settle(execution.id, { kind: outcome, detail }, 'person', by);
      return this.record(id);
    }
    if (recommendation.plan !== null || recommendation.state !== 'approved')
      throw new Conflict(`nothing to report on: this is ${recommendation.state}`, 'state');
    const moved = await this.ports.store.governance(async (transaction) => {
      const fresh = await this.find(transaction, id);
      const now = this.ports.clock.now();
      const done = await this.move(transaction, fresh, outcome, by, detail);
      const made = executionId(this.ports.ids.next());
      await transaction.insertExecution({
        id: made,
        recommendationId: id,
        executor: 'person',
        state: outcome,
        queuedAtMs: now,
        startedAtMs: now,
        finishedAtMs: now,
        detail: detail.slice(0, 1_000),
      });
      await transaction.insertAttempt({ executionId: made, kind: 'person', outcome, atMs: now, detail });
      return done;
    });
    this.tell([moved]);
    return this.record(id);
  }

  callback(id: ExecutionId, outcome: 'succeeded' | 'failed', detail: string, by: Actor): Promise<void> {
    return this.dispatcher.settle(id, { kind: outcome, detail }, 'callback', by);
  }

  async record(id: RecommendationId): Promise<RecommendationRecord> {
    const found = await this.ports.store.governance(async (transaction) => {
      const execution = await transaction.execution(id);
      return {
        recommendation: await this.find(transaction, id),
        votes: await transaction.votes(id),
        execution,
        attempts: execution === null ? [] : await transaction.attempts(execution.id),
        verification: await transaction.verification(id),
      };
    });
    return { ...found, dryRun: await this.dryRun(found.recommendation) };
  }

  async records(filter: RecordFilter): Promise<readonly RecommendationRecord[]> {
    const { pendingOnly, ...rest } = filter;
    const found = await this.ports.store.governance((transaction) =>
      transaction.recommendations({ ...rest, ...(pendingOnly ? { states: ['pending' as const] } : {}) }),
    );
    const urgentFirst = [...found].sort((a, b) => PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority));
    return Promise.all(urgentFirst.map(({ id }) => this.record(id)));
  }

  setKillSwitch(on: boolean, reason: string, by: Actor): Promise<void> {
    return this.ports.store.governance((transaction) =>
      switchExecutions(transaction, on, reason, by, this.ports.clock.now()),
    );
  }

  async killSwitch(): Promise<KillSwitch & { readonly configured: boolean }> {
    const switched = await this.ports.store.governance((transaction) => transaction.killSwitch());
    return { ...switched, configured: this.ports.policy().killSwitch };
  }

  reviews(open: boolean): Promise<readonly Review[]> {
    return this.ports.store.governance((transaction) => transaction.reviews({ open }));
  }

  review(id: RecommendationId, finding: string, by: Actor): Promise<void> {
    return this.ports.store.governance((transaction) =>
      reviewBreakGlass(transaction, id, finding, by, this.ports.policy(), this.ports.clock.now()),
    );
  }

  dispatch(): Promise<void> {
    return this.dispatcher.dispatch();
  }

  async sweep(): Promise<void> {
    const now = this.ports.clock.now();
    const expired = await this.ports.store.governance(async (transaction) => {
      const open = await transaction.recommendations({ states: ['pending'], limit: 10_000 });
      const moved: Recommendation[] = [];
      for (const recommendation of open.filter(({ expiresAtMs }) => expiresAtMs <= now)) {
        moved.push(await this.move(transaction, recommendation, 'expired', SYSTEM, 'nobody decided in time'));
      }
      return moved;
    });
    this.tell(expired);
    await this.dispatcher.dispatch();
    await this.dispatcher.lookUpUnknown();
  }

  async verify(
    incident: Incident,
    findings: readonly Finding[],
    blind: ReadonlySet<string>,
    nowMs: number,
  ): Promise<void> {
    const moved = await this.ports.store.governance((transaction) =>
      this.outcomes.look(transaction, incident, findings, blind, nowMs),
    );
    this.tell(moved);
  }

  async withdraw(incident: Incident, reason: string): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const states = ['pending', 'approved'] as const;
      const open = await transaction.recommendations({ incident: incident.id, states, limit: 1_000 });
      const withdrawn: Recommendation[] = [];
      // What is approved and has a plan is settled by the dispatcher, together with its execution.
      for (const recommendation of open.filter(({ state, plan }) => state === 'pending' || plan === null))
        withdrawn.push(await this.move(transaction, recommendation, 'withdrawn', SYSTEM, reason));
      return withdrawn;
    });
    this.tell(moved);
  }

  private async versionOf(model: ModelId): Promise<string | null> {
    return (await this.ports.store.models.get(model))?.versionLabel ?? null;
  }

  private async find(transaction: GovernanceTransaction, id: RecommendationId): Promise<Recommendation> {
    const recommendation = await transaction.recommendation(id);
    if (recommendation === null) throw new NotFound(`there is no recommendation "${id}"`, 'recommendation_id');
    return recommendation;
  }

  /** A digest of anything but this revision as it stands is refused, with what is different when that can be told. */
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
    const shown = family.find((other) => other.digest === digest);
    throw new Conflict('this is not what would be approved now; look at the recommendation again', 'digest', {
      recommendation_id: newest.id,
      revision: newest.revision,
      digest: newest.digest,
      difference: shown === undefined ? null : differenceOf(shown, newest),
    });
  }

  private insert(
    transaction: GovernanceTransaction,
    proposal: Proposal,
    context: Parameters<typeof insertRevision>[2],
    revision: number,
  ): Promise<Recommendation> {
    const { ids, clock, policy } = this.ports;
    return insertRevision(transaction, proposal, context, revision, policy(), ids.next(), clock.now());
  }

  /** The execution order: committed together with the deciding vote. Advice has none. */
  private async order(transaction: GovernanceTransaction, recommendation: Recommendation): Promise<void> {
    if (recommendation.plan === null) return;
    await transaction.insertExecution({
      id: executionId(this.ports.ids.next()),
      recommendationId: recommendation.id,
      executor: recommendation.plan.executor,
      state: 'queued',
      queuedAtMs: this.ports.clock.now(),
      startedAtMs: null,
      finishedAtMs: null,
      detail: '',
    });
  }

  private async cancelOrder(transaction: GovernanceTransaction, id: RecommendationId, reason: string): Promise<void> {
    const execution = await transaction.execution(id);
    if (execution?.state === 'queued') await cancelExecution(transaction, execution, this.ports.clock.now(), reason);
  }

  private move(
    transaction: GovernanceTransaction,
    recommendation: Recommendation,
    to: Recommendation['state'],
    by: Actor,
    reason: string,
  ): Promise<Recommendation> {
    return moveTo(transaction, this.ports.clock.now(), recommendation, to, by, reason);
  }

  private audit(
    transaction: GovernanceTransaction,
    kind: string,
    by: Actor,
    fields: Parameters<typeof auditBy>[4],
  ): Promise<void> {
    return auditBy(transaction, this.ports.clock.now(), kind, by, fields);
  }

  private async dryRun(recommendation: Recommendation): Promise<string> {
    if (recommendation.plan === null)
      return 'advice for people: mlfi has nothing to execute (configure an executor for this action to change that)';
    if (recommendation.state !== 'pending' && recommendation.state !== 'approved')
      return `nothing more would be done: this is ${recommendation.state}`;
    const prepared = await this.ports.executors[recommendation.plan.executor].prepare(recommendation.plan);
    return prepared.kind === 'ready' ? prepared.text : `cannot be executed: ${prepared.reason}`;
  }

  private tell(recommendations: readonly Recommendation[]): void {
    for (const recommendation of recommendations)
      this.ports.events.publish({ kind: 'recommendation-updated', recommendation });
  }
}

/** The newest revision of the same action against the same cause; follow-ups stand for themselves. */
function newestOf(existing: readonly Recommendation[], proposal: Proposal): Recommendation | null {
  return existing
    .filter(
      ({ action, cause, followUpTo }) => action === proposal.action && cause === proposal.cause && followUpTo === null,
    )
    .reduce<Recommendation | null>(
      (best, next) => (best === null || next.revision > best.revision ? next : best),
      null,
    );
}
