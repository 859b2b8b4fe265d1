import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import {
  countingExecutor,
  governanceOn,
  MODEL,
  movableClock,
  person,
  policyOf,
  prepared,
  proposal,
} from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-dropped-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  { table: 'recommendation', state: 'queued', ends: ['withdrawn', 'cancelled'] },
  { table: 'recommendation', state: 'dispatching', ends: ['inconclusive', 'unknown'] },
  { table: 'recommendation', state: 'unknown', ends: ['inconclusive', 'unknown'] },
  { table: 'execution', state: 'queued', ends: ['withdrawn', 'cancelled'] },
  { table: 'execution', state: 'dispatching', ends: ['inconclusive', 'unknown'] },
  { table: 'execution', state: 'unknown', ends: ['inconclusive', 'unknown'] },
])(
  'sends the next action of a model let go of with a damaged $table that is $state',
  async ({ table, state, ends }) => {
    const file = join(folder, `${table}-${state}.sqlite`);
    let store = await openStore({ kind: 'sqlite', file });
    const { executors, sent } = countingExecutor();
    const clock = movableClock(1_000);
    const errors: string[] = [];
    const quiet = (): void => undefined;
    const started = (execute: typeof executors.webhook.execute): Governance =>
      governanceOn(store, {
        clock,
        ids: randomIds,
        policy: () => policyOf(1),
        logger: { debug: quiet, info: quiet, warn: quiet, error: (_, message) => errors.push(message ?? '') },
        executors: { ...executors, webhook: { ...executors.webhook, execute } },
      });
    const approved = async (on: Governance, name: string): Promise<Recommendation> => {
      const [proposed = expect.fail('nothing was proposed')] = await on.propose(await prepared(store, name), [
        proposal(),
      ]);
      const { id: recommendation, digest } = proposed;
      const ballot = { recommendation, digest, verdict: 'approve', reason: 'so be it', breakGlass: null } as const;
      await on.vote(ballot, person('ada'));
      return proposed;
    };
    let isSending = (): void => undefined;
    const sending = new Promise<void>((resolve) => (isSending = resolve));
    const killed = started(() => {
      isSending();
      return state === 'unknown'
        ? Promise.resolve({ kind: 'unknown', detail: 'no answer in time' })
        : new Promise(() => undefined);
    });
    const old = await approved(killed, 'old');
    if (state !== 'queued') {
      killed.wake(MODEL);
      await sending;
    }
    if (state === 'unknown') await killed.idle();
    await store.close();
    const onFile = <T>(work: (db: DatabaseSync) => T): T => {
      const db = new DatabaseSync(file);
      try {
        return work(db);
      } finally {
        db.close();
      }
    };
    const key = table === 'execution' ? 'recommendation' : 'id';
    onFile((db) => {
      db.exec('drop trigger recommendation_no_update');
      db.prepare(`update ${table} set document = '{}' where ${key} = ?`).run(old.id);
    });
    const statesOf = (): unknown =>
      onFile((db) =>
        Object.values(
          db
            .prepare(
              'select r.state, e.state as execution from recommendation r join execution e on e.recommendation = r.id where r.id = ?',
            )
            .get(old.id) ?? {},
        ),
      );
    expect(statesOf()).toEqual([{ queued: 'approved', dispatching: 'dispatching', unknown: 'unknown' }[state], state]);
    store = await openStore({ kind: 'sqlite', file });
    expect(await store.models.drop(MODEL)).toEqual({ deleted: 0, kept: 1 });
    clock.advance(1_200_000);
    const anew = started((...order) => executors.webhook.execute(...order));
    const fresh = await approved(anew, 'new');
    await anew.dispatch();
    await anew.sweep();
    await anew.idle();
    expect([(await anew.record(fresh.id)).recommendation.state, sent.get(fresh.id)]).toEqual(['succeeded', 1]);
    expect([sent.has(old.id), errors]).toEqual([false, []]);
    const executionOf = await store.governance((transaction) => transaction.execution(old.id).catch(String));
    expect(executionOf).toEqual(
      table === 'execution' ? expect.stringContaining('damaged') : expect.objectContaining({ state: ends[1] }),
    );
    await store.close();
    expect(statesOf()).toEqual(ends);
  },
);
