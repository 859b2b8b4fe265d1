import { expect, it } from 'vitest';
import { registerModel } from '../../../exporter/src/application/register-model.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { modelOf } from '../../fixtures/model.js';
import { MemoryStore } from '../monitoring/memory-store.js';
import { askedModels, endpointAt } from './asked-models.js';

const M = modelId('m');
const REGISTRATION = { id: M, name: 'm', url: 'http://m' };

it('keeps what people say of a model while it is asked how it wants to be probed', async () => {
  const { ports, fleet, hold } = askedModels(new MemoryStore());
  const letGo = hold('http://m');
  const { settled } = await registerModel(ports, REGISTRATION);
  const said = { owner: 'ada', tags: ['prod'], versionLabel: 'v2', schedule: { ...modelOf().schedule, intervalMs: 7 } };
  await fleet.update(M, (model) => ({ ...model, ...said }));
  letGo();
  await settled;
  expect(fleet.monitoredModel(M).model).toMatchObject({
    ...said,
    endpoint: endpointAt('http://m'),
    probePayloads: [{ found: true }],
    arePayloadsGuessed: true,
    goldenInputs: [{ payload: { found: true } }],
  });
});

it('keeps the way to ask, and the golden inputs, that people choose meanwhile', async () => {
  const { ports, fleet, hold } = askedModels(new MemoryStore());
  const letGo = hold('http://m');
  const { settled } = await registerModel(ports, REGISTRATION);
  const chosen = {
    endpoint: endpointAt('http://other'),
    goldenInputs: [{ id: 'user-1', payload: { mine: 1 }, origin: 'user' as const }],
  };
  await fleet.update(M, (model) => ({ ...model, ...chosen }));
  letGo();
  await settled;
  expect(fleet.monitoredModel(M).model).toMatchObject(chosen);
});

it('takes the version that the model answers with where nobody names one', async () => {
  const { ports, fleet } = askedModels(new MemoryStore());
  await (
    await registerModel(ports, REGISTRATION)
  ).settled;
  expect(fleet.monitoredModel(M).model.versionLabel).toBe('found');
});

it('leaves a model alone that is registered by somebody else at the same moment', async () => {
  const { ports, fleet, asked } = askedModels(new MemoryStore());
  const posted = fleet.addIfNew(modelOf({ owner: 'ada', endpoint: endpointAt('http://posted') }));
  const { isTaken, settled } = await registerModel(ports, REGISTRATION);
  await Promise.all([posted, settled]);
  expect(isTaken).toBe(false);
  expect(asked).toEqual([]);
  expect(fleet.monitoredModel(M).model).toMatchObject({ owner: 'ada', endpoint: endpointAt('http://posted') });
});

it('is not asked a second time while it is asked for the first, but is after a process that ended before the answer', async () => {
  const store = new MemoryStore();
  let rediscoveries = 0;
  const rediscover = () => {
    rediscoveries += 1;
    return new Promise<never>(() => undefined);
  };
  const { ports, fleet, hold } = askedModels(store, { rediscover });
  hold('http://m');
  await fleet.start();
  await registerModel(ports, REGISTRATION);
  for (let i = 0; i < 3; i += 1) await fleet.catchUp(M);
  expect(rediscoveries).toBe(0);
  await fleet.stop();

  const restarted = askedModels(store, { rediscover });
  await restarted.fleet.start();
  await restarted.fleet.catchUp(M);
  expect(rediscoveries).toBe(1);
  await restarted.fleet.stop();
});
