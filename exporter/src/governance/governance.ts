import { RequestRefused, type RecommendationRecord } from '../domain/application.js';
import type { Actor, Execution, Verification, Vote } from '../domain/decision.js';
import type { Finding } from '../domain/finding.js';
import {
  executionId,
  recommendationId,
  voteId,
  type IncidentId,
  type ModelId,
  type RecommendationId,
} from '../domain/identifiers.js';
import type { Incident } from '../domain/incident.js';
import type { JsonObject } from '../domain/json.js';
import type { Clock, EventBus, ExecutionOutcome, GovernanceTransaction, Ids, Logger, Store } from '../domain/ports.js';
import { PRIORITIES, type Proposal, type Recommendation, type RecommendationState } from '../domain/recommendation.js';
import { appendAudit } from './audit/chain.js';
import { proposalDigest } from './digest.js';
import type { Executors } from './executors/index.js';
import { requiredApprovals, type GovernancePolicy } from './policy.js';
import { mayMove } from './state-machine.js';
import { judgeOutcome } from './verification.js';

export interface GovernancePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly executors: Executors;
  readonly policy: () => GovernancePolicy;
  readonly events: EventBus;
  readonly logger: Logger;
}

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
  /** @throws RequestRefused when the vote does not count, with the reason */
  vote(
    id: RecommendationId,
    verdict: Vote['verdict'],
    digest: string,
    reason: string,
    by: Actor,
  ): Promise<RecommendationRecord>;
  record(id: RecommendationId): Promise<RecommendationRecord>;
  records(filter: RecordFilter): Promise<readonly RecommendationRecord[]>;
  /** Runs what is approved and queued. Nothing runs twice. */
  dispatch(): Promise<void>;
  /** Expires what waited too long and settles executions a crash left open. To be called at start and now and then. */
  sweep(): Promise<void>;
  /** Judges finished executions by the criteria fixed when they were proposed. */
  verify(incident: Incident, findings: readonly Finding[], nowMs: number): Promise<void>;
  withdraw(incident: Incident, reason: string): Promise<void>;
}

const REASON_CHARACTERS = { least: 3, most: 4_096 };
const SYSTEM: Actor = { kind: 'system', subject: 'system', name: 'mlfi' };

export function createGovernance(ports: GovernancePorts): Governance {
  return new StoredGovernance(ports);
}

class StoredGovernance implements Governance {
  private dispatching: Promise<void> = Promise.resolve();

  constructor(private readonly ports: GovernancePorts) {}

  async propose(incident: Incident, proposals: readonly Proposal[]): Promise<readonly Recommendation[]> {
    const changed: Recommendation[] = [];
    const kept = await this.ports.store.governance(async (transaction) => {
      const existing = await transaction.recommendations({ incident: incident.id, limit: 1_000 });
      const result: Recommendation[] = [];
      for (const proposal of proposals.filter(({ action }) => action !== 'none')) {
        const same = existing.filter(({ action, cause }) => action === proposal.action && cause === proposal.cause);
        const newest = same.reduce<Recommendation | null>(
          (best, next) => (best === null || next.revision > best.revision ? next : best),
          null,
        );
        if (
          newest !== null &&
          newest.state !== 'withdrawn' &&
          (newest.state !== 'pending' || sameContent(newest, proposal))
        ) {
          result.push(newest);
          continue;
        }
        const made = await this.insert(transaction, incident, proposal, (newest?.revision ?? 0) + 1);
        changed.push(made);
        result.push(made);
      }
      const current = new Set(result.map(({ id }) => id));
      for (const old of existing) {
        if (old.state === 'pending' && !current.has(old.id))
          changed.push(await this.move(transaction, old, 'withdrawn', SYSTEM, 'replaced by a newer diagnosis'));
      }
      return result;
    });
    this.tell(changed);
    return kept;
  }

  async vote(
    id: RecommendationId,
    verdict: Vote['verdict'],
    digest: string,
    reason: string,
    by: Actor,
  ): Promise<RecommendationRecord> {
    if (by.kind === 'system') throw new RequestRefused('forbidden', 'only people vote', 'by');
    if (reason.trim().length < REASON_CHARACTERS.least || reason.length > REASON_CHARACTERS.most) {
      throw new RequestRefused(
        'invalid',
        `a reason of ${REASON_CHARACTERS.least} to ${REASON_CHARACTERS.most} characters is needed`,
        'reason',
      );
    }
    const moved = await this.ports.store.governance(async (transaction) => {
      const recommendation = await this.find(transaction, id);
      this.refuseStale(recommendation, digest);
      const votes = await transaction.votes(id);
      if (votes.some((vote) => vote.by.subject === by.subject && vote.verdict === verdict)) {
        throw new RequestRefused('conflict', 'you have voted on this already', 'by');
      }
      const next = this.nextState(recommendation, votes, verdict, by);
      const vote: Vote = {
        id: voteId(this.ports.ids.next()),
        recommendationId: id,
        digest,
        verdict,
        reason,
        by,
        atMs: this.ports.clock.now(),
      };
      await transaction.insertVote(vote);
      await this.audit(transaction, 'vote', by, { recommendation: id, verdict, reason, digest });
      if (next === null) return recommendation;
      const decided = await this.move(transaction, recommendation, next, by, reason);
      if (next === 'approved' && recommendation.plan !== null) {
        await transaction.insertExecution({
          id: executionId(this.ports.ids.next()),
          recommendationId: id,
          executor: recommendation.plan.executor,
          state: 'queued',
          queuedAtMs: this.ports.clock.now(),
          startedAtMs: null,
          finishedAtMs: null,
          detail: '',
        });
      }
      return decided;
    });
    this.tell([moved]);
    return this.record(id);
  }

  async record(id: RecommendationId): Promise<RecommendationRecord> {
    const { recommendation, votes, execution, verification } = await this.ports.store.governance(
      async (transaction) => ({
        recommendation: await this.find(transaction, id),
        votes: await transaction.votes(id),
        execution: await transaction.execution(id),
        verification: await transaction.verification(id),
      }),
    );
    return { recommendation, votes, execution, verification, dryRun: await this.dryRun(recommendation) };
  }

  async records(filter: RecordFilter): Promise<readonly RecommendationRecord[]> {
    const { pendingOnly, ...rest } = filter;
    const found = await this.ports.store.governance((transaction) =>
      transaction.recommendations({ ...rest, ...(pendingOnly ? { states: ['pending' as const] } : {}) }),
    );
    const urgentFirst = [...found].sort((a, b) => PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority));
    return Promise.all(urgentFirst.map(({ id }) => this.record(id)));
  }

  dispatch(): Promise<void> {
    this.dispatching = this.dispatching
      .then(() => this.dispatchQueued())
      .catch((error: unknown) => this.ports.logger.error({ error: String(error) }, 'dispatch failed'));
    return this.dispatching;
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
    await this.dispatch();
  }

  /** Settles executions that were being sent when the process died. To be called once at start, before anything is dispatched. */
  private async settleInterrupted(): Promise<void> {
    const interrupted = await this.ports.store.governance((transaction) => transaction.executions('dispatching'));
    for (const execution of interrupted) {
      const executor = this.ports.executors[execution.executor];
      const plan = (await this.record(execution.recommendationId)).recommendation.plan;
      const found = executor.repetition === 'lookup' && plan !== null ? await executor.lookup(execution, plan) : null;
      const outcome: ExecutionOutcome =
        found !== null
          ? { kind: found.kind === 'not-received' ? 'unknown' : found.kind, detail: found.detail }
          : { kind: 'unknown', detail: 'mlfi stopped while this was being sent; it is not sent again' };
      await this.finish(execution, outcome);
    }
  }

  async verify(incident: Incident, findings: readonly Finding[], nowMs: number): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const done: Recommendation[] = [];
      for (const recommendation of await transaction.recommendations({
        incident: incident.id,
        states: ['succeeded'],
        limit: 100,
      })) {
        const execution = await transaction.execution(recommendation.id);
        if (execution === null) continue;
        const judged = judgeOutcome(recommendation.verification, execution, findings, nowMs, this.clearSince);
        if (judged === null) continue;
        const verification: Verification = {
          executionId: execution.id,
          outcome: judged.outcome,
          atMs: nowMs,
          detail: judged.detail,
        };
        await transaction.insertVerification(verification);
        done.push(await this.move(transaction, recommendation, judged.outcome, SYSTEM, judged.detail));
      }
      return done;
    });
    this.tell(moved);
  }

  async withdraw(incident: Incident, reason: string): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const open = await transaction.recommendations({ incident: incident.id, states: ['pending'], limit: 1_000 });
      const withdrawn: Recommendation[] = [];
      for (const recommendation of open)
        withdrawn.push(await this.move(transaction, recommendation, 'withdrawn', SYSTEM, reason));
      return withdrawn;
    });
    this.tell(moved);
  }

  /** Since when the criteria of an execution have held without a break; in memory, so a restart starts the clock anew. */
  private readonly clearSince = new Map<string, number>();
  private interruptedSettled = false;

  private async dispatchQueued(): Promise<void> {
    if (!this.interruptedSettled) {
      this.interruptedSettled = true;
      await this.settleInterrupted();
    }
    if (this.ports.policy().killSwitch) return;
    for (const execution of await this.ports.store.governance((transaction) => transaction.executions('queued'))) {
      const claimed = await this.claim(execution);
      if (claimed === null) continue;
      const { recommendation, started } = claimed;
      if (recommendation.plan === null) continue;
      let outcome: ExecutionOutcome;
      try {
        outcome = await this.ports.executors[started.executor].execute(recommendation.plan, started, recommendation);
      } catch (error) {
        outcome = {
          kind: 'unknown',
          detail: `the executor broke off: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown error'}`,
        };
      }
      await this.finish(started, outcome);
    }
  }

  /** Checks the preconditions once more and commits "dispatching" before anything is sent. */
  private async claim(
    execution: Execution,
  ): Promise<{ readonly recommendation: Recommendation; readonly started: Execution } | null> {
    const obstacle = await this.obstacle(execution.recommendationId);
    const result = await this.ports.store.governance(async (transaction) => {
      const recommendation = await transaction.recommendation(execution.recommendationId);
      const fresh = await transaction.execution(execution.recommendationId);
      if (recommendation === null || fresh === null || fresh.state !== 'queued') return null;
      const now = this.ports.clock.now();
      if (recommendation.state !== 'approved' || obstacle !== null) {
        await transaction.updateExecution({
          ...fresh,
          state: 'failed',
          finishedAtMs: now,
          detail: `not started: ${obstacle ?? recommendation.state}`,
        });
        const moved =
          recommendation.state === 'approved'
            ? await this.move(transaction, recommendation, 'withdrawn', SYSTEM, obstacle ?? '')
            : recommendation;
        return { started: null, recommendation: moved };
      }
      const started: Execution = { ...fresh, state: 'dispatching', startedAtMs: now };
      await transaction.updateExecution(started);
      return { started, recommendation: await this.move(transaction, recommendation, 'dispatching', SYSTEM, '') };
    });
    if (result === null) return null;
    this.tell([result.recommendation]);
    return result.started === null ? null : { started: result.started, recommendation: result.recommendation };
  }

  /** Read before the transaction: a store with one connection cannot answer inside it. */
  private async obstacle(id: RecommendationId): Promise<string | null> {
    const { recommendation } = await this.record(id);
    if (recommendation.expiresAtMs <= this.ports.clock.now()) return 'the approval has expired';
    const incident = await this.ports.store.incidents.get(recommendation.incidentId);
    return incident === null || incident.closedAtMs !== null ? 'the incident is closed' : null;
  }

  private async finish(execution: Execution, outcome: ExecutionOutcome): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const recommendation = await this.find(transaction, execution.recommendationId);
      await transaction.updateExecution({
        ...execution,
        state: outcome.kind,
        finishedAtMs: this.ports.clock.now(),
        detail: outcome.detail.slice(0, 1_000),
      });
      return this.move(transaction, recommendation, outcome.kind, SYSTEM, outcome.detail);
    });
    this.tell([moved]);
  }

  private async find(transaction: GovernanceTransaction, id: RecommendationId): Promise<Recommendation> {
    const recommendation = await transaction.recommendation(id);
    if (recommendation === null)
      throw new RequestRefused('not-found', `there is no recommendation "${id}"`, 'recommendation_id');
    return recommendation;
  }

  private refuseStale(recommendation: Recommendation, digest: string): void {
    if (recommendation.digest === digest) return;
    throw new RequestRefused(
      'conflict',
      'the digest is not that of what would be approved; look at the recommendation again',
      'digest',
      {
        digest: recommendation.digest,
        revision: recommendation.revision,
      },
    );
  }

  /** The state the vote leads to, null when more votes are needed. Deny wins; after approval a denial revokes. */
  private nextState(
    recommendation: Recommendation,
    votes: readonly Vote[],
    verdict: Vote['verdict'],
    by: Actor,
  ): RecommendationState | null {
    const { state, expiresAtMs } = recommendation;
    if (state === 'approved' && verdict === 'reject') return 'revoked';
    if (state !== 'pending')
      throw new RequestRefused('conflict', `this recommendation is ${state} already`, 'state', { state });
    if (expiresAtMs <= this.ports.clock.now())
      throw new RequestRefused('conflict', 'this recommendation has expired', 'state', { state: 'expired' });
    if (verdict === 'reject') return 'rejected';
    const approvers = new Set(votes.filter((vote) => vote.verdict === 'approve').map((vote) => vote.by.subject)).add(
      by.subject,
    );
    return approvers.size >= recommendation.requiredApprovals ? 'approved' : null;
  }

  private async insert(
    transaction: GovernanceTransaction,
    incident: Incident,
    proposal: Proposal,
    revision: number,
  ): Promise<Recommendation> {
    const id = recommendationId(this.ports.ids.next());
    const policy = this.ports.policy();
    const approvals = requiredApprovals(policy, proposal.action);
    const now = this.ports.clock.now();
    const recommendation: Recommendation = {
      ...proposal,
      id,
      incidentId: incident.id,
      modelId: incident.modelId,
      revision,
      createdAtMs: now,
      expiresAtMs: now + policy.expireAfterMs,
      requiredApprovals: approvals,
      digest: proposalDigest(id, revision, proposal, approvals),
      state: 'pending',
    };
    await transaction.insertRecommendation(recommendation);
    await this.audit(transaction, 'proposed', SYSTEM, {
      recommendation: id,
      incident: incident.id,
      model: incident.modelId,
      action: proposal.action,
      digest: recommendation.digest,
    });
    return recommendation;
  }

  private async move(
    transaction: GovernanceTransaction,
    recommendation: Recommendation,
    to: RecommendationState,
    by: Actor,
    reason: string,
  ): Promise<Recommendation> {
    if (!mayMove(recommendation.state, to))
      throw new RequestRefused(
        'conflict',
        `a recommendation that is ${recommendation.state} cannot become ${to}`,
        'state',
      );
    await transaction.setRecommendationState(recommendation.id, to);
    await this.audit(transaction, 'state', by, {
      recommendation: recommendation.id,
      from: recommendation.state,
      to,
      reason: reason.slice(0, 1_000),
    });
    return { ...recommendation, state: to };
  }

  private async audit(transaction: GovernanceTransaction, kind: string, by: Actor, fields: JsonObject): Promise<void> {
    await appendAudit(transaction, {
      kind,
      atMs: this.ports.clock.now(),
      by: { kind: by.kind, subject: by.subject, name: by.name },
      ...fields,
    });
  }

  private async dryRun(recommendation: Recommendation): Promise<string> {
    if (recommendation.plan === null)
      return 'advice for people: mlfi has nothing to execute (configure a webhook for this action to change that)';
    const prepared = await this.ports.executors[recommendation.plan.executor].prepare(recommendation.plan);
    return prepared.kind === 'ready' ? prepared.text : `cannot be executed: ${prepared.reason}`;
  }

  private tell(recommendations: readonly Recommendation[]): void {
    for (const recommendation of recommendations)
      this.ports.events.publish({ kind: 'recommendation-updated', recommendation });
  }
}

/** Same action on the same target with the same steps; wording with fresh numbers does not make a new revision. */
function sameContent(recommendation: Recommendation, proposal: Proposal): boolean {
  const content = (p: Proposal): string => JSON.stringify([p.action, p.cause, p.title, p.priority, p.steps, p.plan]);
  return content(recommendation) === content(proposal);
}
