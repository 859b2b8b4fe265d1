import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { answers, fleetOn, modelNamed, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const [A, B] = [modelId('a'), modelId('b')];
const NOT_YET = 'the store does not say yet whether it has stored what came before';
const realNow = performance.now.bind(performance);
afterEach(() => void vi.restoreAllMocks());

/** Goes on `ms` later, as far as anybody measures. */
function passes(ms: number): void {
  const aheadMs = performance.now() - realNow() + ms;
  vi.spyOn(performance, 'now').mockImplementation(() => realNow() + aheadMs);
}

async function twoModels(store: MemoryStore): Promise<ReplayFleet> {
  const fleet = fleetOn(store, turn);
  for (const id of ['a', 'b']) await fleet.add(modelNamed(id));
  await fleet.ingest(A, answers(['p1', 'p2']));
  return fleet;
}

/** A commit of which the store says only what the test has it say. */
function losing(store: MemoryStore, doHappen: boolean): (happened: boolean) => void {
  let say: (happened: boolean) => void = () => undefined;
  store.said = new Promise((resolve) => (say = resolve));
  store.lostAnswers = 1;
  store.doHappen = doHappen;
  return say;
}

it.each([true, false])(
  'writes nothing of a model before it is known whether its last commit has happened (%s), and the others go on',
  async (happens) => {
    const store = new MemoryStore();
    const fleet = await twoModels(store);
    const say = losing(store, happens);
    const batch = answers(['p3', 'p4', 'p5'], { batchId: 'b1', bodyDigest: 'd' });
    // Nobody waits for ever: a clock that does not wait has come to the end of it.
    await expect(fleet.ingest(A, batch)).rejects.toThrow('the store does not say');
    const before = store.transactions.length;
    await expect(fleet.ingest(A, batch)).rejects.toThrow(NOT_YET);
    await expect(fleet.ingest(A, { ...batch, acknowledge: 'memory' })).rejects.toBeInstanceOf(Unavailable);
    await expect(fleet.change(A, (draft) => void draft.relearn())).rejects.toBeInstanceOf(Unavailable);
    await expect(fleet.remove(A)).rejects.toBeInstanceOf(Unavailable);
    expect(store.transactions).toHaveLength(before);
    expect(fleet.status(A).unwrittenSinceMs).not.toBeNull();
    expect(await fleet.ingest(B, answers(['q1']))).toMatchObject({ accepted: 1 });
    expect(fleet.status(B).unwrittenSinceMs).toBeNull();
    say(happens);
    // Without anybody who asks.
    while (fleet.status(A).unwrittenSinceMs !== null) await turn();
    expect(await fleet.ingest(A, batch)).toMatchObject({ accepted: 3, duplicate: happens });
    expect(await fleet.ingest(A, answers(['p6']))).toMatchObject({ accepted: 1 });
    expect(fleet.status(A)).toMatchObject({ totalSamples: 6, unwrittenSinceMs: null });
    expect(storedCounts(store, A).calls).toBe(6);
  },
);

it.each([true, false])(
  'answers whoever waits once it is known whether the commit has happened: %s',
  async (happens) => {
    const store = new MemoryStore();
    // Nobody has waited too long as long as nobody says so.
    const fleet = fleetOn(store, turn, {
      clock: { now: () => 1e12, sleep: (ms, over) => (ms < 10_000 ? turn() : aborted(over)) },
    });
    for (const id of ['a', 'b']) await fleet.add(modelNamed(id));
    const say = losing(store, happens);
    const [fast, sent] = [
      await fleet.ingest(A, answers(['p1'], { acknowledge: 'memory' })),
      fleet.ingest(A, answers(['p2'])),
    ];
    expect(fast).toMatchObject({ accepted: 1 });
    while (fleet.status(A).unwrittenSinceMs === null) await turn();
    say(happens);
    if (happens) expect(await sent).toMatchObject({ accepted: 1 });
    else await expect(sent).rejects.toThrow('nothing was counted; send it again');
    await fleet.ingest(A, answers(['p3']));
    // What was in memory only is there in either case.
    expect(storedCounts(store, A).calls).toBe(happens ? 3 : 2);
    expect(fleet.status(A)).toMatchObject({ totalSamples: happens ? 3 : 2, unwrittenSinceMs: null });
  },
);

const aborted = (over?: AbortSignal): Promise<void> =>
  new Promise((resolve) => over?.addEventListener('abort', () => resolve()));

it('changes nothing of a model twice of whose change nobody knows whether it is stored', async () => {
  const store = new MemoryStore();
  const fleet = await twoModels(store);
  const say = losing(store, true);
  await expect(fleet.change(A, (draft) => void draft.declareVersion(null, '2'))).rejects.toBeInstanceOf(Unavailable);
  await expect(fleet.ingest(A, answers(['p3']))).rejects.toThrow(NOT_YET);
  say(true);
  await turn();
  await fleet.ingest(A, answers(['p3']));
  expect(storedCounts(store, A).calls).toBe(3);
});

/** Has the next write of a model wait. @returns what lets it go on, once it waits */
function holdNext(store: MemoryStore): Promise<() => void> {
  return new Promise((waits) => {
    store.writing = () => {
      store.writing = () => Promise.resolve();
      return new Promise<void>((resolve) => waits(resolve));
    };
  });
}

it('refuses who waits too long for a turn, tells it of the model, and no longer once anything is stored', async () => {
  const store = new MemoryStore();
  const fleet = await twoModels(store);
  const held = holdNext(store);
  const underWay = fleet.ingest(A, answers(['p3']));
  const goOn = await held;
  const [early, later] = [fleet.ingest(A, answers(['p4'])), fleet.ingest(B, answers(['q1']))];
  passes(15_000);
  const last = fleet.ingest(A, answers(['p5']));
  passes(10_000);
  const refused = 'nothing was counted; send it again (a commit before has no answer yet)';
  await expect(early).rejects.toThrow(refused);
  await expect(later).rejects.toThrow(refused);
  expect([A, B].map((id) => fleet.status(id).unwrittenSinceMs === null)).toEqual([false, false]);
  goOn();
  expect(await underWay).toMatchObject({ accepted: 1 });
  expect(await last).toMatchObject({ accepted: 1 });
  // Also of one that nobody sends to again.
  expect([A, B].map((id) => fleet.status(id).unwrittenSinceMs)).toEqual([null, null]);
  expect([storedCounts(store, A).calls, storedCounts(store, B).calls]).toEqual([4, 0]);
});

it('takes nothing into memory that would be lost with it', async () => {
  const store = new MemoryStore();
  const fleet = await twoModels(store);
  const say = losing(store, true);
  const held = holdNext(store);
  const sent = fleet.ingest(A, answers(['p3']));
  const goOn = await held;
  const late = fleet.ingest(A, answers(['p4'], { acknowledge: 'memory' }));
  goOn();
  const refused = await Promise.allSettled([sent, late]);
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  say(true);
  expect(await fleet.ingest(A, answers(['p4']))).toMatchObject({ accepted: 1 });
  expect(storedCounts(store, A).calls).toBe(4);
});
