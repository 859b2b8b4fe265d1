import { SYSTEM, type Actor } from '../domain/actor.js';
import type { Execution, ExecutionAttempt } from '../domain/decision.js';
import { Conflict, NotFound } from '../domain/errors.js';
import type { ExecutionId } from '../domain/identifiers.js';
import type { ExecutionOutcome, Executor, GovernanceTransaction } from '../domain/ports.js';
import type { Recommendation } from '../domain/recommendation.js';
import { unlessAborted } from '../domain/unless-aborted.js';
import type { GovernancePorts, Publish } from './ports.js';
import { insertEscalation } from './revision.js';
import { auditBy, moveTo, tell } from './transition.js';

const LOOKED_UP_FOR_MS = 86_400_000;
const LONGEST_DETAIL_CHARACTERS = 1_000;

/** Records what became of executions; only while they are open, so that late and repeated answers change nothing. */
export class Settlement {
  private lookups: Promise<void> | null = null;

  constructor(
    private readonly ports: GovernancePorts,
    private readonly publish: Publish,
    private readonly stopping: AbortSignal,
  ) {}

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
        await this.addAttempt(transaction, execution, source, outcome.kind, outcome.detail);
        await auditBy(transaction, this.ports.clock.now(), 'contradiction', by, {
          execution: id,
          recorded: execution.state,
          said: outcome.kind,
        });
        return [];
      }
      return this.record(transaction, execution, outcome, source, by);
    });
    this.publish(moved);
  }

  /** Records the answer to what this process sent. */
  async finish(sent: Execution, outcome: ExecutionOutcome, kind: 'answer' | 'lookup'): Promise<void> {
    const moved = await this.ports.store.governance(async (transaction) => {
      const execution = await transaction.executionById(sent.id);
      if (execution === null) return [];
      // A callback was quicker, or another process took over after this one was thought dead.
      if (execution.state !== 'dispatching' || execution.startedAtMs !== sent.startedAtMs) {
        await this.addAttempt(transaction, execution, kind, outcome.kind, outcome.detail);
        return [];
      }
      const done = await this.record(transaction, execution, outcome, kind, SYSTEM);
      this.ports.failPoint?.('before-record-commit');
      return done;
    });
    this.ports.failPoint?.('after-record-commit');
    this.publish(moved);
  }

  /** Asks the executors that can be asked what became of executions whose answer was lost; one round at a time. */
  lookUpInBackground(): void {
    this.lookups ??= this.lookUpUnknown()
      .catch((error: unknown) => this.ports.logger.error({ error: String(error) }, 'looking executions up failed'))
      .finally(() => {
        this.lookups = null;
      });
  }

  /** Resolves when nothing is being looked up. */
  async idle(): Promise<void> {
    await this.lookups;
  }

  executorOf(execution: Execution): Executor | null {
    return execution.executor === 'person' ? null : this.ports.executors[execution.executor];
  }

  async addAttempt(
    transaction: GovernanceTransaction,
    execution: Execution,
    kind: ExecutionAttempt['kind'],
    outcome: ExecutionAttempt['outcome'],
    detail: string,
  ): Promise<void> {
    const atMs = this.ports.clock.now();
    const short = detail.slice(0, LONGEST_DETAIL_CHARACTERS);
    await transaction.insertAttempt({ executionId: execution.id, kind, outcome, atMs, detail: short });
  }

  private async lookUpUnknown(): Promise<void> {
    const { store, clock } = this.ports;
    const unknown = await store.governance((transaction) => transaction.executions({ state: 'unknown' }));
    const now = clock.now();
    for (const execution of unknown) {
      if (this.stopping.aborted) return;
      const executor = this.executorOf(execution);
      if (executor?.repetition !== 'lookup' || now - (execution.finishedAtMs ?? now) > LOOKED_UP_FOR_MS) continue;
      // Each by itself: one whose recommendation is damaged keeps no other from being asked about.
      await this.lookUp(execution, executor).catch((error: unknown) =>
        this.ports.logger.error({ execution: execution.id, error: String(error) }, 'looking it up failed'),
      );
    }
  }

  private async lookUp(execution: Execution, executor: Executor): Promise<void> {
    const recommendation = await this.ports.store.governance((transaction) =>
      transaction.recommendation(execution.recommendationId),
    );
    const plan = recommendation?.plan ?? null;
    if (plan === null) return;
    const found = await unlessAborted(() => executor.lookup(execution, plan), this.stopping);
    if (found === null || found.kind === 'unknown') return;
    const detail = found.kind === 'not-received' ? `it never arrived: ${found.detail}` : found.detail;
    const kind = found.kind === 'succeeded' ? 'succeeded' : 'failed';
    await this.settle(execution.id, { kind, detail }, 'lookup', SYSTEM);
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
    // The clock may have been set back meanwhile: nothing is over before it began.
    const finishedAtMs = Math.max(now, execution.startedAtMs ?? execution.queuedAtMs);
    await transaction.updateExecution({ ...execution, state: outcome.kind, finishedAtMs, detail });
    await this.addAttempt(transaction, execution, kind, outcome.kind, detail);
    const moved = await moveTo(transaction, now, recommendation, outcome.kind, by, detail);
    const isOnlyTaken = kind === 'answer' && execution.executor === 'webhook' && outcome.kind === 'succeeded';
    const word = isOnlyTaken ? 'taken' : outcome.kind;
    const said = (title: string): string =>
      kind === 'person' ? `${by.name}: ${title} ${word}. ${detail}` : `${title}: ${word}. ${detail}`;
    await tell(transaction, now, moved, 'execution', said);
    if (outcome.kind !== 'failed') return [moved];
    // Once its incident is closed there is nothing to look into.
    if ((await transaction.incidents.get(recommendation.incidentId))?.closedAtMs !== null) return [moved];
    const what = `"${recommendation.title}" could not be carried out: ${detail}`;
    const { policy, ids } = this.ports;
    const escalation = await insertEscalation(transaction, recommendation, what, policy(), ids.next(), now, SYSTEM);
    return escalation === null ? [moved] : [moved, escalation];
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
  const finishedAtMs = Math.max(nowMs, execution.queuedAtMs);
  await transaction.updateExecution({ ...execution, state: 'cancelled', finishedAtMs, detail });
  await transaction.insertAttempt({
    executionId: execution.id,
    kind: 'cancelled',
    outcome: 'cancelled',
    atMs: nowMs,
    detail,
  });
}
