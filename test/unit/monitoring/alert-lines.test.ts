import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import { incidentId } from '../../../exporter/src/domain/identifiers.js';
import type { FleetStore } from '../../../exporter/src/monitoring/fleet-ports.js';
import { storeOfTheFile } from '../governance/scheduled-store.js';
import { fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const file = storeOfTheFile();
const DAY_MS = 86_400_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const owned = (id: string, owner: string | null): Model => ({ ...modelNamed(id), owner });

async function fleetOf(models: readonly Model[], store: FleetStore = new MemoryStore()) {
  const fleet = fleetOn(store, turn);
  await fleet.start();
  for (const model of models) await fleet.add(model);
  const daysOf = (id: string): number => fleet.monitoredModel(modelId(id)).evidence().budget.meanTimeBetweenMs / DAY_MS;
  return { fleet, daysOf };
}

const many = (n: number, owner: string | null): readonly Model[] =>
  Array.from({ length: n }, (_, i) => owned(`${owner ?? 'nobody'}-${i}`, owner));

it('lets the models of one owner page for nothing once a week together, however many they are', async () => {
  const { fleet, daysOf } = await fleetOf([...many(10, 'ann'), ...many(4, 'bob'), ...many(6, null)]);
  expect(daysOf('ann-0')).toBe(70);
  expect(daysOf('ann-9')).toBe(70);
  expect(daysOf('bob-0')).toBe(30);
  expect(daysOf('nobody-3')).toBe(42);
  await fleet.stop();
});

it('goes with models that leave, and with one that gets another owner', async () => {
  const { fleet, daysOf } = await fleetOf(many(10, 'ann'));
  await fleet.remove(modelId('ann-0'));
  expect(daysOf('ann-1')).toBe(63);
  await fleet.update(modelId('ann-1'), (known) => ({ ...known, owner: 'bob' }));
  expect(daysOf('ann-1')).toBe(30);
  expect(daysOf('ann-2')).toBe(56);
  await fleet.release(modelId('ann-2'));
  expect(daysOf('ann-3')).toBe(49);
  await fleet.stop();
});

it('rises with the logarithm of their number', async () => {
  const { fleet } = await fleetOf(many(200, 'ann'));
  const { logLine } = fleet.monitoredModel(modelId('ann-0')).evidence();
  const alone = await fleetOf([owned('one', 'ann')]);
  const { logLine: logLineOfOne } = alone.fleet.monitoredModel(modelId('one')).evidence();
  expect(logLine - logLineOfOne).toBeCloseTo(Math.log((200 * 7) / 30), 6);
  await fleet.stop();
  await alone.fleet.stop();
});

it('comes on top of what people said of the alerts', async () => {
  await file.store.alertFeedback.save({
    ...{ incidentId: incidentId('page'), modelId: modelId('ann-0'), by: { subject: 'eve', name: 'Eve' } },
    ...{ useful: false, reason: 'nothing was wrong', atMs: 1e12, onEvidence: true },
  });
  const { fleet, daysOf } = await fleetOf(many(10, 'ann'), file.store);
  expect(daysOf('ann-0')).toBe(140);
  expect(daysOf('ann-1')).toBe(70);
  await fleet.stop();
});
