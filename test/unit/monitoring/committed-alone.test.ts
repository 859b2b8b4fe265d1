import { expect, it } from 'vitest';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { answers, fleetOn, modelNamed, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const TURN = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const MODELS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(modelId);
const [A, B] = [modelId('a'), modelId('b')];

/** Notes what is tried. */
class TriedStore extends MemoryStore {
  tries = 0;

  override atomic: MemoryStore['atomic'] = (shard, epoch, work) => {
    this.tries += 1;
    return super.atomic(shard, epoch, work);
  };
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
