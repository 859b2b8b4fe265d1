import { expect, it } from 'vitest';
import { changeModel } from '../../../exporter/src/application/change-model.js';
import { modelUseCases } from '../../../exporter/src/application/models.js';
import { Conflict, Invalid, NotFound } from '../../../exporter/src/domain/errors.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { ModelChange } from '../../../exporter/src/domain/model-registration.js';
import { modelOf } from '../../fixtures/model.js';
import { MemoryStore } from '../monitoring/memory-store.js';
import { askedModels, endpointAt } from './asked-models.js';

const M = modelId('m');

async function world() {
  const models = askedModels(new MemoryStore());
  await models.fleet.add(modelOf({ endpoint: endpointAt('http://old', 'old'), probePayloads: [{ a: 1 }] }));
  const change = (asked: ModelChange) => changeModel(models.ports, M, asked, () => expect.fail('it answers'));
  return { ...models, change, model: () => models.fleet.monitoredModel(M).model };
}

it('keeps another address and secret that came while new payloads were tried, and tries the payloads there', async () => {
  const { hold, change, model, asked } = await world();
  const letGo = hold('http://old');
  const payloads = change({ payloads: [{ b: 1 }] });
  await change({ url: 'http://new', authorizationSecret: 'new' });
  letGo();
  await payloads;
  expect(model()).toMatchObject({ endpoint: endpointAt('http://new', 'new'), probePayloads: [{ b: 1 }] });
  expect(asked).toEqual(['http://old', 'http://new', 'http://new']);
});

it('keeps new payloads that came while another address was tried', async () => {
  const { hold, change, model } = await world();
  const letGo = hold('http://new');
  const moved = change({ url: 'http://new' });
  await change({ payloads: [{ b: 1 }] });
  letGo();
  await moved;
  expect(model()).toMatchObject({ endpoint: endpointAt('http://new', 'old'), probePayloads: [{ b: 1 }] });
});

it('does not ask a model again that is asked no more', async () => {
  const { hold, change, model } = await world();
  const letGo = hold('http://old');
  const payloads = change({ payloads: [{ b: 1 }] });
  await change({ url: null });
  letGo();
  await payloads;
  expect(model().endpoint).toBeNull();
});

it('gives up with a conflict when others change the way again and again', async () => {
  const { ports, fleet, model } = await world();
  let tries = 0;
  const discover: typeof ports.discover = async (target) => {
    const url = `http://other-${(tries += 1)}`;
    await fleet.update(M, (now) => ({ ...now, endpoint: endpointAt(url) }));
    return ports.discover(target);
  };
  const changed = changeModel({ ...ports, discover }, M, { payloads: [{ b: 1 }] }, () => expect.fail('it answers'));
  await expect(changed).rejects.toBeInstanceOf(Conflict);
  expect(tries).toBe(3);
  expect(model()).toMatchObject({ endpoint: endpointAt('http://other-3'), probePayloads: [{ a: 1 }] });
});

it('is refused for a model that is removed while it is tried', async () => {
  const { hold, change, fleet } = await world();
  const letGo = hold('http://old');
  const payloads = change({ payloads: [{ b: 1 }] });
  await fleet.remove(M);
  letGo();
  await expect(payloads).rejects.toBeInstanceOf(NotFound);
  expect(fleet.has(M)).toBe(false);
});

it('is refused when another model took the name while it was tried', async () => {
  const { hold, change, fleet, model } = await world();
  const letGo = hold('http://old');
  const payloads = change({ payloads: [{ b: 1 }] });
  const namesake = modelOf({ createdAtMs: 7, endpoint: endpointAt('http://old', 'old'), probePayloads: [{ a: 1 }] });
  await fleet.remove(M);
  await fleet.add(namesake);
  letGo();
  await expect(payloads).rejects.toBeInstanceOf(Conflict);
  expect(model()).toEqual(namesake);
});

it('takes no secret to another server that the model was given while that server was tried', async () => {
  const { ports, fleet, hold, model } = await world();
  await fleet.update(M, (now) => ({ ...now, endpoint: endpointAt('http://evil/before') }));
  const secrets: (string | null)[] = [];
  const discover: typeof ports.discover = (target) => {
    secrets.push(target.authorizationSecret);
    return ports.discover(target);
  };
  const useCases = modelUseCases(
    {
      ...ports,
      discover,
      auditNote: () => () => Promise.resolve(),
      investigate: () => expect.fail('nobody asked for it'),
      store: new MemoryStore(),
    },
    { schedule: ports.schedule, newModels: () => ({ areMade: true, most: 10 }) },
  );
  const letGo = hold('http://evil/now');
  const moved = useCases.change(M, { url: 'http://evil/now' }, { kind: 'api-key', subject: 'key:1', name: 'ada' });
  const given = await fleet.update(M, (now) => ({ ...now, endpoint: endpointAt('http://own', 'production') }));
  letGo();
  await expect(moved).rejects.toBeInstanceOf(Invalid);
  expect(secrets).toEqual([null]);
  expect(model()).toEqual(given);
});
