import { expect, it } from 'vitest';
import { Conflict } from '../../../exporter/src/domain/errors.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { Lesson } from '../../../exporter/src/domain/lesson.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import type { Clock, Store } from '../../../exporter/src/domain/ports.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { createIncidentManager, type IncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
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
  silentLogger,
} from '../../integration/governance/harness.js';
import { evaluated, FIRM_AT_ONCE, NEVER_REFUSED } from '../incidents/fixtures.js';
import { storeOfTheFile } from './scheduled-store.js';

const file = storeOfTheFile();

/** More calls of the store than anything here takes. */
const MOST_CALLS = 100;

/** The same store, which has something else happen first when it is called for the so-manieth time. */
function interruptedAt(call: number, meanwhile: () => Promise<void>): Store {
  let calls = 0;
  const called = async (): Promise<void> => {
    calls += 1;
    if (calls === call) await meanwhile();
  };
  const { incidents, models, decisions } = file.store;
  return {
    ...file.store,
    governance: async (work) => (await called(), file.store.governance(work)),
    incidents: {
      ...incidents,
      get: async (id) => (await called(), incidents.get(id)),
      save: async (row, entries) => (await called(), incidents.save(row, entries)),
    },
    models: { ...models, get: async (id) => (await called(), models.get(id)) },
    decisions: {
      ...decisions,
      list: async (filter) => (await called(), decisions.list(filter)),
      isActionUnderWay: async (...asked) => (await called(), decisions.isActionUnderWay(...asked)),
    },
  };
}

let worlds = 0;

/** A model in service with an open incident, and a governance in which one vote decides; `sent` as it happens. */
async function world() {
  const name = `fraud-${(worlds += 1)}`;
  const model: Model = { ...modelInService(), id: modelId(name) };
  await file.store.models.save(model);
  const row = incident(`incident-of-${name}`);
  const open: IncidentRow = { ...row, modelId: model.id };
  await file.store.incidents.save(open);
  const clock = movableClock(1_000);
  const happened: string[] = [];
  const answer = { isLost: false, isRefusal: false };
  const { executors } = countingExecutor();
  const { webhook } = executors;
  const governanceOf = (on: Store): Governance =>
    governanceOn(on, {
      clock,
      ids: randomIds,
      policy: () => policyOf(1),
      executors: {
        ...executors,
        webhook: {
          ...webhook,
          execute(...order) {
            happened.push('sent');
            if (answer.isRefusal) return Promise.resolve({ kind: 'failed', detail: 'not allowed' });
            return answer.isLost
              ? Promise.resolve({ kind: 'unknown', detail: 'no answer in time' })
              : webhook.execute(...order);
          },
        },
      },
    });
  const governance = governanceOf(file.store);
  const [proposed = expect.fail('nothing was proposed')] = await governance.propose(open, [proposal()]);
  const vote = ({ id, digest }: Recommendation) =>
    governance.vote(
      { recommendation: id, digest, verdict: 'approve', reason: 'looked at it', breakGlass: null },
      person('ada'),
    );
  const stateOf = async (): Promise<string> => (await governance.record(proposed.id)).recommendation.state;
  return { model, open, clock, happened, governance, governanceOf, proposed, vote, stateOf, answer };
}

const incidentsOn = ({ incidents, alerts }: Store, governance: Governance, clock: Clock): IncidentManager =>
  createIncidentManager(
    {
      incidents,
      alerts,
      governance,
      events: { publish: () => undefined },
      clock,
      ids: randomIds,
      logger: silentLogger,
      remember,
      refusal: NEVER_REFUSED,
    },
    FIRM_AT_ONCE,
  );

it.each<[string, (model: Model, open: IncidentRow) => Promise<void>]>([
  ['whose incident has closed', (_, open) => file.store.incidents.save({ ...open, closedAtMs: 2_000 })],
  ['whose model is gone', ({ id }) => file.store.models.remove(id)],
  ['against another version', (model) => file.store.models.save({ ...model, versionLabel: '2' })],
  [
    'against a cause that is no longer told',
    (_, open) => file.store.incidents.save({ ...open, diagnosis: evaluated('high', 'endpoint-errors').diagnosis }),
  ],
])('sends nothing %s, at whatever moment that happens', async (_, change) => {
  let isInTime = true;
  for (let call = 1; isInTime && call < MOST_CALLS; call += 1) {
    const { model, open, happened, governanceOf, proposed, vote, stateOf } = await world();
    await vote(proposed);
    const dispatching = governanceOf(
      interruptedAt(call, async () => {
        await change(model, open);
        happened.push('changed');
      }),
    );
    await dispatching.dispatch();
    if (happened[0] === 'changed') expect([happened, await stateOf()]).toEqual([['changed'], 'withdrawn']);
    else expect(await stateOf()).toBe('succeeded');
    isInTime = happened.includes('changed');
    if (call === 1) expect(isInTime).toBe(true);
  }
  expect(isInTime).toBe(false);
});

it('closes over no action, and takes no vote on what is closed, at whatever moment somebody votes', async () => {
  const nothing = evaluated('none', null);
  const outcomes = new Set<string>();
  let isInTime = true;
  for (let call = 1; isInTime && call < MOST_CALLS; call += 1) {
    const { model, open, clock, happened, governance, governanceOf, proposed, vote, stateOf } = await world();
    const refused: unknown[] = [];
    let isVoted = false;
    const on = interruptedAt(call, async () => {
      isVoted = true;
      await vote(proposed).then(
        () => governance.dispatch(),
        (error: unknown) => refused.push(error),
      );
    });
    const incidents = incidentsOn(on, governanceOf(on), clock);
    const lessonOf = async (): Promise<Lesson['actions']> =>
      (await file.store.lessons.list({ model: model.id, limit: 2 })).flatMap(({ actions }) => actions);
    const isClosed = async (): Promise<boolean> => (await file.store.incidents.get(open.id))?.closedAtMs !== null;
    await incidents.restore(model.id);
    for (let evaluation = 0; evaluation < 3; evaluation += 1) await incidents.apply(model, nothing);
    isInTime = isVoted;
    if (happened.length === 0) {
      for (const error of refused) expect(error).toEqual(new Conflict('this incident is closed', 'incident_id'));
      expect([await isClosed(), await stateOf()]).toEqual([true, 'withdrawn']);
      expect(await lessonOf()).toEqual([{ action: 'retrain', outcome: 'untried' }]);
      outcomes.add(refused.length === 0 ? 'closed unvoted' : 'vote refused');
      continue;
    }
    expect([await isClosed(), await stateOf(), await lessonOf()]).toEqual([false, 'succeeded', []]);
    for (const afterMs of [1_000, 2_000]) {
      clock.advance(afterMs);
      await incidents.apply(model, nothing);
    }
    expect([await isClosed(), await stateOf()]).toEqual([true, 'recovered']);
    expect(await lessonOf()).toEqual([{ action: 'retrain', outcome: 'recovered' }]);
    outcomes.add('verified');
  }
  expect([...outcomes].sort()).toEqual(['closed unvoted', 'verified', 'vote refused']);
});

it('remembers of an action what came of it until the incident was closed, at whatever moment it is carried out', async () => {
  const lessons = new Set<string>();
  let isInTime = true;
  for (let call = 1; isInTime && call < MOST_CALLS; call += 1) {
    const { model, open, clock, governance, governanceOf, proposed, vote, answer, stateOf } = await world();
    answer.isRefusal = true;
    let isVoted = false;
    const on = interruptedAt(call, async () => {
      isVoted = true;
      await vote(proposed).then(
        () => governance.dispatch(),
        () => undefined,
      );
    });
    const incidents = incidentsOn(on, governanceOf(on), clock);
    await incidents.restore(model.id);
    for (let evaluation = 0; evaluation < 3; evaluation += 1) await incidents.apply(model, evaluated('none', null));
    isInTime = isVoted;
    expect((await file.store.incidents.get(open.id))?.closedAtMs).not.toBeNull();
    const learnt = await file.store.lessons.list({ model: model.id, limit: 2 });
    const tried = learnt.flatMap(({ actions }) => actions).find(({ action }) => action === proposed.action);
    lessons.add(`${await stateOf()}: ${tried?.outcome ?? 'nothing'}`);
  }
  expect([...lessons].sort()).toEqual(['failed: inconclusive', 'withdrawn: untried']);
});

it.each<[string, boolean]>([
  ['closed over it', false],
  ['closed before its answer came', true],
])('gives an action up whose incident was %s, and no longer tells it as open', async (_, isLost) => {
  const { model, open, clock, governance, proposed, vote, stateOf, answer } = await world();
  answer.isLost = isLost;
  await vote(proposed);
  await governance.dispatch();
  expect(await stateOf()).toBe(isLost ? 'unknown' : 'succeeded');
  await governance.sweep();
  expect(await stateOf()).toBe(isLost ? 'unknown' : 'succeeded');
  await file.store.incidents.save({ ...open, closedAtMs: 2_000 });
  if (isLost) await governance.report(proposed.id, 'succeeded', 'it has arrived', person('ada'));
  expect(await stateOf()).toBe('succeeded');
  clock.advance(60_000);
  await governance.sweep();
  await governance.idle();
  expect(await stateOf()).toBe('inconclusive');
  expect((await governance.record(proposed.id)).verification).toMatchObject({
    outcome: 'inconclusive',
    detail: 'its incident was over before it was known',
  });
  expect((await file.store.decisionCounts()).models.get(model.id)?.top ?? null).toBeNull();
});

it('takes votes on a follow-up that was made after the close: the outcome of its action came late', async () => {
  const { open, clock, governance, vote } = await world();
  await file.store.incidents.save({ ...open, closedAtMs: 2_000 });
  clock.advance(5_000);
  const [followUp = expect.fail('nothing was proposed')] = await governance.propose(open, [
    { ...proposal('investigate', 'Look into it'), plan: null },
  ]);
  expect((await vote(followUp)).recommendation.state).toBe('approved');
});
