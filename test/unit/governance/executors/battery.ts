import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import type { Executor } from '../../../../exporter/src/domain/ports.js';
import type { ActionId } from '../../../../exporter/src/domain/recommendation.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { Loopback, type Fault } from './loopback.js';
import { CANARY, CLOSED, egressOf, LOOPBACK, newExecution, planOf, portsOf, recommendationOf } from './setting.js';
import type { ExecutorId, Plan } from '../../../../exporter/src/domain/executor.js';

/** A server of the executor's kind, in memory. */
export interface Arena {
  readonly server: Loopback;
  readonly targets: readonly AnyActionTarget[];
  readonly action: ActionId;
  /** Everything the server holds that an action may change; must be the same before and after a dry run. */
  readonly state: () => unknown;
  /** Patience of the executor's calls; real servers need more. */
  readonly timeoutMs?: number;
  /** Ends what stands behind the server. */
  readonly stop?: () => Promise<void>;
  /** How often the server has acted. */
  readonly effects: () => number | Promise<number>;
}

export interface Conformance {
  readonly executor: ExecutorId;
  readonly repetition: Executor['repetition'];
  /** The same execution id sent twice acts once. */
  readonly onceDespiteRepetition: boolean;
  readonly lookup: { readonly provesReceived: boolean; readonly provesNotReceived: boolean };
  readonly arena: () => Promise<Arena>;
}

const TIMEOUT_MS = 1_000;
const AFTER_SENDING: readonly (readonly [string, Fault])[] = [
  ['an answer that never comes', 'silent'],
  ['a connection reset after it acted', 'reset'],
  ['a connection reset before it acted', 'reset-unheard'],
  ['half an answer', 'half-answer'],
  ['500', { status: 500, body: { message: `oops ${CANARY}` } }],
  ['503', { status: 503 }],
];

/** What every executor that calls a server must keep. */
export function conformance(wanted: Conformance): void {
  describe(`${wanted.executor}: the battery`, () => {
    let arena: Arena;
    const clients: { close(): Promise<void> }[] = [];
    let configuredTargets: readonly AnyActionTarget[];
    let executor: Executor;
    let plan: Plan;

    const ready = (policy = LOOPBACK): void => {
      const http = egressOf(policy);
      clients.push(http);
      executor = createExecutors(
        portsOf(http, () => configuredTargets),
        () => Promise.resolve(),
      )[wanted.executor];
    };
    const execute = (execution = newExecution(plan)) => executor.execute(plan, execution, recommendationOf(plan));

    beforeEach(async () => {
      arena = await wanted.arena();
      configuredTargets = arena.targets.map((target) => ({ ...target, timeoutMs: arena.timeoutMs ?? TIMEOUT_MS }));
      ready();
      plan = planOf(configuredTargets, arena.action);
      plan = (await executor.resolve?.(plan)) ?? plan;
      arena.server.requests.length = 0;
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.close();
      await arena.server.close();
      await arena.stop?.();
    });

    it('declares what a repetition does', () => {
      expect(executor.id).toBe(wanted.executor);
      expect(executor.repetition).toBe(wanted.repetition);
    });

    it('changes nothing in a dry run, and says what it would do without a secret', async () => {
      const before = structuredClone(await arena.state());
      const prepared = await executor.prepare(plan);
      expect(prepared.kind === 'ready' ? prepared.text : prepared.reason).toMatch(/^would /);
      expect(await arena.state()).toEqual(before);
      expect(await arena.effects()).toBe(0);
      expect(JSON.stringify(prepared)).not.toContain(CANARY);
    });

    it('acts once and says so', async () => {
      expect(await execute()).toMatchObject({ kind: 'succeeded' });
      expect(await arena.effects()).toBe(1);
    });

    it('names in the plan all that it sends to the place', async () => {
      await execute();
      const secretsSent = arena.server.requests.flatMap(({ headers }) => headers.authorization ?? []);
      expect(JSON.stringify(plan)).not.toContain(CANARY);
      for (const sent of secretsSent) expect(sent).toContain(CANARY);
    });

    if (wanted.onceDespiteRepetition) {
      it('acts once when the same execution is sent twice', async () => {
        const execution = newExecution(plan);
        expect(await execute(execution)).toMatchObject({ kind: 'succeeded' });
        expect(await execute(execution)).toMatchObject({ kind: 'succeeded' });
        expect(await arena.effects()).toBe(1);
      });
    }

    it.each(AFTER_SENDING)('calls %s unknown, never failed', async (_name, fault) => {
      arena.server.fault = fault;
      const outcome = await execute();
      expect(outcome.kind).toBe('unknown');
      expect(outcome.detail).not.toContain(CANARY);
    });

    it.each([400, 401, 403, 404, 422, 429])(
      'calls a refusal with %i failed, in words without the secret',
      async (status) => {
        arena.server.fault = { status, body: { message: `no: Authorization: Bearer ${CANARY}` } };
        const before = structuredClone(await arena.state());
        const outcome = await execute();
        expect(outcome).toMatchObject({ kind: 'failed' });
        expect(outcome.detail).toContain(String(status));
        expect(outcome.detail).not.toContain(CANARY);
        expect(await arena.state()).toEqual(before);
      },
    );

    it.each([301, 302, 303, 307, 308])('never follows a redirect (%i)', async (status) => {
      const elsewhere = await Loopback.start(() => ({ status: 200, body: {} }));
      try {
        arena.server.fault = { status, location: `${elsewhere.url}/x` };
        const outcome = await execute();
        expect(outcome.kind).not.toBe('succeeded');
        expect(elsewhere.requests).toEqual([]);
      } finally {
        await elsewhere.close();
      }
    });

    it('fails clearly when the address may not be called', async () => {
      ready(CLOSED);
      const outcome = await execute();
      expect(outcome).toMatchObject({ kind: 'failed' });
      expect(outcome.detail).toMatch(/^not sent: .*egress\.allow/);
      expect(arena.server.requests).toEqual([]);
    });

    it('fails, not unknown, when nothing listens', async () => {
      await arena.server.close();
      const outcome = await execute();
      expect(outcome).toMatchObject({ kind: 'failed' });
      expect(outcome.detail).toMatch(/^not sent: /);
    });

    it('sends nothing once its target is configured otherwise than approved', async () => {
      const targets = configuredTargets;
      configuredTargets = [];
      expect(await execute()).toMatchObject({ kind: 'failed', detail: expect.stringContaining('not sent') as string });
      expect((await executor.prepare(plan)).kind).toBe('impossible');
      configuredTargets = targets.map((target) => ({ ...target, models: ['another-model'] }));
      expect((await execute()).kind).toBe('failed');
      configuredTargets = targets.map((target) => ({ ...target, actions: ['recalibrate'] }));
      expect((await execute()).kind).toBe('failed');
      expect(arena.server.requests).toEqual([]);
    });

    it('tells by lookup whether an execution arrived, and claims no more than that', async () => {
      const received = newExecution(plan);
      arena.server.fault = 'silent';
      expect((await execute(received)).kind).toBe('unknown');
      arena.server.fault = null;
      const found = await executor.lookup(received, plan);
      expect(found.kind).toBe(wanted.lookup.provesReceived ? 'succeeded' : 'unknown');
    });

    it('tells by lookup that an execution did not arrive, or leaves it open', async () => {
      const lost = newExecution(plan);
      arena.server.fault = 'silent-unheard';
      expect((await execute(lost)).kind).toBe('unknown');
      arena.server.fault = null;
      const found = await executor.lookup({ ...lost, startedAtMs: (lost.startedAtMs ?? 0) - 600_000 }, plan);
      expect(found.kind).toBe(wanted.lookup.provesNotReceived ? 'not-received' : 'unknown');
    });

    it('leaves a lookup open that gets no answer', async () => {
      const execution = newExecution(plan);
      await arena.server.close();
      expect((await executor.lookup(execution, plan)).kind).toBe('unknown');
    });
  });
}
