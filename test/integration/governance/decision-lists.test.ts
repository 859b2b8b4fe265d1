import { NOTHING_ASIDE } from '../../../exporter/src/store/documents.js';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executionId, modelId, recommendationId, voteId } from '../../../exporter/src/domain/identifiers.js';
import type { Store } from '../../../exporter/src/domain/ports.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { readDecisionCounts } from '../../../exporter/src/store/decision-counts.js';
import { decisionRepository } from '../../../exporter/src/store/decisions.js';
import { openStore, type StoreLocation } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { allExecutors, governanceOn, incident, model, MODEL, person, policyOf, proposal } from './harness.js';
import { testStores } from '../servers/stores.js';

const stores = testStores();
/** Nothing is found any more, by enough rows. */
const RECOVERED = { findings: [], blind: new Set<string>(), seenSince: () => ({ rows: 100, abnormal: [] }) };
beforeAll(() => stores.start());
afterAll(() => stores.stop());

/** Counts the statements of what reads through it. */
function counted(location: StoreLocation): { readonly db: Knex; readonly statements: () => number } {
  const db =
    location.kind === 'sqlite'
      ? knex({ client: 'sqlite3', connection: { filename: location.file }, useNullAsDefault: true })
      : knex({ client: 'pg', connection: location.url });
  let count = 0;
  db.on('query', () => (count += 1));
  return {
    db,
    statements: () => {
      const since = count;
      count = 0;
      return since;
    },
  };
}

describe.each(stores.kinds)('decisions in %s', (kind) => {
  async function world(): Promise<{
    readonly store: Store;
    readonly location: StoreLocation;
    readonly governance: Governance;
    readonly prepared: () => number;
  }> {
    const location = stores.fresh(kind);
    const store = await openStore(location);
    let prepared = 0;
    const governance = governanceOn(store, {
      clock: systemClock,
      ids: randomIds,
      policy: () => policyOf(1),
      executors: allExecutors({
        repetition: 'none',
        prepare: () => {
          prepared += 1;
          return Promise.resolve({ kind: 'ready', text: 'would do it' });
        },
        execute: () => Promise.resolve({ kind: 'succeeded', detail: 'done' }),
        lookup: () => Promise.resolve({ kind: 'unknown', detail: '' }),
      }),
    });
    await store.models.save(model());
    return { store, location, governance, prepared: () => prepared };
  }

  async function decided({ store, governance }: Awaited<ReturnType<typeof world>>, i: number): Promise<Recommendation> {
    const open = incident(`i${i}`);
    await store.incidents.save(open);
    const [made] = await governance.propose(open, [proposal()]);
    if (made === undefined) return expect.fail('nothing was proposed');
    const { id: recommendation, digest } = made;
    const request = { recommendation, digest, verdict: 'approve', reason: 'looked at it', breakGlass: null } as const;
    await governance.vote(request, person('ada'));
    return made;
  }

  /** As many more decisions like this one, in one transaction. */
  async function repeated(store: Store, { id: first }: Recommendation, times: number): Promise<void> {
    const { recommendation, votes, execution, attempts } =
      (await store.decisions.get(first)) ?? expect.fail('there is no decision to repeat');
    if (execution === null) return expect.fail('nothing was executed');
    await store.governance(async (transaction) => {
      for (let i = 0; i < times; i += 1) {
        const id = recommendationId(`${first}-${i}`);
        const executed = { ...execution, id: executionId(`${execution.id}-${i}`), recommendationId: id };
        await transaction.insertRecommendation({ ...recommendation, id });
        for (const vote of votes)
          await transaction.insertVote({ ...vote, id: voteId(`${vote.id}-${i}`), recommendationId: id });
        await transaction.insertExecution(executed);
        for (const attempt of attempts) await transaction.insertAttempt({ ...attempt, executionId: executed.id });
      }
    });
  }

  it('are listed with five statements, counted with ten, and no target is asked, for one as for five hundred', async () => {
    const here = await world();
    const { db, statements } = counted(here.location);
    const read = async (): Promise<readonly [number, number, number]> => {
      const listed = await decisionRepository(db, NOTHING_ASIDE).list({ model: MODEL, limit: 1_000 });
      for (const { votes, execution, attempts, recommendation } of listed) {
        expect(recommendation.state).toBe('succeeded');
        expect([votes.length, execution?.state, attempts.map(({ kind: what }) => what)]).toEqual([
          1,
          'succeeded',
          ['sent', 'answer'],
        ]);
      }
      const forList = statements();
      const counts = await readDecisionCounts(db);
      expect(counts.models.get(MODEL)?.executions).toEqual([{ executor: 'webhook', count: listed.length, failed: 0 }]);
      expect(counts.votes).toEqual({ approve: listed.length, reject: 0 });
      return [listed.length, forList, statements()];
    };
    const first = await decided(here, 0);
    await here.governance.dispatch();
    expect(await read()).toEqual([1, 5, 10]);
    await repeated(here.store, first, 499);
    expect(await read()).toEqual([500, 5, 10]);
    expect(await here.governance.records({ model: MODEL, pendingOnly: false, limit: 1_000 })).toHaveLength(500);
    expect(here.prepared()).toBe(0);
    await db.destroy();
    await here.store.close();
  });

  it('ask a target for the dry run of one that is looked at', async () => {
    const here = await world();
    const made = await decided(here, 0);
    const record = await here.governance.record(made.id);
    expect([record.dryRun, here.prepared()]).toEqual(['would do it', 1]);
    await here.store.close();
  });

  it('say with one statement whether an action is under way', async () => {
    const here = await world();
    const { db, statements } = counted(here.location);
    const underWay = (i: number): Promise<boolean> =>
      decisionRepository(db, NOTHING_ASIDE).isActionUnderWay(incident(`i${i}`).id);
    const advice = incident('i1');
    await here.store.incidents.save(advice);
    const [made] = await here.governance.propose(advice, [{ ...proposal(), plan: null }]);
    if (made === undefined) return expect.fail('nothing was proposed');
    expect(await underWay(1)).toBe(false);
    const { id: recommendation, digest } = made;
    const request = { recommendation, digest, verdict: 'approve', reason: 'looked at it', breakGlass: null } as const;
    await here.governance.vote(request, person('ada'));
    // Nobody knows when a person will act on advice.
    expect(await underWay(1)).toBe(false);
    await decided(here, 2);
    // It ends with the cause it was approved for.
    expect(await underWay(2)).toBe(false);
    await here.governance.dispatch();
    expect(await underWay(2)).toBe(true);
    await here.governance.verify(incident('i2'), RECOVERED, systemClock.now() + 2_000);
    await here.governance.verify(incident('i2'), RECOVERED, systemClock.now() + 9_000);
    expect(await underWay(2)).toBe(false);
    expect(statements()).toBe(5);
    const counts = await readDecisionCounts(db);
    expect(counts.models.get(MODEL)?.verifications).toEqual({ recovered: 1 });
    await db.destroy();
    await here.store.close();
  });

  it('are counted per model: the most urgent open one, the oldest that waits, and executions by executor and outcome', async () => {
    const { store, location, governance } = await world();
    const { db } = counted(location);
    const [other, template] = [modelId('other'), modelId('template')];
    await store.incidents.save({ ...incident('i'), modelId: template });
    const [base] = await governance.propose({ ...incident('i'), modelId: template }, [proposal()]);
    if (base === undefined) return expect.fail('nothing was proposed');
    await store.governance(async (transaction) => {
      const rows = [
        { id: 'r1', modelId: MODEL, priority: 'LOW', state: 'pending', createdAtMs: 10 },
        { id: 'r2', modelId: MODEL, priority: 'HIGH', state: 'pending', createdAtMs: 30, title: 'second' },
        { id: 'r3', modelId: MODEL, priority: 'HIGH', state: 'approved', createdAtMs: 20, title: 'first' },
        { id: 'r4', modelId: MODEL, priority: 'CRITICAL', state: 'rejected', createdAtMs: 5 },
        { id: 'r5', modelId: other, priority: 'MEDIUM', state: 'unknown', createdAtMs: 1, title: 'other' },
        { id: 'r6', modelId: other, priority: 'LOW', state: 'failed', createdAtMs: 1 },
      ] as unknown as Partial<Recommendation>[];
      for (const row of rows) await transaction.insertRecommendation({ ...base, ...row });
      const times = { queuedAtMs: 1, startedAtMs: 1, finishedAtMs: 1, detail: '' };
      for (const [id, executor, state] of [
        ['r3', 'webhook', 'queued'],
        ['r5', 'command', 'unknown'],
        ['r6', 'command', 'failed'],
      ] as const)
        await transaction.insertExecution({
          id: executionId(`e-${id}`),
          recommendationId: id as Recommendation['id'],
          executor,
          state,
          ...times,
        });
    });
    const { models } = await readDecisionCounts(db);
    expect(models.get(MODEL)).toMatchObject({
      recommendations: { pending: 2, approved: 1, rejected: 1 },
      oldestPendingAtMs: 10,
      top: { priority: 'HIGH', state: 'approved', title: 'first' },
      executions: [{ executor: 'webhook', count: 1, failed: 0 }],
      executionsUnknown: 0,
    });
    expect(models.get(other)).toMatchObject({
      oldestPendingAtMs: null,
      top: { state: 'unknown', title: 'other' },
      executions: [{ executor: 'command', count: 2, failed: 1 }],
      executionsUnknown: 1,
    });
    const queues = (of: typeof MODEL): Promise<readonly string[]> =>
      store.governance(async (transaction) =>
        (await transaction.executions({ state: 'unknown', model: of })).map(({ id }) => id),
      );
    expect([await queues(MODEL), await queues(other)]).toEqual([[], ['e-r5']]);
    await db.destroy();
    await store.close();
  });
});
