import { expect, it } from 'vitest';
import { Conflict } from '../../../exporter/src/domain/errors.js';
import { recommendationId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Executors } from '../../../exporter/src/governance/executors/index.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import {
  countingExecutor,
  governanceOn,
  movableClock,
  person,
  prepared,
  proposal,
} from '../../integration/governance/harness.js';
import { storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();

const ANN = person('ann');
const { executors } = countingExecutor();
const statesOf = async ({ id: incident }: Pick<Incident, 'id'>): Promise<readonly string[]> =>
  (await file.store.decisions.list({ incident, limit: 10 })).map(
    ({ recommendation: { action, state } }) => `${action} ${state}`,
  );

it('refuses a proposal whose incident was closed while the target was asked what it means', async () => {
  let answer = (): void => undefined;
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tell = resolve));
  const slow: Executors = {
    ...executors,
    webhook: {
      ...executors.webhook,
      async resolve(plan) {
        tell();
        await new Promise<void>((resolve) => (answer = resolve));
        return plan;
      },
    },
  };
  const governance = governanceOn(file.store, { executors: slow, clock: systemClock, ids: randomIds });
  const open = await prepared(file.store, 'closed-meanwhile');
  const proposed = governance.proposeBy(open, proposal(), ANN);
  await asked;
  await file.store.incidents.save({ ...open, closedAtMs: systemClock.now() });
  await governance.withdraw(open, 'the incident closed');
  answer();
  await expect(proposed).rejects.toBeInstanceOf(Conflict);
  expect(await statesOf(open)).toEqual([]);
});

it('withdraws what a crash at its close has left on the table, and no follow-up that was made later', async () => {
  const clock = movableClock(1_000_000);
  const governance = governanceOn(file.store, { executors, clock, ids: randomIds });
  const open = await prepared(file.store, 'left');
  const still = await prepared(file.store, 'still-open');
  const advice = { ...proposal('investigate', 'Look into it'), plan: null };
  await governance.proposeBy(open, proposal(), ANN);
  await governance.proposeBy(open, advice, ANN);
  await governance.proposeBy(still, proposal(), ANN);
  clock.advance(1_000);
  await file.store.incidents.save({ ...open, closedAtMs: clock.now() });
  clock.advance(1_000);
  const [made] = await file.store.decisions.list({ incident: open.id, limit: 1 });
  const { recommendation } = made ?? expect.fail('nothing was proposed');
  await file.store.governance((transaction) =>
    transaction.insertRecommendation({
      ...recommendation,
      id: recommendationId('follow-up'),
      action: 'rollback',
      followUpTo: recommendation.id,
      createdAtMs: clock.now(),
    }),
  );
  await governance.sweep();
  expect([...(await statesOf(open))].sort()).toEqual([
    'investigate withdrawn',
    'retrain withdrawn',
    'rollback pending',
  ]);
  expect(await statesOf(still)).toEqual(['retrain pending']);
  await governance.stop();
});

it('proposes anew what names the version before, once another one is in service', async () => {
  const governance = governanceOn(file.store, { executors, clock: movableClock(1_000_000), ids: randomIds });
  const open = await prepared(file.store, 'other-version');
  const inService = async (versionLabel: string): Promise<void> => {
    const model = (await file.store.models.get(open.modelId)) ?? expect.fail('there is no model');
    await file.store.models.save({ ...model, versionLabel });
  };
  await inService('v1');
  const [first] = await governance.propose(open, [proposal()]);
  await inService('v2');
  const [second] = await governance.propose(open, [proposal()]);
  const [third] = await governance.propose(open, [proposal()]);
  expect([first, second].map((made) => made?.modelVersion)).toEqual(['v1', 'v2']);
  expect(third?.id).toBe(second?.id);
  expect([...(await statesOf(open))].sort()).toEqual(['retrain pending', 'retrain withdrawn']);
  await governance.stop();
});
