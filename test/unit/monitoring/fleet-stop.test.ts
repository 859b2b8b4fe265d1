import { expect, it, vi } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, labels, modelNamed, NO_INCIDENTS, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';
import { PATIENT } from '../../fixtures/patient.js';

const A = modelId('a');
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function fleetOfOne(store: MemoryStore): Promise<ReplayFleet> {
  const fleet = fleetOn(store, AT_ONCE);
  await fleet.add(modelNamed('a'));
  return fleet;
}

/** Fresh rows: none is old enough for the watermark to have passed it. */
const rows = (count: number): Observation[] =>
  Array.from({ length: count }, (_, i) =>
    observation({
      predictionId: `p${i}`,
      atMs: 1e12 + i,
      confidence: 0.5 + i / (2 * count),
      label: i < 5 ? 'no' : null,
    }),
  );

it('judges at a stop what waits for older rows: the next start goes on behind it, and nothing is lost', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfOne(store);
  await fleet.ingest(A, answers([], { observations: rows(40) }));
  await fleet.ingest(A, labels(['p20', 'p21']));
  const waited = callCountersCodec.decode(store.committed.counters.get(A) ?? '');
  expect(waited).toMatchObject({ calls: 40, waiting: 40 });
  const before = store.committed.detectors.get(A);
  await fleet.stop();
  expect(callCountersCodec.decode(store.committed.counters.get(A) ?? '')).toMatchObject({ calls: 40, waiting: 0 });
  expect(storedCounts(store, A)).toEqual({ calls: 40, labelled: 7 });
  const stored = store.committed.detectors.get(A) ?? '';
  expect(stored).not.toBe(before);
  const again = fleetOn(store, AT_ONCE);
  await again.start();
  expect(again.monitoredModel(A).modelState().intake?.notJudged.lost ?? 0).toBe(0);
  await again.stop();

  // What a model is left with whose rows nothing more was waited for.
  const other = new MemoryStore();
  const patient = await fleetOfOne(other);
  await patient.ingest(A, answers([], { observations: rows(40) }));
  await patient.ingest(A, labels(['p20', 'p21']));
  await patient.inModel(A, (monitored) => monitored.advance(1e12 + 9_000_000, false));
  await patient.stop();
  expect(other.committed.detectors.get(A)).toBe(stored);
});

it('stores what waits before an evaluation has ended that waits for a target', async () => {
  const store = new MemoryStore();
  let answer = (): void => undefined;
  let begin = (): void => undefined;
  const begun = new Promise<void>((told) => (begin = told));
  const apply = (): Promise<null> => {
    begin();
    return new Promise((resolve) => (answer = () => resolve(null)));
  };
  const fleet = fleetOn(store, AT_ONCE, { incidents: { ...NO_INCIDENTS, apply } });
  await fleet.add(modelNamed('a'));
  await fleet.start();
  await begun;
  await fleet.ingest(A, answers([], { observations: rows(40) }));
  const before = store.committed.detectors.get(A);
  const stopped = fleet.stop();
  await vi.waitUntil(() => store.committed.detectors.get(A) !== before, PATIENT);
  expect(callCountersCodec.decode(store.committed.counters.get(A) ?? '')).toMatchObject({ calls: 40, waiting: 0 });
  answer();
  await stopped;
});

it('goes on from what is stored when counting fails behind a commit', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfOne(store);
  await fleet.ingest(A, answers(['p1', 'p2']));
  const settle = vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  // Stored before counting failed, and so acknowledged.
  expect(await fleet.ingest(A, answers(['p3', 'p4', 'p5']))).toMatchObject({ accepted: 3 });
  settle.mockRestore();
  expect(await fleet.ingest(A, answers(['p6']))).toMatchObject({ accepted: 1 });
  expect(fleet.monitoredModel(A).counters.calls).toBe(6);
  expect(storedCounts(store, A).calls).toBe(6);
  await fleet.stop();
});

it('refuses rows of a model whose memory is behind the store until it can be read anew', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfOne(store);
  const settle = vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  const read = store.callCounters.get.bind(store.callCounters);
  store.callCounters.get = () => Promise.reject(new Error('the store is away'));
  expect(await fleet.ingest(A, answers(['p1']))).toMatchObject({ accepted: 1 });
  settle.mockRestore();
  await expect(fleet.ingest(A, answers(['p2']))).rejects.toMatchObject({ kind: 'unavailable' });
  store.callCounters.get = read;
  expect(await fleet.ingest(A, answers(['p2']))).toMatchObject({ accepted: 1 });
  expect(storedCounts(store, A).calls).toBe(2);
  await fleet.stop();
});

it('changes what is stored of a model when counting failed behind the commit before, and loses no row by it', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfOne(store);
  const settle = vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  const change = { atMs: 1e12, kind: 'deployment', text: 'v8' } as const;
  const [taken] = await Promise.all([
    fleet.ingest(A, answers(['p1', 'p2', 'p3'])),
    fleet.change(A, (draft) => void draft.recordChange(change)),
  ]);
  settle.mockRestore();
  expect(taken).toMatchObject({ accepted: 3 });
  expect(fleet.monitoredModel(A).counters).toMatchObject({ calls: 3, changes: [change] });
  expect(storedCounts(store, A).calls).toBe(3);
  expect(callCountersCodec.decode(store.committed.counters.get(A) ?? '').changes).toEqual([change]);
  await fleet.stop();
});

it('refuses to change a model whose memory is behind the store until it can be read anew', async () => {
  const store = new MemoryStore();
  const fleet = await fleetOfOne(store);
  const settle = vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  const read = store.callCounters.get.bind(store.callCounters);
  store.callCounters.get = () => Promise.reject(new Error('the store is away'));
  const [taken, changed] = await Promise.allSettled([
    fleet.ingest(A, answers(['p1'])),
    fleet.change(A, (draft) => void draft.recordChange({ atMs: 1e12, kind: 'deployment', text: 'v8' })),
  ]);
  settle.mockRestore();
  expect(taken).toMatchObject({ value: { accepted: 1 } });
  expect(changed).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
  store.callCounters.get = read;
  expect(await fleet.ingest(A, answers(['p2']))).toMatchObject({ accepted: 1 });
  expect(storedCounts(store, A).calls).toBe(2);
  expect(fleet.monitoredModel(A).counters).toMatchObject({ calls: 2, changes: [] });
  await fleet.stop();
});
