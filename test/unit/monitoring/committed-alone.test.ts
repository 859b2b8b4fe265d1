import { afterEach, expect, it, vi } from 'vitest';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { answers, fleetOn, modelNamed, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const TURN = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const MODELS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(modelId);
const [A, B, C] = [modelId('a'), modelId('b'), modelId('c')];
afterEach(() => void vi.restoreAllMocks());

/** Notes what is tried. */
class TriedStore extends MemoryStore {
  tries = 0;
  /** Comes in the middle of the next transaction. */
  meanwhile: (() => Promise<unknown>) | null = null;
  /** A model whose write takes eight seconds, and how often it was waited for. */
  slow: ModelId | null = null;
  waits = 0;
  aheadMs = 0;

  override writing = (model: ModelId): Promise<void> => {
    if (model !== this.slow) return Promise.resolve();
    this.waits += 1;
    this.aheadMs += 8_000;
    return Promise.resolve();
  };

  override atomic: MemoryStore['atomic'] = (shard, epoch, work) => {
    this.tries += 1;
    return super.atomic(shard, epoch, async (increments) => {
      const { meanwhile } = this;
      this.meanwhile = null;
      await meanwhile?.();
      return work(increments);
    });
  };

  /** From now on time passes as fast as models are written. */
  measured(): void {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + this.aheadMs);
  }
}

const send = (fleet: ReplayFleet, ids: readonly ModelId[], row: string) =>
  Promise.allSettled(ids.map((id) => fleet.ingest(id, answers([row]))));

it('tries the others at once without the one that failed, and from then on apart from it', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of MODELS) await fleet.add(modelNamed(id));
  store.broken.add(B);
  for (const [round, tries] of [
    ['first', 3],
    ['second', 2],
    ['third', 2],
  ] as const) {
    store.tries = 0;
    const answered = await send(fleet, MODELS, round);
    expect(answered.map(({ status }) => status)).toEqual(MODELS.map((id) => (id === B ? 'rejected' : 'fulfilled')));
    expect(store.tries, round).toBe(tries);
  }
  store.broken.delete(B);
  expect((await send(fleet, MODELS, 'fourth')).every(({ status }) => status === 'fulfilled')).toBe(true);
  store.tries = 0;
  await send(fleet, MODELS, 'fifth');
  expect([store.tries, storedCounts(store, A).calls, storedCounts(store, B).calls]).toEqual([1, 5, 2]);
});

it.each(['atomic', 'check'] as const)('keeps nobody waiting when %s throws what nobody expects', async (what) => {
  const store = new MemoryStore();
  const unexpected = (): never => {
    throw new TypeError('store.it is not a function');
  };
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B]) await fleet.add(modelNamed(id));
  Object.assign(store, { [what]: unexpected });
  store.broken.add(A);
  const [refused] = await send(fleet, [A, B], 'first');
  expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(Unavailable) as Unavailable });
  Reflect.deleteProperty(store, what);
  store.broken.delete(A);
  expect((await send(fleet, [A, B], 'second')).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});

it('has the others wait once for one whose write is slow: it is committed apart until it is not', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B, C]) await fleet.add(modelNamed(id));
  store.measured();
  store.slow = B;
  const rounds: (readonly ModelId[])[][] = [];
  for (const row of ['first', 'second', 'third', 'fourth']) {
    store.transactions.length = 0;
    if (row === 'third') store.slow = null;
    expect((await send(fleet, [A, B, C], row)).every(({ status }) => status === 'fulfilled')).toBe(true);
    rounds.push(store.transactions.map((models) => [...models].sort()));
  }
  // Those behind it come with a commit of their own.
  expect(rounds[0]).toEqual([[A, B], [C]]);
  expect(rounds[1]).toEqual(expect.arrayContaining([[A, C], [B]]));
  expect(rounds[3]).toEqual([[A, B, C]]);
  expect(store.waits).toBe(2);
});

it('has the others wait no second time for one that is slow when another one fails', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B, C]) await fleet.add(modelNamed(id));
  store.measured();
  store.slow = A;
  store.refusedCommits = 1;
  expect((await send(fleet, [A, B, C], 'first')).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect(store.transactions.map((models) => [...models].sort())).toEqual([[B, C], [A]]);
});

it('forgets nobody who came while a model was found to be written again, alone', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B]) await fleet.add(modelNamed(id));
  store.broken.add(B);
  await send(fleet, [A, B], 'first');
  store.broken.delete(B);
  const late: Promise<unknown>[] = [];
  store.meanwhile = async () => {
    late.push(fleet.ingest(B, answers(['late'])));
    for (let i = 0; i < 20; i += 1) await TURN();
  };
  await fleet.ingest(B, answers(['second']));
  expect(late).toHaveLength(1);
  expect(await Promise.race([late[0], new Promise((resolve) => setTimeout(resolve, 2_000))])).toBeDefined();
});

it('takes what came first first, also where it was tried with others before', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B]) await fleet.add(modelNamed(id));
  const day = { batchId: 'day', bodyDigest: 'one' };
  const later: Promise<unknown>[] = [];
  store.broken.add(B);
  store.meanwhile = async () => {
    later.push(fleet.ingest(B, answers(['other'], { ...day, bodyDigest: 'two' })));
    await TURN();
    store.meanwhile = () => Promise.resolve(store.broken.delete(B));
  };
  const [, first] = await Promise.all([fleet.ingest(A, answers(['a'])), fleet.ingest(B, answers(['one'], day))]);
  expect(first).toMatchObject({ accepted: 1, duplicate: false });
  await expect(later[0]).rejects.toMatchObject({ kind: 'conflict' });
});

it('keeps the others waiting for two seconds for each of several that are slow at once, until the slow ones are written or not', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of MODELS) await fleet.add(modelNamed(id));
  store.measured();
  store.areSideBySide = true;
  const goOn: (() => void)[] = [];
  const slow = new Set([A, B, C]);
  store.writing = (model) => {
    if (!slow.has(model)) return Promise.resolve();
    store.aheadMs += 2_500;
    return new Promise((resolve) => void goOn.push(resolve));
  };
  const sent = MODELS.map((id) => fleet.ingest(id, answers(['first'])));
  await Promise.all(sent.slice(3));
  expect(goOn).toHaveLength(3);
  // Nor does anybody wait for them afterwards.
  await send(fleet, MODELS.slice(3), 'second');
  expect(MODELS.map((id) => storedCounts(store, id).calls)).toEqual([0, 0, 0, 2, 2, 2, 2, 2]);
  slow.clear();
  for (const each of goOn) each();
  expect(await Promise.all(sent.slice(0, 3))).toMatchObject([{ accepted: 1 }, { accepted: 1 }, { accepted: 1 }]);
  expect((await send(fleet, MODELS, 'third')).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect(MODELS.map((id) => storedCounts(store, id).calls)).toEqual([2, 2, 2, 3, 3, 3, 3, 3]);
});

it('gives all their turn where a commit has time for a few only, however soon those send again', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of MODELS) await fleet.add(modelNamed(id));
  store.measured();
  const written: ModelId[] = [];
  store.writing = (model) => {
    written.push(model);
    store.aheadMs += 700;
    return Promise.resolve();
  };
  let isOver = false;
  const again = async (id: ModelId): Promise<void> => {
    for (let row = 1; !isOver; row += 1) await fleet.ingest(id, answers([`${id} ${row}`]));
  };
  const busy = MODELS.slice(0, 3).map(again);
  await send(fleet, MODELS.slice(3), 'once');
  isOver = true;
  await Promise.all(busy);
  const last = Math.max(...MODELS.slice(3).map((id) => written.indexOf(id)));
  expect(last).toBeLessThan(3 * MODELS.length);
});

it('refuses at 20 s whoever waits behind one that is slow, also in the commit that has taken it in', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B]) await fleet.add(modelNamed(id));
  store.measured();
  let goOn = (): void => undefined;
  store.writing = () => {
    store.writing = () => Promise.resolve();
    store.aheadMs += 21_000;
    return new Promise((resolve) => (goOn = resolve));
  };
  const [first, behind] = [fleet.ingest(A, answers(['a'])), fleet.ingest(B, answers(['b']))];
  await expect(behind).rejects.toThrow('a commit before has no answer yet');
  goOn();
  expect(await first).toMatchObject({ accepted: 1 });
});

it('waits a second, and no longer, for a model whose lane is held: that one is written when it is free', async () => {
  const store = new TriedStore();
  const fleet = fleetOn(store, TURN);
  for (const id of [A, B, C]) await fleet.add(modelNamed(id));
  store.measured();
  store.areSideBySide = true;
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  store.writing = () => held;
  const change = fleet.change(A, (draft) => void draft.declareVersion(null, '2'));
  await TURN();
  store.writing = () => Promise.resolve();
  const behind = fleet.ingest(A, answers(['a']));
  const others = send(fleet, [B, C], 'first');
  await TURN();
  store.aheadMs += 1_500;
  expect((await others).every(({ status }) => status === 'fulfilled')).toBe(true);
  await send(fleet, [B, C], 'second');
  expect([A, B, C].map((id) => storedCounts(store, id).calls)).toEqual([0, 2, 2]);
  goOn();
  await change;
  expect(await behind).toMatchObject({ accepted: 1 });
  await send(fleet, [A, B, C], 'third');
  expect([A, B, C].map((id) => storedCounts(store, id).calls)).toEqual([2, 3, 3]);
});

it('answers who has sent little before the many rows of another model of the same commit are judged', async () => {
  const fleet = fleetOn(new MemoryStore(), TURN);
  for (const id of [A, B]) await fleet.add(modelNamed(id));
  const order: ModelId[] = [];
  const many = answers(Array.from({ length: 3_000 }, (_, i) => `p${i}`));
  await Promise.all([
    fleet.ingest(A, many).then(() => order.push(A)),
    fleet.ingest(B, answers(['one'])).then(() => order.push(B)),
  ]);
  expect(order).toEqual([B, A]);
});
