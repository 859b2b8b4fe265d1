import { Mutex } from 'async-mutex';
import { SYSTEM } from '../domain/actor.js';
import { isSuspected } from '../domain/cause.js';
import type { Execution } from '../domain/decision.js';
import type { ExecutionId, ModelId } from '../domain/identifiers.js';
import type { Plan } from '../domain/executor.js';
import type { ExecutionOutcome, Executor, GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation } from '../domain/recommendation.js';
import { unlessAborted } from '../domain/unless-aborted.js';
import type { GovernancePorts, Publish } from './ports.js';
import { CAUSE_LEFT } from './proposals.js';
import { freezeAt } from './rules/freeze.js';
import { cancelExecution, type Settlement } from './settlement.js';
import { auditBy, moveTo } from './transition.js';

/** Longer than any executor's deadline (5 min at most): after this nobody is sending any more. */
export const ABANDONED_AFTER_MS = 600_000;

interface Claim {
  readonly recommendation: Recommendation;
  readonly execution: Execution;
}

/** What is said of an action whose answer a stop did not wait for. */
const STOPPED = 'sent, but mlfi stopped before its answer came; whether it acted is not known';

/** What came of an action that was claimed when nothing was waited for any more. */
const NOT_SENT: ExecutionOutcome = { kind: 'failed', detail: 'not sent: mlfi stopped' };

/** What an attempt says that repeats one whose process ended. */
const SENT_AGAIN = 'sent again, for mlfi ended before its answer came';

/**
 * Carries out what was approved, at most once: `dispatching` is committed before anything is sent. Actions on one model run
 * one after the other; a slow one holds up no other model, and nobody who votes.
 */
export class Dispatcher {
  /** The pass over a model's queue that is under way, and the one that waits for it: at most one of each. */
  private readonly running = new Map<ModelId, Promise<void>>();
  private readonly waiting = new Map<ModelId, Promise<void>>();
  private readonly dispatching = new Set<Promise<void>>();
  /** One claim at a time, so that a hundred queues do not all wait for a connection to the store. */
  private readonly claims = new Mutex();
  private interrupted: Promise<Set<ExecutionId>> | null = null;
  private stopped = false;

  constructor(
    private readonly ports: GovernancePorts,
    private readonly settlement: Settlement,
    private readonly publish: Publish,
    private readonly stopping: AbortSignal,
  ) {}

  /** Has the queue of a model, or of all, emptied in the background. */
  wake(model?: ModelId): void {
    void (model === undefined ? this.dispatch() : this.pass(model));
  }

  /** Resolves when everything that is queued now has been tried; never rejects. */
  dispatch(): Promise<void> {
    const done = this.dispatchAll();
    this.dispatching.add(done);
    void done.then(() => this.dispatching.delete(done));
    return done;
  }

  /** Resolves when no queue is being emptied. */
  async idle(): Promise<void> {
    while (this.dispatching.size + this.running.size + this.waiting.size > 0)
      await Promise.all([...this.dispatching, ...this.running.values(), ...this.waiting.values()]);
  }

  /** Nothing is claimed from now on; resolves when what is being sent has been settled, at the latest once `stopping` is aborted. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.idle();
  }

  private async dispatchAll(): Promise<void> {
    try {
      const models = await this.ports.store.governance((transaction) =>
        transaction.modelsWithExecutions(['queued', 'dispatching']),
      );
      await Promise.all(models.map((model) => this.pass(model)));
    } catch (error) {
      this.ports.logger.error({ error: String(error) }, 'dispatch failed');
    }
  }

  private pass(model: ModelId): Promise<void> {
    const known = this.waiting.get(model);
    if (known !== undefined) return known;
    const pass: Promise<void> = (this.running.get(model) ?? Promise.resolve()).then(async () => {
      this.waiting.delete(model);
      this.running.set(model, pass);
      try {
        await this.emptyQueue(model);
      } catch (error) {
        this.ports.logger.error({ model, error: String(error) }, 'dispatch failed');
      }
      this.running.delete(model);
    });
    this.waiting.set(model, pass);
    return pass;
  }

  private async emptyQueue(model: ModelId): Promise<void> {
    if (this.stopped) return;
    await this.settleInterrupted(model);
    const { store } = this.ports;
    for (const execution of await store.governance((transaction) =>
      transaction.executions({ state: 'queued', model }),
    )) {
      if (this.stopped) return;
      const claimed = await this.claims.runExclusive(() => this.claim(execution));
      if (claimed === null) continue;
      const isBegun = !this.stopping.aborted;
      await (isBegun ? this.send(claimed) : this.settlement.finish(claimed.execution, NOT_SENT, 'answer'));
    }
  }

  /** Checks the preconditions once more and commits `dispatching` before anything is sent. */
  private async claim(queued: Execution): Promise<Claim | null> {
    const result = await this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(queued.id);
      const recommendation = await transaction.recommendation(queued.recommendationId);
      if (execution?.state !== 'queued' || recommendation === null) return null;
      const now = this.ports.clock.now();
      if (recommendation.state !== 'approved') {
        await cancelExecution(transaction, execution, now, recommendation.state);
        return null;
      }
      const obstacle = await voidedBy(transaction, recommendation);
      const late = execution.queuedAtMs + recommendation.policy.startWithinMs <= now;
      if (obstacle !== null || late) {
        const reason = obstacle ?? 'it could not start in its start window';
        await cancelExecution(transaction, execution, now, reason);
        const to = obstacle === null ? 'expired' : 'withdrawn';
        return { moved: await moveTo(transaction, now, recommendation, to, SYSTEM, reason), claim: null };
      }
      if (await this.mustWait(transaction, recommendation)) return null;
      const started: Execution = { ...execution, state: 'dispatching', startedAtMs: now };
      await transaction.updateExecution(started);
      await this.settlement.addAttempt(transaction, started, 'sent', 'started', '');
      const moved = await moveTo(transaction, now, recommendation, 'dispatching', SYSTEM, '');
      this.ports.failPoint?.('before-claim-commit');
      return { moved, claim: { recommendation: moved, execution: started } };
    });
    if (result === null) return null;
    this.publish([result.moved]);
    return result.claim;
  }

  /** Whether it cannot start yet: executions are stopped or frozen, or another action on the model runs. */
  private async mustWait(transaction: GovernanceTransaction, { modelId: model }: Recommendation): Promise<boolean> {
    if (await this.areStopped(transaction)) return true;
    return (await transaction.executions({ state: 'dispatching', model })).length > 0;
  }

  /** Whether nothing is started now: by the kill switch or a freeze. */
  private async areStopped(transaction: GovernanceTransaction): Promise<boolean> {
    const policy = this.ports.policy();
    if (policy.killSwitch || (await transaction.killSwitch()).on) return true;
    return freezeAt(policy.freezes, this.ports.clock.now()) !== null;
  }

  private async send({ recommendation, execution }: Claim): Promise<void> {
    const executor = this.settlement.executorOf(execution);
    const { plan } = recommendation;
    if (plan === null || executor === null) return;
    this.ports.failPoint?.('before-send');
    let outcome: ExecutionOutcome;
    try {
      const answer = await unlessAborted(() => executor.execute(plan, execution, recommendation), this.stopping);
      outcome = answer ?? { kind: 'unknown', detail: STOPPED };
    } catch (error) {
      const said = error instanceof Error ? error.message.slice(0, 200) : 'unknown error';
      outcome = { kind: 'unknown', detail: `the executor failed: ${said}` };
    }
    this.ports.failPoint?.('after-send');
    await this.settlement.finish(execution, outcome, 'answer');
  }

  /**
   * Settles what was being sent when its process died. Idempotent executors are sent the same execution id again; those
   * that can be asked are asked, and sent again only when it is proven that nothing arrived; all others are `unknown`.
   */
  private async settleInterrupted(model: ModelId): Promise<void> {
    const interrupted = await this.interruptedBefore();
    const { store, clock } = this.ports;
    const open = await store.governance((transaction) => transaction.executions({ state: 'dispatching', model }));
    for (const seen of open) {
      // The next start finds it as it is.
      if (this.stopped) return;
      const abandoned = clock.now() - (seen.startedAtMs ?? 0) >= ABANDONED_AFTER_MS;
      if (!abandoned && !interrupted.has(seen.id)) continue;
      const claimed = await this.takeOver(seen);
      // It may be sent again: not while nothing is to be started. It is settled by a later pass then.
      if (claimed === 'stopped' || (claimed !== null && (await this.settleTakenOver(claimed)) === 'stopped')) continue;
      interrupted.delete(seen.id);
    }
  }

  /** What the only writer finds half-sent before it claims anything itself was its predecessor's. */
  private interruptedBefore(): Promise<Set<ExecutionId>> {
    const { store, soleWriter } = this.ports;
    if (!soleWriter) return Promise.resolve(new Set());
    this.interrupted ??= store
      .governance((transaction) => transaction.executions({ state: 'dispatching' }))
      .then(
        (executions) => new Set(executions.map(({ id }) => id)),
        (error: unknown) => {
          this.interrupted = null;
          throw error;
        },
      );
    return this.interrupted;
  }

  private async settleTakenOver(claimed: Claim): Promise<'stopped' | void> {
    const { execution, recommendation } = claimed;
    const executor = this.settlement.executorOf(execution);
    const { plan } = recommendation;
    const lookUp = (from: Executor, of: Plan): ReturnType<Executor['lookup']> =>
      from.lookup(execution, of).catch((error: unknown) => ({
        kind: 'unknown' as const,
        detail: `the lookup failed: ${String(error).slice(0, 200)}`,
      }));
    const found =
      executor?.repetition === 'lookup' && plan !== null
        ? await unlessAborted(() => lookUp(executor, plan), this.stopping)
        : { kind: 'unknown' as const, detail: 'mlfi stopped while this was being sent; it is not sent again' };
    // Nothing is known yet: the next start asks.
    if (found === null) return;
    if (executor?.repetition !== 'idempotent' && found.kind !== 'not-received')
      return this.settlement.finish(execution, found, 'lookup');
    if (this.stopped) return;
    const obstacle = await this.sentAgain(claimed);
    if (obstacle === 'stopped') return obstacle;
    // Somebody said meanwhile what became of it, or took it over.
    if (obstacle === 'settled') return;
    if (obstacle === null) return this.send(claimed);
    const kind = found.kind === 'not-received' ? 'failed' : 'unknown';
    return this.settlement.finish(execution, { kind, detail: `${found.detail}: ${obstacle}` }, 'lookup');
  }

  /** Commits that it is sent once more, unless nothing is to be started or the approval holds no longer. @returns why not, or null */
  private sentAgain({ recommendation, execution }: Claim): Promise<string | null> {
    return this.ports.store.governance(async (transaction) => {
      const now = await transaction.executionById(execution.id);
      if (now?.state !== 'dispatching' || now.startedAtMs !== execution.startedAtMs) return 'settled';
      if (await this.areStopped(transaction)) return 'stopped';
      const obstacle = await voidedBy(transaction, recommendation);
      if (obstacle === null) await this.settlement.addAttempt(transaction, execution, 'sent', 'started', SENT_AGAIN);
      return obstacle;
    });
  }

  /** One process takes over an execution whose sender is gone; the sender's own answer no longer counts. */
  private takeOver(seen: Execution): Promise<Claim | 'stopped' | null> {
    return this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(seen.id);
      const recommendation = await transaction.recommendation(seen.recommendationId);
      if (execution?.state !== 'dispatching' || execution.startedAtMs !== seen.startedAtMs || recommendation === null)
        return null;
      const repetition = this.settlement.executorOf(execution)?.repetition ?? 'none';
      if (repetition !== 'none' && (await this.areStopped(transaction))) return 'stopped';
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

/** Why the approval holds no longer, or null. Asked where it is claimed: an incident that closes then is closed before, or after. */
async function voidedBy(transaction: GovernanceTransaction, approved: Recommendation): Promise<string | null> {
  const incident = await transaction.incidents.get(approved.incidentId);
  if (incident === null || incident.closedAtMs !== null) return 'the incident is closed';
  const { proposedBy, followUpTo, cause } = approved;
  if (proposedBy.kind === 'system' && followUpTo === null && !isSuspected(incident.diagnosis, cause)) return CAUSE_LEFT;
  const model = await transaction.models.get(approved.modelId);
  if (model === null) return 'the model is no longer watched';
  const [now, then] = [model.versionLabel, approved.modelVersion];
  return now !== null && then !== null && now !== then
    ? `version ${now} is in service now, not ${then} as when this was proposed`
    : null;
}
