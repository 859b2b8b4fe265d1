import { mkdtempSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import {
  approvedAction,
  damageDecision,
  deciding,
  hangingExecutor,
  lostAnswer,
  StoreInFile,
} from '../../fixtures/approved-action.js';
import { MODEL } from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-dropped-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of a recommendation and of its execution. */
const statesOf = (db: DatabaseSync, { id }: Recommendation): readonly unknown[] =>
  Object.values(
    db
      .prepare(
        'select r.state, e.state as execution from recommendation r join execution e on e.recommendation = r.id where r.id = ?',
      )
      .get(id) ?? {},
  );

it.each([
  { table: 'recommendation', state: 'queued', ends: ['withdrawn', 'cancelled'] },
  { table: 'recommendation', state: 'dispatching', ends: ['inconclusive', 'unknown'] },
  { table: 'recommendation', state: 'unknown', ends: ['inconclusive', 'unknown'] },
  { table: 'execution', state: 'queued', ends: ['withdrawn', 'cancelled'] },
  { table: 'execution', state: 'dispatching', ends: ['inconclusive', 'unknown'] },
  { table: 'execution', state: 'unknown', ends: ['inconclusive', 'unknown'] },
] as const)(
  'sends the next action of a model let go of with a damaged $table that is $state',
  async ({ table, state, ends }) => {
    const file = await StoreInFile.open(join(folder, `${table}-${state}.sqlite`));
    const { clock, on, sent, errors } = deciding();
    const { webhook, sending } = hangingExecutor();
    const killed = on(file.store, state === 'unknown' ? lostAnswer : webhook);
    const { recommendation: old } = await approvedAction(file.store, killed, { name: 'old' });
    if (state !== 'queued') {
      killed.wake(MODEL);
      await (state === 'unknown' ? killed.idle() : sending);
    }
    const before = await file.meanwhile((db) => {
      damageDecision(db, table, old);
      return statesOf(db, old);
    });
    expect(before).toEqual([state === 'queued' ? 'approved' : state, state]);
    expect(await file.store.models.drop(MODEL, false)).toEqual({ deleted: 0, kept: 1 });
    clock.advance(1_200_000);
    const anew = on(file.store);
    const { recommendation: fresh } = await approvedAction(file.store, anew, { name: 'new' });
    await anew.dispatch();
    await anew.sweep();
    await anew.idle();
    expect([(await anew.record(fresh.id)).recommendation.state, sent.get(fresh.id)]).toEqual(['succeeded', 1]);
    expect([sent.has(old.id), errors]).toEqual([false, []]);
    const executionOf = await file.store.governance((transaction) => transaction.execution(old.id).catch(String));
    expect(executionOf).toEqual(
      table === 'execution' ? expect.stringContaining('damaged') : expect.objectContaining({ state: ends[1] }),
    );
    expect(await file.closed((db) => statesOf(db, old))).toEqual(ends);
  },
);
