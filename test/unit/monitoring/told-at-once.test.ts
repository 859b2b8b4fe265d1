import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { parseBatch } from '../../../exporter/src/capture/ingest/parse.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('says which rows have a confidence and no prediction, and keeps their neighbours', () => {
  const rows = [
    { prediction: 'yes', confidence: 0.9 },
    { confidence: 0.8, features: { x: 1 } },
    { confidence: 0.7, error: 'timeout' },
    { confidence: 0.6 },
  ];
  const batch = parseBatch(rows.map((row) => JSON.stringify(row)).join('\n'), 'application/x-ndjson', 1e12);
  expect(batch.observations).toHaveLength(4);
  expect(batch.notes).toMatchObject([{ reason: 'prediction_missing', field: 'prediction', rows: 2, line: 2 }]);
  expect(batch.notes[0]?.message).toContain('send the answer as prediction');
});

it('says in the answer that a model is paused, and counts what was sent', async () => {
  const store = new MemoryStore();
  const fleet = fleetOn(store, AT_ONCE);
  await fleet.add(modelNamed('a'));
  expect((await fleet.ingest(A, answers(['p1']))).notes).toEqual([]);
  await fleet.setPaused(A, true);
  for (const acknowledge of ['commit', 'memory'] as const) {
    const { accepted, notes } = await fleet.ingest(A, answers(['p2', 'p3'], { acknowledge }));
    expect(accepted).toBe(2);
    expect(notes).toMatchObject([{ reason: 'model_paused', rows: 2 }]);
  }
  expect(fleet.monitoredModel(A).counters.calls).toBe(5);
});

it('says of first rows that they wait, and until when, instead of that no feature is known', async () => {
  let nowMs = Date.UTC(2026, 10, 28, 12);
  const fleet = fleetOn(new MemoryStore(), AT_ONCE, { clock: { now: () => nowMs, sleep: AT_ONCE } });
  await fleet.add(modelNamed('a'));
  const inputDrift = async (): Promise<string | undefined> => {
    await fleet.catchUp(A);
    return fleet.status(A).blindSpots.find(({ check }) => check === 'input drift')?.reason;
  };
  const row = (atMs: number) => observation({ atMs, features: { x: 1 } });
  await fleet.ingest(A, answers([], { observations: [row(nowMs - 2_000), row(nowMs - 1_000)] }));
  expect(await inputDrift()).toBe(
    '2 rows came and wait for older ones, until 12:00:10 UTC if nothing more comes before; which features they have is known then',
  );
  nowMs += 10_000;
  expect(await inputDrift()).toBe('no baseline is admitted yet');
});
