import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decisionUseCases } from '../../../exporter/src/application/decisions.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { DomainEvent, ExecutionOutcome, Store } from '../../../exporter/src/domain/ports.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { openStore } from '../../../exporter/src/store/open-store.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { allExecutors, governanceOn, incident, model, person, policyOf, proposal, silentLogger } from './harness.js';
import { testStores } from '../servers/stores.js';

const stores = testStores();
beforeAll(() => stores.start());
afterAll(() => stores.stop());

const [SLOW, QUICK] = [modelId('slow'), modelId('quick')];

describe.each(stores.kinds)('in %s, an execution', (kind) => {
  let store: Store;
  let governance: Governance;
  let application: ReturnType<typeof decisionUseCases>;
  let events: DomainEvent[];
  let sent: string[];
  let prepared: number;
  let answer: ((outcome: ExecutionOutcome) => void)[];

  beforeEach(async () => {
    store = await openStore(stores.fresh(kind));
    [events, sent, prepared, answer] = [[], [], 0, []];
    const bus = createEventBus(silentLogger);
    bus.subscribe((event) => void events.push(event));
    governance = governanceOn(store, {
      clock: systemClock,
      ids: randomIds,
      events: bus,
      policy: () => policyOf(1),
      executors: allExecutors({
        repetition: 'none',
        prepare: () => {
          prepared += 1;
          return Promise.resolve({ kind: 'ready', text: 'would do it' });
        },
        execute: (_, execution, { modelId: of }) => {
          sent.push(execution.id);
          if (of === QUICK) return Promise.resolve({ kind: 'succeeded', detail: 'done' });
          return new Promise((resolve) => answer.push(resolve));
        },
        lookup: () => Promise.resolve({ kind: 'unknown', detail: '' }),
      }),
    });
    application = decisionUseCases({ governance, proposalFor: () => proposal() }, () =>
      Promise.reject(new Error('nobody proposes here')),
    );
  });
  afterEach(async () => {
    for (const resolve of answer) resolve({ kind: 'succeeded', detail: 'at last' });
    await governance.stop();
    await store.close();
  });

  async function proposed(of: ModelId, id: string): Promise<Recommendation> {
    await store.models.save({ ...model(), id: of });
    const open = { ...incident(id), modelId: of };
    await store.incidents.save(open);
    const [recommendation] = await governance.propose(open, [proposal()]);
    return recommendation ?? expect.fail('nothing was proposed');
  }
  const approve = ({ id, digest }: Recommendation): ReturnType<typeof application.vote> =>
    application.vote(
      { recommendation: id, verdict: 'approve', digest, reason: 'looked at it', breakGlass: null },
      person('ada'),
    );
  const stateOf = async ({ id }: Recommendation): Promise<string | undefined> =>
    (await store.decisions.get(id))?.recommendation.state;
  const linesOf = async ({ incidentId: id }: Recommendation): Promise<readonly string[]> =>
    ((await store.incidents.get(id))?.timeline ?? []).map(({ kind: what, text }) => `${what}: ${text}`);

  it('that takes its time holds up neither the voter nor another model', async () => {
    const [slow, next, quick] = [await proposed(SLOW, 'i1'), await proposed(SLOW, 'i2'), await proposed(QUICK, 'i3')];
    const record = await approve(slow);
    expect(record.recommendation.state).toBe('approved');
    expect(record.execution?.state).toBe('queued');
    expect(record.dryRun).toBeNull();
    await expect.poll(() => sent.length).toBe(1);
    // The second one of the same model waits for the first; one of another model does not.
    expect((await approve(next)).execution?.state).toBe('queued');
    expect((await approve(quick)).execution?.state).toBe('queued');
    await expect.poll(() => stateOf(quick)).toBe('succeeded');
    expect([await stateOf(slow), await stateOf(next)]).toEqual(['dispatching', 'approved']);
    expect(sent).toHaveLength(2);
    expect(prepared).toBe(0);

    answer[0]?.({ kind: 'succeeded', detail: 'at last' });
    await expect.poll(() => stateOf(slow)).toBe('succeeded');
    await expect.poll(() => stateOf(next)).toBe('dispatching');
  });

  it('tells its outcome by event and in the timeline, whoever brings it', async () => {
    const [quick, slow] = [await proposed(QUICK, 'i1'), await proposed(SLOW, 'i2')];
    const executed = async (of: Recommendation): Promise<readonly string[]> =>
      (await linesOf(of)).filter((line) => line.startsWith('execution'));
    await approve(quick);
    await expect.poll(() => executed(quick)).toEqual(['execution: "Retrain fraud": taken. done']);
    expect((await linesOf(quick))[0]).toBe('decision: ada approved "Retrain fraud": looked at it');
    expect(
      events.flatMap((event) => (event.kind === 'recommendation-updated' ? [event.recommendation.state] : [])).slice(2),
    ).toEqual(['approved', 'dispatching', 'succeeded']);

    await approve(slow);
    await expect.poll(() => answer.length).toBe(1);
    const execution = (await store.decisions.get(slow.id))?.execution;
    if (execution == null) expect.fail('there is no execution');
    await application.callback(execution.id, 'failed', 'quota', person('ci'));
    await expect.poll(() => executed(slow)).toEqual(['execution: "Retrain fraud": failed. quota']);
  });

  it('reported by a person has one line, which names them', async () => {
    const advice = await proposed(QUICK, 'i1').then(async (made) => {
      const open = { ...incident('i2'), modelId: QUICK };
      await store.incidents.save(open);
      const [recommendation] = await governance.propose(open, [{ ...proposal('rollback'), plan: null }]);
      return recommendation ?? made;
    });
    await approve(advice);
    await application.report(advice.id, 'succeeded', 'rolled back by hand', person('ada'));
    await governance.idle();
    expect((await linesOf(advice)).filter((line) => line.startsWith('execution'))).toEqual([
      'execution: ada: "Retrain fraud" succeeded. rolled back by hand',
    ]);
  });

  it('that ends during a stop is on its timeline when the stop is over', async () => {
    const slow = await proposed(SLOW, 'i1');
    await approve(slow);
    await expect.poll(() => answer.length).toBe(1);
    const stopped = governance.stop();
    answer[0]?.({ kind: 'succeeded', detail: 'at last' });
    await stopped;
    expect((await linesOf(slow)).at(-1)).toBe('execution: "Retrain fraud": taken. at last');
  });

  it('is not begun any more after a stop, and is found queued by the next start', async () => {
    const quick = await proposed(QUICK, 'i1');
    await governance.stop();
    await approve(quick);
    await governance.idle();
    expect([await stateOf(quick), sent.length]).toEqual(['approved', 0]);
  });
});
