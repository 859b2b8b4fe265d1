import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import {
  countingExecutor,
  governanceOn,
  incident,
  model as modelInService,
  movableClock,
  person,
  policyOf,
  proposal,
} from '../../integration/governance/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'mlfi-executions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['dispatching', 'unknown'] as const)(
  'carries out the actions of other models though an execution that is %s is damaged, which fails for its own model',
  async (state) => {
    const file = join(folder, `${state}.sqlite`);
    let store = await openStore({ kind: 'sqlite', file });
    const { executors, sent } = countingExecutor();
    const { webhook } = executors;
    const started = (execute: typeof webhook.execute): Governance =>
      governanceOn(store, {
        clock: movableClock(1_000),
        ids: randomIds,
        policy: () => policyOf(1),
        soleWriter: true,
        executors: { ...executors, webhook: { ...webhook, repetition: 'lookup', execute } },
      });
    const approved = async (on: Governance, name: string): Promise<Recommendation> => {
      const model = { ...modelInService(), id: modelId(name) };
      await store.models.save(model);
      const open = { ...incident(`incident-of-${name}`), modelId: model.id };
      await store.incidents.save(open);
      const [proposed = expect.fail('nothing was proposed')] = await on.propose(open, [proposal()]);
      const { id, digest } = proposed;
      const ballot = { recommendation: id, digest, verdict: 'approve', reason: 'so be it', breakGlass: null } as const;
      await on.vote(ballot, person('ada'));
      return proposed;
    };
    const stateOf = async (on: Governance, { id }: Recommendation): Promise<string> =>
      (await on.record(id)).recommendation.state;
    let isSending = (): void => undefined;
    const sending = new Promise<void>((resolve) => (isSending = resolve));
    const killed = started(() => {
      isSending();
      return state === 'unknown'
        ? Promise.resolve({ kind: 'unknown', detail: 'no answer in time' })
        : new Promise(() => undefined);
    });
    const damaged = await approved(killed, 'damaged');
    killed.wake(modelId('damaged'));
    await sending;
    if (state === 'unknown') await killed.idle();
    expect(await stateOf(killed, damaged)).toBe(state);
    await store.close();
    const db = new DatabaseSync(file);
    db.prepare("update execution set document = '{}' where recommendation = ?").run(damaged.id);
    db.close();
    store = await openStore({ kind: 'sqlite', file });
    const restarted = started((...order) => webhook.execute(...order));
    const sound = await approved(restarted, 'sound');
    await restarted.dispatch();
    await restarted.sweep();
    await restarted.idle();
    expect([await stateOf(restarted, sound), sent.get(sound.id)]).toEqual(['succeeded', 1]);
    expect(sent.has(damaged.id)).toBe(false);
    const states = await store.governance(async (transaction) => ({
      damaged: (await transaction.recommendation(damaged.id))?.state,
      all: (await transaction.executions({ state })).length,
      own: await transaction.executions({ state, model: modelId('damaged') }).catch((error: unknown) => String(error)),
    }));
    expect(states).toMatchObject({ damaged: state, all: 0 });
    expect(states.own).toContain('damaged');
    await store.close();
  },
);

it('asks what became of an execution though the recommendation of one before it is damaged', async () => {
  const file = join(folder, 'looked-up.sqlite');
  let store = await openStore({ kind: 'sqlite', file });
  const { executors } = countingExecutor();
  const asked: string[] = [];
  const governed = (): Governance =>
    governanceOn(store, {
      clock: movableClock(1_000),
      ids: randomIds,
      policy: () => policyOf(1),
      soleWriter: true,
      executors: {
        ...executors,
        webhook: {
          ...executors.webhook,
          repetition: 'lookup',
          execute: () => Promise.resolve({ kind: 'unknown', detail: 'no answer in time' }),
          lookup({ recommendationId }) {
            asked.push(recommendationId);
            return Promise.resolve({ kind: 'succeeded', detail: 'it is there' });
          },
        },
      },
    });
  let governance = governed();
  const unknown: Recommendation[] = [];
  for (const name of ['damaged', 'sound']) {
    const model = { ...modelInService(), id: modelId(name) };
    await store.models.save(model);
    const open = { ...incident(`incident-of-${name}`), modelId: model.id };
    await store.incidents.save(open);
    const [proposed = expect.fail('nothing was proposed')] = await governance.propose(open, [proposal()]);
    const { id, digest } = proposed;
    await governance.vote(
      { recommendation: id, digest, verdict: 'approve', reason: 'so be it', breakGlass: null },
      person('ada'),
    );
    await governance.dispatch();
    await governance.idle();
    unknown.push(proposed);
  }
  const [damaged, sound] = unknown;
  await store.close();
  const db = new DatabaseSync(file);
  db.exec('drop trigger recommendation_no_update');
  db.prepare("update recommendation set document = '{}' where id = ?").run(damaged?.id ?? '');
  db.close();
  store = await openStore({ kind: 'sqlite', file });
  governance = governed();
  await governance.sweep();
  await governance.idle();
  expect(asked).toEqual([sound?.id]);
  const settled = sound === undefined ? undefined : await governance.record(sound.id);
  expect(settled?.recommendation.state).toBe('succeeded');
  await store.close();
});
