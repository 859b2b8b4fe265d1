import { expect, it } from 'vitest';
import { configuredModels } from '../../../exporter/src/application/configured-models.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { MemoryStore } from '../monitoring/memory-store.js';
import { settingsInMemory } from '../store/settings-in-memory.js';
import { askedModels } from './asked-models.js';

const M = modelId('m');
const file = (url: string, owner = 'ada') => [{ id: M, name: 'm', url, owner }];

function world() {
  const store = new MemoryStore();
  const models = askedModels(store);
  const texts = new Map<string, string>();
  const failures: string[] = [];
  const logger = { ...models.ports.logger, error: (_: unknown, text: string) => void failures.push(text) };
  const life = { isStopping: false };
  const start = () =>
    configuredModels({
      ...models.ports,
      logger,
      settings: settingsInMemory(texts),
      isStopping: () => life.isStopping,
    });
  return { ...models, store, failures, life, start, model: () => models.fleet.monitoredModel(M).model };
}

it('makes a change again at the next reload that could not be stored', async () => {
  const { start, store, model, failures } = world();
  const configured = start();
  await configured.take(file('http://one'));
  const save = store.models.save.bind(store.models);
  store.models.save = () => Promise.reject(new Error('the store is away'));
  await configured.take(file('http://two'));
  await expect.poll(() => failures).toHaveLength(1);
  expect(model().endpoint?.url).toBe('http://one');
  store.models.save = save;
  await configured.take(file('http://two'));
  await expect.poll(() => model().endpoint?.url).toBe('http://two');
});

it('makes a change again at the next start when it stopped in the middle of it', async () => {
  const { start, hold, model, asked } = world();
  await start().take(file('http://one'));
  hold('http://two');
  await start().take(file('http://two'));
  await expect.poll(() => asked).toContain('http://two');
  expect(model().endpoint?.url).toBe('http://one');
  hold('http://two')();
  await start().take(file('http://two'));
  await expect.poll(() => model().endpoint?.url).toBe('http://two');
});

it('leads to the last of several changes, however slow the first is', async () => {
  const { start, hold, model, asked } = world();
  const configured = start();
  await configured.take(file('http://one'));
  const letGo = hold('http://two');
  await configured.take(file('http://two', 'bob'));
  await configured.take(file('http://one', 'eve'));
  letGo();
  await expect.poll(() => model().owner).toBe('eve');
  expect(model().endpoint?.url).toBe('http://one');
  expect(asked.at(-1)).toBe('http://one');
});

it('asks nothing again of a file that says what it said', async () => {
  const { start, asked, model } = world();
  const configured = start();
  await configured.take(file('http://one'));
  await configured.take(file('http://two'));
  await expect.poll(() => model().endpoint?.url).toBe('http://two');
  await configured.take(file('http://two'));
  const restarted = start();
  await restarted.take(file('http://two'));
  await restarted.take(file('http://three'));
  await expect.poll(() => model().endpoint?.url).toBe('http://three');
  expect(asked).toEqual(['http://one', 'http://two', 'http://three']);
});

it('takes over no more of a file once mlfi stops, ends before the store is closed, and goes on at the next start', async () => {
  const { start, store, fleet, failures, life } = world();
  // Twenty are taken at once.
  const ids = Array.from({ length: 22 }, (_, i) => modelId(`m${String(i).padStart(2, '0')}`));
  const configured = start();
  await configured.take([{ id: M }]);
  const save = store.models.save.bind(store.models);
  const answers: (() => void)[] = [];
  const begun = new Promise<void>((tell) => {
    store.models.save = async (model) => {
      tell();
      if (life.isStopping) return save(model);
      await new Promise<void>((resolve) => answers.push(resolve));
      await save(model);
    };
  });
  const files = ids.map((id) => ({ id }));
  const taken = configured.take(files);
  await begun;
  life.isStopping = true;
  let isSettled = false;
  const settled = configured.settle().then(() => (isSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isSettled).toBe(false);
  for (const answer of answers) answer();
  await settled;
  await taken;
  expect(fleet.ids().toSorted()).toEqual([M, ...ids.slice(0, 20)].toSorted());

  life.isStopping = false;
  store.models.save = save;
  await start().take(files);
  expect(fleet.ids().toSorted()).toEqual(ids);
  expect(failures).toEqual([]);
});

it('is settled only once a model that is new has been asked how it is called', async () => {
  const { start, hold, asked } = world();
  const configured = start();
  const letGo = hold('http://one');
  await configured.take(file('http://one'));
  await expect.poll(() => asked).toContain('http://one');
  let isSettled = false;
  const settled = configured.settle().then(() => (isSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isSettled).toBe(false);
  letGo();
  await settled;
});

it('is settled only once no change is under way', async () => {
  const { start, hold, model, asked } = world();
  const configured = start();
  await configured.take(file('http://one'));
  const letGo = hold('http://two');
  await configured.take(file('http://two'));
  await expect.poll(() => asked).toContain('http://two');
  const settled = configured.settle().then(() => model().endpoint?.url);
  setImmediate(letGo);
  expect(await settled).toBe('http://two');
});
