import { expect, it } from 'vitest';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Fleet } from '../../../exporter/src/monitoring/fleet.js';
import type { FleetPorts } from '../../../exporter/src/monitoring/fleet-ports.js';
import { movableClock } from '../../integration/governance/harness.js';
import { modelNamed, fleetOn } from '../monitoring/fleet-on-memory.js';
import { MemoryStore } from '../monitoring/memory-store.js';
import { evaluation, FIRM_AT_ONCE, incidentsInMemory, NOBODY_DECIDES, storedIncidents } from './fixtures.js';

const MODEL = modelNamed('a');
const BAD = evaluation('high', true);
const away = (): Promise<never> => Promise.reject(new Error('the store is away'));

/** A fleet with one model, on which an incident is open. */
async function world() {
  const saved = new Map<string, Incident>();
  const stored = storedIncidents(saved);
  const incidents = incidentsInMemory(saved, { incidents: stored });
  const store = new MemoryStore();
  const fleet = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)), { incidents });
  await fleet.add(MODEL);
  await incidents.apply(MODEL, BAD);
  const open = (await incidents.apply(MODEL, BAD)) ?? expect.fail('no incident opened');
  const linesOf = (): readonly string[] => saved.get(open.id)?.timeline.map(({ text }) => text) ?? [];
  return { saved, stored, incidents, store, fleet, open, linesOf };
}

it.each([
  ['removed', 'remove'],
  ['released', 'unlist'],
] as const)('leaves the incident of a model as it was that cannot be %s', async (_, how) => {
  const { saved, incidents, store, fleet, open, linesOf } = await world();
  const before = linesOf();
  store.models[how] = away;
  await expect(how === 'remove' ? fleet.remove(MODEL.id) : fleet.release(MODEL.id)).rejects.toThrow('away');
  expect(incidents.current(MODEL.id)).toMatchObject({ id: open.id, closedAtMs: null });
  expect(saved.get(open.id)?.closedAtMs).toBeNull();
  expect(linesOf()).toEqual(before);
});

it('leaves the incident of a model as it was that an import may not have', async () => {
  const { incidents, fleet, open, linesOf } = await world();
  const before = linesOf();
  let asked = 0;
  const late = (): Error | null => ((asked += 1) > 1 ? new Error('rows have come') : null);
  await expect(fleet.lend(MODEL.id, late)).rejects.toThrow('rows have come');
  expect(incidents.current(MODEL.id)).toMatchObject({ id: open.id, closedAtMs: null });
  expect(linesOf()).toEqual(before);
});

it('closes the incident of a removed model, and does not say that it recovered', async () => {
  const { saved, incidents, fleet, open, linesOf } = await world();
  await fleet.remove(MODEL.id);
  expect(saved.get(open.id)?.closedAtMs).not.toBeNull();
  expect(incidents.current(MODEL.id)).toBeNull();
  expect(linesOf().at(-1)).toMatch(/^Closed after .+: the model was removed\.$/);
  expect(linesOf().join()).not.toContain('No finding');
});

it.each([
  ['leaves', ': the model was removed.'],
  ['has recovered', '.'],
])('closes no incident before it was opened, where the clock was set back since and its model %s', async (how, end) => {
  const clock = movableClock(7_200_000);
  const saved = new Map<string, Incident>();
  const incidents = incidentsInMemory(saved, { clock });
  await incidents.apply(MODEL, BAD);
  const open = (await incidents.apply(MODEL, BAD)) ?? expect.fail('no incident opened');
  clock.advance(-7_192_000);
  if (how === 'leaves') await incidents.leave(MODEL.id, 'the model was removed', () => Promise.resolve());
  else while (incidents.current(MODEL.id) !== null) await incidents.apply(MODEL, evaluation('none', false));
  const { closedAtMs, timeline } = saved.get(open.id) ?? expect.fail('it is gone');
  expect([closedAtMs, open.openedAtMs]).toEqual([7_200_000, 7_200_000]);
  expect(timeline.at(-1)).toEqual({
    atMs: 7_200_000,
    kind: 'closed',
    text: `Closed (open since 1970-01-01 02:00:00 UTC; for how long is not known, the clock was set back)${end}`,
  });
});

it('gives a new model of the same name no incident of the one that left, though that could not be closed then', async () => {
  const { saved, stored, incidents, fleet, open } = await world();
  const save = stored.save.bind(stored);
  stored.save = away;
  await fleet.remove(MODEL.id);
  expect(saved.get(open.id)?.closedAtMs).toBeNull();
  stored.save = save;
  await fleet.add(MODEL);
  expect(saved.get(open.id)?.closedAtMs).not.toBeNull();
  expect(incidents.current(MODEL.id)).toBeNull();
});

it('closes at a start what a process that died left open of a model that is gone, and nothing else', async () => {
  const { saved, open } = await world();
  const other = { ...open, id: `${open.id}-other` as typeof open.id, modelId: modelNamed('b').id, timeline: [] };
  saved.set(other.id, other);
  await incidentsInMemory(saved).closeAllLeft((id) => id === other.modelId);
  expect(saved.get(open.id)?.closedAtMs).not.toBeNull();
  expect(saved.get(other.id)?.closedAtMs).toBeNull();
});

it.each([
  ['stop', (fleet: Fleet) => fleet.stop()],
  ['remove', (fleet: Fleet) => fleet.remove(MODEL.id)],
  ['release', (fleet: Fleet) => fleet.release(MODEL.id)],
])('does not let a target that never answers hold up a %s', async (_, leave) => {
  const saved = new Map<string, Incident>();
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tell = resolve));
  const resolve = (): Promise<never> => {
    tell();
    return new Promise(() => undefined);
  };
  const governance = { ...NOBODY_DECIDES, resolve };
  const real = incidentsInMemory(saved, { governance }, FIRM_AT_ONCE);
  const found = evaluation('high', true, 'unit-change');
  const incidents: FleetPorts['incidents'] = {
    restore: (id) => real.restore(id),
    current: (id) => real.current(id),
    stories: real.stories,
    repairedAtMs: (id) => real.repairedAtMs(id),
    apply: (model, _evaluation, hurry) => real.apply(model, found, hurry),
    refreshProposals: () => Promise.resolve(),
    recordAlert: () => Promise.resolve(false),
    leave: (...left) => real.leave(...left),
    closeAllLeft: () => Promise.resolve(),
  };
  const fleet = fleetOn(new MemoryStore(), () => new Promise((turn) => setImmediate(turn)), { incidents });
  await fleet.add(MODEL);
  await fleet.start();
  await asked;
  await leave(fleet);
  await fleet.stop();
});

it('lets no model leave once mlfi stops: what is stored of it is what the next start takes up', async () => {
  const { fleet, store, open, saved } = await world();
  await fleet.stop();
  await expect(fleet.release(MODEL.id)).rejects.toThrow('mlfi is stopping');
  expect((await store.models.list()).models.map(({ id }) => id)).toEqual([MODEL.id]);
  expect(saved.get(open.id)?.closedAtMs).toBeNull();
});
