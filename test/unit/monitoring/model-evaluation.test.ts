import { expect, it, vi } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { callCountersCodec } from '../../../exporter/src/monitoring/call-counters.js';
import { incident } from '../../integration/governance/harness.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { answers, askedModel, fleetOn, modelNamed, NO_INCIDENTS, QUIET_LOGGER } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';
import { PATIENT } from '../../fixtures/patient.js';

const A = modelId('a');

/** Incidents that hold up the first evaluation of all until they are let go. */
function heldEvaluation() {
  let resolve: (open: IncidentRow | null) => void = () => undefined;
  let begin = (): void => undefined;
  const begun = new Promise<void>((told) => (begin = told));
  const incidents = {
    ...NO_INCIDENTS,
    apply: () => {
      begin();
      return new Promise<IncidentRow | null>((held) => (resolve = held));
    },
  };
  return { incidents, begun, letGo: (open: IncidentRow | null) => resolve(open) };
}

it('writes nothing of a model that was read anew while it was evaluated', async () => {
  const store = new MemoryStore();
  const { incidents, begun, letGo } = heldEvaluation();
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
  await vi.waitUntil(() => fleet.monitoredModel(A) !== before, PATIENT);
  await fleet.update(A, (model) => ({ ...model, owner: 'ada' }));
  letGo({ ...incident('i'), modelId: A });
  await fleet.stop();

  expect(errors).toEqual(['counting failed']);
  expect(await store.models.get(A)).toMatchObject({ owner: 'ada' });
  expect(fleet.monitoredModel(A).model.owner).toBe('ada');
});

it('removes a model that is read anew while it is being removed, and neither probes nor evaluates it meanwhile', async () => {
  const store = new MemoryStore();
  const { incidents, begun, letGo } = heldEvaluation();
  const probed = new Set<string>();
  const prober = {
    watch: ({ id }: Model) => void probed.add(id),
    unwatch: (id: string) => void probed.delete(id),
    cycle: () => Promise.resolve([]),
  };
  const fleet = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)), { incidents, prober });
  await fleet.add(askedModel('a'));
  await fleet.ingest(A, answers(['p1', 'p2']));
  await fleet.start();
  await begun;
  const before = fleet.monitoredModel(A);
  const removed = fleet.remove(A);

  vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    throw new Error('a bug');
  });
  await fleet.ingest(A, answers(['p3']));
  await vi.waitUntil(() => fleet.monitoredModel(A) !== before, PATIENT);
  expect([...probed]).toEqual([]);
  letGo(null);
  await removed;
  expect(fleet.has(A)).toBe(false);
  expect(await store.models.get(A)).toBeNull();
  await fleet.stop();
});

it('evaluates a model again whose evaluation failed, though nothing more comes', async () => {
  let nowMs = 1_767_578_400_000;
  const random = seededRandom('rows');
  const observations = Array.from({ length: 700 }, (_, i) =>
    observation({ predictionId: `p${i}`, atMs: nowMs - 7_200_000 + 1_000 * i, confidence: 0.7 + 0.2 * random.next() }),
  );
  const apply = vi.fn(() => Promise.resolve<IncidentRow | null>(null));
  // Time stands still but for what the rows wait for: no evaluation is due because one has not been for long.
  const fleet = fleetOn(new MemoryStore(), () => new Promise((resolve) => setImmediate(resolve)), {
    incidents: { ...NO_INCIDENTS, apply },
    clock: { now: () => nowMs, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
  });
  await fleet.add(modelNamed('a'));
  await fleet.ingest(A, answers([], { observations }));
  nowMs += 60_000;
  await fleet.catchUp(A);
  expect(fleet.status(A).baseline?.version).toBe(1);
  apply.mockClear().mockRejectedValueOnce(new Error('the store takes nothing'));
  await fleet.start();
  await vi.waitFor(() => expect(apply).toHaveBeenCalledTimes(2), PATIENT);
  await fleet.stop();
});

it('lets an evaluation that waited while its model was read anew write nothing of the old one', async () => {
  let nowMs = 7_200_000;
  const store = new MemoryStore();
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const fleet = fleetOn(store, turn, { clock: { now: () => (nowMs += 1), sleep: () => turn() } });
  await fleet.add(modelNamed('a'));
  const random = seededRandom('rows');
  const rows = (count: number) =>
    Array.from({ length: count }, () =>
      observation({ atMs: (nowMs += 100), features: { x: random.next() }, confidence: 0.7 + 0.2 * random.next() }),
    );
  await fleet.ingest(A, answers([], { observations: rows(700) }));
  nowMs += 60_000;
  const before = fleet.monitoredModel(A);
  let evaluated: Promise<unknown> = Promise.resolve();
  // The commit holds the lane, and the evaluation waits behind it: it would admit a baseline of the old member.
  vi.spyOn(MonitoredModel.prototype, 'settle').mockImplementationOnce(() => {
    evaluated = fleet.catchUp(A).catch(() => undefined);
    throw new Error('a bug');
  });
  expect(await fleet.ingest(A, answers([], { observations: rows(100) }))).toMatchObject({ accepted: 100 });
  await vi.waitUntil(() => fleet.monitoredModel(A) !== before, PATIENT);
  await evaluated;
  expect(callCountersCodec.decode(store.committed.counters.get(A) ?? '').calls).toBe(800);
  await fleet.stop();
});

it('has the version in service from the answers, whatever was declared, and tells incidents of it', async () => {
  const store = new MemoryStore();
  const appliedTo: (string | null)[] = [];
  const fleet = fleetOn(store, () => new Promise((resolve) => setImmediate(resolve)), {
    incidents: {
      ...NO_INCIDENTS,
      apply: ({ versionLabel }) => {
        appliedTo.push(versionLabel);
        return Promise.resolve({ ...incident('i'), modelId: A });
      },
    },
  });
  await fleet.add({ ...modelNamed('a'), versionLabel: 'v1' });
  const rows = (version: string, from: number) =>
    Array.from({ length: 20 }, (_, i) =>
      observation({ predictionId: `p${from + i}`, atMs: 1e12 + 1_000 * (from + i), modelVersion: version }),
    );
  await fleet.ingest(A, answers([], { observations: [...rows('v1', 0), ...rows('v2', 20)] }));
  await fleet.start();
  await vi.waitUntil(() => fleet.monitoredModel(A).model.versionLabel === 'v2', PATIENT);
  await vi.waitUntil(() => appliedTo.length > 0, PATIENT);
  expect(appliedTo[0]).toBe('v2');
  expect(await store.models.get(A)).toMatchObject({ versionLabel: 'v2' });
  await fleet.update(A, (model) => ({ ...model, versionLabel: 'v9' }));
  await vi.waitUntil(() => fleet.monitoredModel(A).model.versionLabel === 'v2', PATIENT);
  await fleet.stop();
});

it('begins evidence anew at a verified repair, and pages again where the fault goes on', async () => {
  let nowMs = 1_767_578_400_000;
  let repairedAtMs: number | null = null;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const fleet = fleetOn(new MemoryStore(), turn, {
    incidents: {
      ...NO_INCIDENTS,
      apply: () => Promise.resolve({ ...incident('i'), modelId: A }),
      repairedAtMs: () => repairedAtMs,
    },
    clock: { now: () => nowMs, sleep: turn },
  });
  await fleet.add(modelNamed('a'));
  const random = seededRandom('rows');
  const send = async (count: number, mean: number): Promise<void> => {
    const observations = Array.from({ length: count }, () =>
      observation({ atMs: (nowMs += 100), confidence: mean + 0.2 * random.next() }),
    );
    await fleet.ingest(A, answers([], { observations }));
    nowMs += 60_000;
    await fleet.catchUp(A);
  };
  const verdict = () => fleet.monitoredModel(A).evidence().verdict;
  await send(700, 0.7);
  await send(3_000, 0.1);
  expect(verdict()).toBe('alarm');
  repairedAtMs = nowMs;
  await send(300, 0.7);
  expect(fleet.monitoredModel(A).counters.judgedFromMs).toBeGreaterThanOrEqual(repairedAtMs);
  expect(verdict()).toBe('quiet');
  await send(300, 0.7);
  expect(verdict()).toBe('quiet');
  await send(300, 0.1);
  expect(verdict()).toBe('alarm');
  await fleet.stop();
});
