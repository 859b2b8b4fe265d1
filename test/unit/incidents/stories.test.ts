import { describe, expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import { incidentCodec } from '../../../exporter/src/store/codecs/incident.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { answers, fleetOn, modelNamed, NO_INCIDENTS } from '../monitoring/fleet-on-memory.js';
import { MemoryStore } from '../monitoring/memory-store.js';
import { evaluated, evaluation, incidentsInMemory, storedIncidents } from './fixtures.js';

const served = (name: string, host: string): Model => {
  const { model } = sampleStatus(name);
  return {
    ...model,
    id: modelId(name),
    endpoint: { url: `http://${host}/${name}`, connector: 'rest', settings: {}, authorizationSecret: null },
  };
};
const down = evaluated('critical', 'model-unreachable');

function world(saved = new Map<string, Incident>()) {
  const stored = storedIncidents(saved);
  stored.openFor = (model) =>
    Promise.resolve([...saved.values()].find((row) => row.modelId === model && row.closedAtMs === null) ?? null);
  return { saved, stored, incidents: incidentsInMemory(saved, { incidents: stored }) };
}
async function open({ incidents }: ReturnType<typeof world>, model: Model): Promise<void> {
  for (let i = 0; i < 3; i += 1) await incidents.apply(model, down);
}

describe('incidents of one upstream fault', () => {
  it('are told in one story, also by incidents that open at once', async () => {
    const it = world();
    const models = Array.from({ length: 20 }, (_, i) => served(`m${i}`, 'scoring.internal'));
    await Promise.all(models.map((model) => open(it, model)));
    await open(it, served('other', 'elsewhere.internal'));
    const [story, ...others] = it.incidents.stories.all();
    expect(others).toEqual([]);
    expect(story?.members).toHaveLength(20);
    const places = [...it.saved.values()].map(({ modelId: id, story: place }) => [String(id), place?.id]);
    expect(new Set(places.filter(([id]) => id !== 'other').map(([, place]) => place))).toEqual(new Set([story?.id]));
    expect(it.incidents.current(modelId('m7'))?.story).toMatchObject({
      id: story?.id,
      shared: [{ kind: 'address', name: 'scoring.internal' }],
    });
    expect(it.incidents.stories.storyOf(modelId('other'))).toBeNull();
  });

  it('keep their story over a restart, through what is stored', async () => {
    const before = world();
    const models = ['a', 'b', 'c'].map((name) => served(name, 'scoring.internal'));
    for (const model of models) await open(before, model);
    const [story] = before.incidents.stories.all();
    const read = [...before.saved.values()].map((row): [string, Incident] => [
      row.id,
      { ...incidentCodec.decode(incidentCodec.encode(row)), timeline: row.timeline },
    ]);
    const after = world(new Map(read));
    for (const { id } of [...models].reverse()) await after.incidents.restore(id);
    expect(after.incidents.stories.all().map(({ id, members }) => [id, members.length])).toEqual([[story?.id, 3]]);
  });

  it('leave it once they are told, as firm, for another fault', async () => {
    const it = world();
    for (const name of ['a', 'b', 'c']) await open(it, served(name, 'scoring.internal'));
    const [story] = it.incidents.stories.all();
    const other = evaluated('critical', 'unit-change');
    const rescaled = { ...other, diagnosis: { ...other.diagnosis, features: ['income'] } };
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 12; i += 1) {
      const told = await it.incidents.apply(served('b', 'scoring.internal'), rescaled);
      seen.push(told?.diagnosis.causes[0]?.id === 'unit-change' ? 'another fault' : 'the host');
      seen.push(told?.story?.id === story?.id ? 'in' : 'out');
    }
    // Never out while the host is what is told, and out in the end.
    expect(seen.join().includes('the host,out')).toBe(false);
    expect(seen.slice(-2)).toEqual(['another fault', 'out']);
    expect(seen.join()).toContain('another fault,in');
    const places = it.incidents.stories.all().map(({ members }) => members.map(({ modelId: id }) => id));
    expect(places).toEqual([['a', 'c']]);
  });

  it('stay where their rows came from while none came since a restart', async () => {
    const before = world();
    const rescaled = evaluated('critical', 'unit-change');
    const apply = async ({ incidents }: typeof before, sources: readonly string[]): Promise<void> => {
      for (const name of ['a', 'b'])
        for (let i = 0; i < 6; i += 1)
          await incidents.apply(served(name, `${name}.internal`), rescaled, undefined, sources);
    };
    await apply(before, ['topic orders']);
    expect(before.incidents.stories.all()).toHaveLength(1);
    const after = world(before.saved);
    for (const name of ['a', 'b']) await after.incidents.restore(modelId(name));
    await apply(after, []);
    expect(after.incidents.stories.all().map(({ members }) => members.length)).toEqual([2]);
  });

  it('leave it when they close', async () => {
    const it = world();
    for (const name of ['a', 'b', 'c']) await open(it, served(name, 'scoring.internal'));
    for (let i = 0; i < 10; i += 1)
      await it.incidents.apply(served('a', 'scoring.internal'), evaluation('none', false));
    expect(it.incidents.current(modelId('a'))).toBeNull();
    expect(it.incidents.stories.all().map(({ members }) => members.map(({ modelId: id }) => id))).toEqual([['b', 'c']]);
    await it.incidents.leave(modelId('b'), 'the model was removed', () => Promise.resolve());
    expect(it.incidents.stories.all()).toEqual([]);
  });

  it('are placed again when the place could not be stored', async () => {
    const it = world();
    await open(it, served('a', 'scoring.internal'));
    const save = it.stored.save.bind(it.stored);
    it.stored.save = (row, entries) =>
      row.story === undefined ? save(row, entries) : Promise.reject(new Error('the store is away'));
    const b = served('b', 'scoring.internal');
    await it.incidents.apply(b, down);
    await expect(it.incidents.apply(b, down)).rejects.toThrow('the store is away');
    it.stored.save = save;
    await it.incidents.apply(b, down);
    expect([...it.saved.values()].map(({ story }) => story?.id)).toEqual(['incident-1', 'incident-1']);
  });

  it('are told what the model’s rows were read from', async () => {
    let tell: ((sources: readonly string[]) => void) | null = null;
    const told = new Promise<readonly string[]>((resolve) => (tell = resolve));
    const apply: typeof NO_INCIDENTS.apply = (_model, _evaluation, _hurry, sources = []) => {
      if (sources.length > 0) tell?.(sources);
      return Promise.resolve(null);
    };
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const fleet = fleetOn(new MemoryStore(), turn, { incidents: { ...NO_INCIDENTS, apply } });
    const model = modelNamed('fed');
    await fleet.add(model);
    await fleet.start();
    await fleet.ingest(model.id, answers(['p1'], { source: 'Kafka topic t' }));
    expect(await told).toEqual(['Kafka topic t']);
    await fleet.stop();
  });
});
