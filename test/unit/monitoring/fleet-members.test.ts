import { expect, it } from 'vitest';
import { NotFound, Unavailable } from '../../../exporter/src/domain/errors.js';
import type { AlertFeedback } from '../../../exporter/src/domain/alert-feedback.js';
import { incidentId, modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import { answers, askedModel, fleetOn } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
/** A fleet with one model, and which models are probed by their schedule. */
async function world() {
  const store = new MemoryStore();
  const probed = new Set<string>();
  const prober = {
    watch: ({ id }: Model) => void probed.add(id),
    unwatch: (id: string) => void probed.delete(id),
    cycle: () => Promise.resolve([]),
  };
  const fleet = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)), { prober });
  await fleet.add(askedModel('a'));
  await fleet.start();
  return { store, fleet, probed };
}

it('probes nothing once it is stopped, and changes nothing any more, whatever a discovery still finds', async () => {
  const { store, fleet, probed } = await world();
  expect([...probed]).toEqual(['a']);
  await fleet.stop();
  const late = fleet.update(A, (model) => ({ ...model, probePayloads: [{ late: true }] }));
  await expect(late).rejects.toBeInstanceOf(Unavailable);
  await expect(fleet.addIfNew(askedModel('b'))).rejects.toBeInstanceOf(Unavailable);
  expect([...probed]).toEqual([]);
  expect((await store.models.list()).models).toMatchObject([{ id: 'a', probePayloads: [] }]);
});

it('ends a change that is being stored before it is stopped', async () => {
  const { store, fleet, probed } = await world();
  const save = store.models.save.bind(store.models);
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const begun = new Promise<void>((resolve) => {
    store.models.save = (model) => {
      resolve();
      return held.then(() => save(model));
    };
  });
  const changed = fleet.update(A, (model) => ({ ...model, owner: 'ada' }));
  await begun;
  let isStopped = false;
  const stopped = fleet.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isStopped).toBe(false);
  letGo();
  await Promise.all([changed, stopped]);
  expect((await store.models.get(A))?.owner).toBe('ada');
  expect([...probed]).toEqual([]);
});

it('keeps watching a model that cannot be taken off the list', async () => {
  const { store, fleet, probed } = await world();
  store.models.unlist = () => Promise.reject(new Error('the store is away'));
  await expect(fleet.release(A)).rejects.toThrow('the store is away');
  expect(fleet.has(A)).toBe(true);
  expect([...probed]).toEqual(['a']);
  await fleet.stop();
});

it('does not probe a model again that a second request removes when the first one fails', async () => {
  const { store, fleet, probed } = await world();
  const remove = store.models.remove.bind(store.models);
  const probedMeanwhile: string[][] = [];
  let calls = 0;
  store.models.remove = async (id) => {
    calls += 1;
    if (calls === 1) throw new Error('the store is away');
    probedMeanwhile.push([...probed]);
    await remove(id);
  };
  const [first, second] = await Promise.allSettled([fleet.remove(A), fleet.remove(A)]);
  expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
  expect(probedMeanwhile).toEqual([[]]);
  expect([...probed]).toEqual([]);
  await fleet.stop();
});

it('probes a model again that no request could remove', async () => {
  const { store, fleet, probed } = await world();
  store.models.remove = () => Promise.reject(new Error('the store is away'));
  await Promise.allSettled([fleet.remove(A), fleet.remove(A)]);
  expect([...probed]).toEqual(['a']);
  await fleet.stop();
});

it('tells whoever removes a model second that it is gone, and leaves one of the same name alone', async () => {
  const { fleet } = await world();
  const [first, second] = await Promise.allSettled([fleet.remove(A), fleet.remove(A)]);
  expect(first.status).toBe('fulfilled');
  expect(second.status === 'rejected' && second.reason).toBeInstanceOf(NotFound);
  expect(await fleet.update(A, (model) => model)).toBeNull();
  await fleet.stop();
});

it('removes no model that has taken the name of the one that was to be removed', async () => {
  const { store, fleet } = await world();
  let letGo = (): void => undefined;
  const remove = store.models.remove.bind(store.models);
  const begun = new Promise<void>((resolve) => {
    store.models.remove = async (id) => {
      resolve();
      await new Promise<void>((held) => (letGo = held));
      await remove(id);
    };
  });
  const first = fleet.remove(A);
  await begun;
  const namesake = fleet.addIfNew({ ...askedModel('a'), owner: 'ada' });
  const second = fleet.remove(A);
  letGo();
  await first;
  expect(await namesake).toBe(true);
  await expect(second).rejects.toBeInstanceOf(NotFound);
  expect(fleet.monitoredModel(A).model.owner).toBe('ada');
  await fleet.stop();
});

it('takes up what people teach without waiting for any model', async () => {
  const { store, fleet } = await world();
  let letGo = (): void => undefined;
  const save = store.models.save.bind(store.models);
  const begun = new Promise<void>((resolve) => {
    store.models.save = async (model) => {
      resolve();
      await new Promise<void>((held) => (letGo = held));
      await save(model);
    };
  });
  const changed = fleet.update(A, (model) => ({ ...model, owner: 'ada' }));
  await begun;
  await fleet.recallLessons();
  store.models.save = save;
  letGo();
  expect(await changed).toMatchObject({ owner: 'ada' });
  await fleet.stop();
});

it('keeps a threshold that feedback moved while a change of the model was written', async () => {
  const { store, fleet } = await world();
  const feedback: AlertFeedback[] = [];
  store.alertFeedback.list = () => Promise.resolve(feedback);
  const before = fleet.monitoredModel(A).evidence().logLine;
  let recalled: Promise<void> = Promise.resolve();
  await fleet.change(A, (draft) => {
    draft.relearn();
    feedback.push({
      incidentId: incidentId('i'),
      modelId: A,
      by: { subject: 's', name: 'n' },
      useful: false,
      reason: '',
      atMs: 1e12,
      onEvidence: true,
    });
    recalled = fleet.recallLessons();
    return undefined;
  });
  await recalled;
  expect(fleet.monitoredModel(A).evidence().logLine - before).toBeCloseTo(Math.log(2));
  await fleet.stop();
});

it('leaves out one model that cannot be made of what is stored of it, and starts with the others', async () => {
  const { store, fleet } = await world();
  await fleet.add(askedModel('b'));
  await fleet.ingest(A, answers(['p1']));
  await fleet.stop();
  const learning = store.committed.learning.get(A) ?? expect.fail('nothing was learnt');
  const groups = new Map([['[["city"', [1, 0, 0, 0, 0, 0] as const]]);
  store.committed.learning.set(A, { ...learning, profile: { ...learning.profile, groups } });
  const again = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)));
  await again.start();
  expect(again.unrestoredModels()).toEqual(['a']);
  expect(again.has(modelId('b'))).toBe(true);
  await again.stop();
});
