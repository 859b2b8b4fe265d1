import { NotFound, Conflict } from '../domain/errors.js';
import { type Execution, type ExecutionAttempt } from '../domain/decision.js';
import type { ExecutionId } from '../domain/identifiers.js';
import type { ExecutionOutcome, GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation } from '../domain/recommendation.js';
import { freezeAt } from './rules/freeze.js';
import { insertEscalation } from './revision.js';
import { auditBy, moveTo } from './transition.js';
import { SYSTEM, type Actor } from '../domain/actor.js';
import type { Plan } from '../domain/executor.js';
import type { GovernancePorts } from './ports.js';

/** Longer than any executor's deadline (5 min at most): after this nobody is sending any more. */
const ABANDONED_AFTER_MS = 600_000;
const LOOKED_UP_FOR_MS = 86_400_000;
const LONGEST_DETAIL_CHARACTERS = 1_000;

interface Claim {
  readonly recommendation: Recommendation;
  readonly execution: Execution;
}

/**
 * Carries out what was approved, at most once. `dispatching` is committed before anything is sent; the outcome is recorded
 * only while the execution is still open, so late and repeated answers change nothing.
 */
export class Dispatcher {
  private running: Promise<void> = Promise.resolve();
  private restored = false;

  constructor(
    private readonly ports: GovernancePorts,
    private readonly tell: (recommendations: readonly Recommendation[]) => void,
  ) {}

  dispatch(): Promise<void> {
    this.running = this.running
      .then(() => this.dispatchQueued())
      .catch((error: unknown) => this.ports.logger.error({ error: String(error) }, 'dispatch failed'));
    return this.running;
  }

  /** Records what somebody says became of an execution. Repetitions change nothing; contradictions are kept, not believed. */
  async settle(
    id: ExecutionId,
    outcome: ExecutionOutcome & { readonly kind: 'succeeded' | 'failed' },
    source: Extract<ExecutionAttempt['kind'], 'callback' | 'person' | 'lookup'>,
    by: Actor,
  ): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(id);
      if (execution === null) throw new NotFound(`there is no execution "${id}"`, 'execution_id');
      if (execution.state === 'queued' || execution.state === 'cancelled')
        throw new Conflict(`this execution is ${execution.state}: nothing was sent`, 'state');
      if (execution.state === outcome.kind) return [];
      if (execution.state === 'succeeded' || execution.state === 'failed') {
        await this.attempt(transaction, execution, source, outcome.kind, outcome.detail);
        await auditBy(transaction, this.ports.clock.now(), 'contradiction', by, {
          execution: id,
          recorded: execution.state,
          said: outcome.kind,
        });
        return [];
      }
      return this.record(transaction, execution, outcome, source, by);
    });
    this.tell(moved);
  }

  /** Asks the executors that can be asked what became of executions whose answer was lost. */
  async lookUpUnknown(): Promise<void> {
    const unknown = await this.ports.store.governance((transaction) => transaction.executions('unknown'));
    const now = this.ports.clock.now();
    for (const execution of unknown) {
      const executor = this.executorOf(execution);
      if (executor?.repetition !== 'lookup' || now - (execution.finishedAtMs ?? now) > LOOKED_UP_FOR_MS) continue;
      const plan = await this.planOf(execution);
      const found = plan === null ? null : await executor.lookup(execution, plan);
      if (found === null || found.kind === 'unknown') continue;
      const detail = found.kind === 'not-received' ? `it never arrived: ${found.detail}` : found.detail;
      const kind = found.kind === 'succeeded' ? 'succeeded' : 'failed';
      await this.settle(execution.id, { kind, detail }, 'lookup', SYSTEM);
    }
  }

  private executorOf(execution: Execution): GovernancePorts['executors'][keyof GovernancePorts['executors']] | null {
    return execution.executor === 'person' ? null : this.ports.executors[execution.executor];
  }

  private planOf({ recommendationId }: Execution): Promise<Plan | null> {
    return this.ports.store.governance(
      async (transaction) => (await transaction.recommendation(recommendationId))?.plan ?? null,
    );
  }

  private async dispatchQueued(): Promise<void> {
    await this.settleInterrupted();
    for (const execution of await this.ports.store.governance((transaction) => transaction.executions('queued'))) {
      const claimed = await this.claim(execution);
      if (claimed !== null) await this.send(claimed);
    }
  }

  /** Checks the preconditions once more and commits `dispatching` before anything is sent. */
  private async claim(queued: Execution): Promise<Claim | null> {
    const obstacle = await this.voidedBy(queued);
    const result = await this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(queued.id);
      const recommendation = await transaction.recommendation(queued.recommendationId);
      if (execution?.state !== 'queued' || recommendation === null) return null;
      if (recommendation.state !== 'approved') {
        await this.cancel(transaction, execution, recommendation.state);
        return null;
      }
      const now = this.ports.clock.now();
      const late = execution.queuedAtMs + recommendation.policy.startWithinMs <= now;
      if (obstacle !== null || late) {
        const reason = obstacle ?? 'it could not start in its start window';
        await this.cancel(transaction, execution, reason);
        const to = obstacle === null ? 'expired' : 'withdrawn';
        return { moved: await moveTo(transaction, now, recommendation, to, SYSTEM, reason), claim: null };
      }
      if ((await this.waitsFor(transaction, recommendation)) !== null) return null;
      const started: Execution = { ...execution, state: 'dispatching', startedAtMs: now };
      await transaction.updateExecution(started);
      await this.attempt(transaction, started, 'sent', 'started', '');
      const moved = await moveTo(transaction, now, recommendation, 'dispatching', SYSTEM, '');
      this.ports.failPoint?.('before-claim-commit');
      return { moved, claim: { recommendation: moved, execution: started } };
    });
    if (result === null) return null;
    this.tell([result.moved]);
    return result.claim;
  }

  /** Why the approval holds no longer, or null. Read before the transaction: a store with one connection cannot answer inside it. */
  private async voidedBy(execution: Execution): Promise<string | null> {
    const recommendation = await this.ports.store.governance((transaction) =>
      transaction.recommendation(execution.recommendationId),
    );
    if (recommendation === null) return 'the recommendation is gone';
    const incident = await this.ports.store.incidents.get(recommendation.incidentId);
    if (incident === null || incident.closedAtMs !== null) return 'the incident is closed';
    const model = await this.ports.store.models.get(recommendation.modelId);
    if (model === null) return 'the model is no longer watched';
    const [now, then] = [model.versionLabel, recommendation.modelVersion];
    return now !== null && then !== null && now !== then
      ? `version ${now} is in service now, not ${then} as when this was proposed`
      : null;
  }

  /** Why it cannot start yet, or null. */
  private async waitsFor(transaction: GovernanceTransaction, recommendation: Recommendation): Promise<string | null> {
    const policy = this.ports.policy();
    if (policy.killSwitch || (await transaction.killSwitch()).on) return 'the kill switch is on';
    const freeze = freezeAt(policy.freezes, this.ports.clock.now());
    if (freeze !== null) return `change freeze "${freeze.name}"`;
    for (const other of await transaction.executions('dispatching')) {
      const busy = await transaction.recommendation(other.recommendationId);
      if (busy?.modelId === recommendation.modelId) return 'another action on this model is running';
    }
    return null;
  }

  private async cancel(transaction: GovernanceTransaction, execution: Execution, reason: string): Promise<void> {
    await cancelExecution(transaction, execution, this.ports.clock.now(), reason);
  }

  private async send({ recommendation, execution }: Claim): Promise<void> {
    const executor = this.executorOf(execution);
    if (recommendation.plan === null || executor === null) return;
    this.ports.failPoint?.('before-send');
    let outcome: ExecutionOutcome;
    try {
      outcome = await executor.execute(recommendation.plan, execution, recommendation);
    } catch (error) {
      outcome = {
        kind: 'unknown',
        detail: `the executor broke off: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown error'}`,
      };
    }
    this.ports.failPoint?.('after-send');
    await this.finish(execution, outcome, 'answer');
  }

  private async finish(sent: Execution, outcome: ExecutionOutcome, kind: 'answer' | 'lookup'): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(sent.id);
      if (execution === null) return [];
      // A callback was quicker, or another process took over after this one was thought dead.
      if (execution.state !== 'dispatching' || execution.startedAtMs !== sent.startedAtMs) {
        await this.attempt(transaction, execution, kind, outcome.kind, outcome.detail);
        return [];
      }
      const done = await this.record(transaction, execution, outcome, kind, SYSTEM);
      this.ports.failPoint?.('before-record-commit');
      return done;
    });
    this.ports.failPoint?.('after-record-commit');
    this.tell(moved);
  }

  private async record(
    transaction: GovernanceTransaction,
    execution: Execution,
    outcome: ExecutionOutcome,
    kind: ExecutionAttempt['kind'],
    by: Actor,
  ): Promise<readonly Recommendation[]> {
    const recommendation = await transaction.recommendation(execution.recommendationId);
    if (recommendation === null) return [];
    const now = this.ports.clock.now();
    const detail = outcome.detail.slice(0, LONGEST_DETAIL_CHARACTERS);
    await transaction.updateExecution({ ...execution, state: outcome.kind, finishedAtMs: now, detail });
    await this.attempt(transaction, execution, kind, outcome.kind, detail);
    const moved = await moveTo(transaction, now, recommendation, outcome.kind, by, detail);
    if (outcome.kind !== 'failed') return [moved];
    const what = `"${recommendation.title}" could not be carried out: ${detail}`;
    const { policy, ids } = this.ports;
    const escalation = await insertEscalation(transaction, recommendation, what, policy(), ids.next(), now, SYSTEM);
    return escalation === null ? [moved] : [moved, escalation];
  }

  private async attempt(
    transaction: GovernanceTransaction,
    execution: Execution,
    kind: ExecutionAttempt['kind'],
    outcome: ExecutionAttempt['outcome'],
    detail: string,
  ): Promise<void> {
    const atMs = this.ports.clock.now();
    await transaction.insertAttempt({ executionId: execution.id, kind, outcome, atMs, detail: detail.slice(0, 1_000) });
  }

  /**
   * Settles what was being sent when its process died. Idempotent executors are sent the same execution id again; those
   * that can be asked are asked, and sent again only when it is proven that nothing arrived; all others are `unknown`.
   */
  private async settleInterrupted(): Promise<void> {
    const open = await this.ports.store.governance((transaction) => transaction.executions('dispatching'));
    const everything = this.ports.soleWriter && !this.restored;
    this.restored = true;
    for (const seen of open) {
      if (!everything && this.ports.clock.now() - (seen.startedAtMs ?? 0) < ABANDONED_AFTER_MS) continue;
      const claimed = await this.takeOver(seen);
      if (claimed === null) continue;
      const executor = this.executorOf(claimed.execution);
      if (executor?.repetition === 'idempotent') {
        await this.send(claimed);
        continue;
      }
      const { plan } = claimed.recommendation;
      const found =
        executor?.repetition === 'lookup' && plan !== null
          ? await executor.lookup(claimed.execution, plan).catch((error: unknown) => ({
              kind: 'unknown' as const,
              detail: `the lookup broke off: ${String(error).slice(0, 200)}`,
            }))
          : { kind: 'unknown' as const, detail: 'mlfi stopped while this was being sent; it is not sent again' };
      if (found.kind === 'not-received') await this.send(claimed);
      else await this.finish(claimed.execution, found, 'lookup');
    }
  }

  /** One process takes over an execution whose sender is gone; the sender's own answer no longer counts. */
  private async takeOver(seen: Execution): Promise<Claim | null> {
    return this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(seen.id);
      const recommendation = await transaction.recommendation(seen.recommendationId);
      if (execution?.state !== 'dispatching' || execution.startedAtMs !== seen.startedAtMs || recommendation === null)
        return null;
      const taken: Execution = {
        ...execution,
        startedAtMs: Math.max(this.ports.clock.now(), (execution.startedAtMs ?? 0) + 1),
      };
      await transaction.updateExecution(taken);
      await auditBy(transaction, this.ports.clock.now(), 'taken-over', SYSTEM, { execution: execution.id });
      return { recommendation, execution: taken };
    });
  }
}

/** Marks a queued execution as never started. */
export async function cancelExecution(
  transaction: GovernanceTransaction,
  execution: Execution,
  nowMs: number,
  reason: string,
): Promise<void> {
  const detail = `not started: ${reason}`;
  await transaction.updateExecution({ ...execution, state: 'cancelled', finishedAtMs: nowMs, detail });
  await transaction.insertAttempt({
    executionId: execution.id,
    kind: 'cancelled',
    outcome: 'cancelled',
    atMs: nowMs,
    detail,
  });
}
