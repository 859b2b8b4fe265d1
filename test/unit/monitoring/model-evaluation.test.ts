import { expect, it, vi } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IncidentRow } from '../../../exporter/src/domain/incident.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { incident } from '../../integration/governance/harness.js';
import { answers, fleetOn, modelNamed, NO_INCIDENTS, QUIET_LOGGER } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');

it('writes nothing of a model that was read anew while it was evaluated', async () => {
  const store = new MemoryStore();
  let letGo: (open: IncidentRow) => void = () => undefined;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const incidents = {
    ...NO_INCIDENTS,
    apply: () => {
      begin();
      return new Promise<IncidentRow>((resolve) => (letGo = resolve));
    },
  };
  const errors: string[] = [];
  const logger = { ...QUIET_LOGGER, error: (_: unknown, message: string) => void errors.push(message) };
  const fleet = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)), { incidents, logger });
  await fleet.add(modelNamed('a'));
  await fleet.ingest(A, answers(['p1', 'p2']));
  await fleet.start();
  await begun;
  const before = fleet.monitoredModel(A);

  vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  await fleet.ingest(A, answers(['p3']));
  await vi.waitUntil(() => fleet.monitoredModel(A) !== before);
  await fleet.update(A, (model) => ({ ...model, owner: 'ada' }));
  letGo({ ...incident('i'), modelId: A });
  await fleet.stop();

  expect(errors).toEqual(['counting failed']);
  expect(await store.models.get(A)).toMatchObject({ owner: 'ada' });
  expect(fleet.monitoredModel(A).model.owner).toBe('ada');
});
