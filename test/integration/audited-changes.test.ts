import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SYSTEM } from '../../exporter/src/domain/actor.js';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { Store } from '../../exporter/src/domain/ports.js';
import { auditBy } from '../../exporter/src/governance/transition.js';
import { MemoryStore } from '../unit/monitoring/memory-store.js';
import { answers, fleetOn, modelNamed } from '../unit/monitoring/fleet-on-memory.js';
import type { Fleet } from '../../exporter/src/monitoring/fleet.js';
import { MonitoredModel } from '../../exporter/src/monitoring/monitored-model.js';
import { storeInFile } from '../unit/governance/scheduled-store.js';

const A = modelId('a');
let store: Store;
let remove: () => Promise<void>;
let fleet: Fleet;
beforeEach(async () => {
  ({ store, remove } = await storeInFile());
  // Counts are in memory; the list of models and the audit log are in a real database.
  fleet = fleetOn(
    Object.assign(new MemoryStore(), { models: store.models, governance: store.governance.bind(store) }),
    () => new Promise((resolve) => setImmediate(resolve)),
  );
  await fleet.addIfNew(modelNamed('a'), note('model-registered'));
});
afterEach(async () => {
  await fleet.stop();
  await remove();
});

const note = (kind: string) => (transaction: Parameters<typeof auditBy>[0]) =>
  auditBy(transaction, 1_000, kind, SYSTEM, { model: 'a' });
const refused = (): Promise<void> => Promise.reject(new Error('the log takes nothing'));
const audited = async (): Promise<unknown[]> =>
  (await store.audit.read(1, 10)).map(
    ({ body }) => (JSON.parse(Buffer.from(body).toString('utf8')) as { kind: string }).kind,
  );

it('changes no model whose change cannot be audited, and audits no change that is not made', async () => {
  expect(await audited()).toEqual(['model-registered']);
  await expect(fleet.update(A, (model) => ({ ...model, owner: 'eve' }), refused)).rejects.toThrow();
  await expect(fleet.setPaused(A, true, refused)).rejects.toThrow();
  await expect(fleet.remove(A, refused)).rejects.toThrow();
  await expect(fleet.addIfNew(modelNamed('b'), refused)).rejects.toThrow();
  expect((await store.models.list()).models).toMatchObject([{ id: 'a', owner: modelNamed('a').owner, paused: false }]);
  expect(fleet.ids()).toEqual(['a']);
  expect(fleet.monitoredModel(A).model).toMatchObject({ owner: modelNamed('a').owner, paused: false });
  expect(await audited()).toEqual(['model-registered']);

  await fleet.update(A, () => null, note('model-changed'));
  await fleet.addIfNew(modelNamed('a'), note('model-registered'));
  expect(await audited()).toEqual(['model-registered']);

  await fleet.update(A, (model) => ({ ...model, owner: 'ada' }), note('model-changed'));
  await fleet.setPaused(A, true, note('model-paused'));
  await fleet.remove(A, note('model-removed'));
  expect(await fleet.update(A, (model) => model, note('model-changed'))).toBeNull();
  expect(await audited()).toEqual(['model-registered', 'model-changed', 'model-paused', 'model-removed']);
  expect((await store.models.list()).models).toEqual([]);
});

it.each(['settle', 'become'] as const)(
  'monitors a model as it is registered from now on, also when it is read anew because `%s` failed meanwhile',
  async (step) => {
    const failing = vi.spyOn(MonitoredModel.prototype, step).mockImplementationOnce(() => {
      throw new Error('a bug');
    });
    const event = { atMs: 1e12, kind: 'deployment', text: 'v8' } as const;
    const [taken, changed] = await Promise.all([
      fleet.ingest(A, answers(['p1', 'p2', 'p3'])),
      fleet.update(A, (model) => ({ ...model, owner: 'ada' }), note('model-changed'), event),
    ]);
    expect(failing).toHaveBeenCalled();
    failing.mockRestore();
    expect(taken).toMatchObject({ accepted: 3 });
    expect(changed).toMatchObject({ owner: 'ada' });
    expect(await store.models.get(A)).toMatchObject({ owner: 'ada' });
    expect(fleet.monitoredModel(A).model).toMatchObject({ owner: 'ada' });
    expect(fleet.monitoredModel(A).counters).toMatchObject({ calls: 3, changes: [event] });
    // What is changed next begins with that.
    await fleet.update(A, (model) => ({ ...model, name: 'renamed' }));
    expect(await store.models.get(A)).toMatchObject({ owner: 'ada', name: 'renamed' });
  },
);
