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

it('says how many rows wait and until when, also once others are judged, where rows come more than a minute late', async () => {
  let nowMs = Date.UTC(2026, 10, 28, 12);
  const fleet = fleetOn(new MemoryStore(), AT_ONCE, { clock: { now: () => nowMs, sleep: AT_ONCE } });
  await fleet.add(modelNamed('a'));
  const send = (...atMs: number[]): Promise<unknown> =>
    fleet.ingest(A, answers([], { observations: atMs.map((each) => observation({ atMs: each, features: { x: 1 } })) }));
  const waiting = async (): Promise<readonly string[]> => {
    await fleet.catchUp(A);
    return fleet
      .status(A)
      .blindSpots.flatMap(({ check, reason }) => (/ wait/.test(check) ? [`${check}: ${reason}`] : []));
  };
  await send(nowMs - 2_000, nowMs - 1_000);
  nowMs += 10_000;
  expect(await waiting()).toEqual([]);
  await send(nowMs);
  await send(nowMs - 400_000, nowMs - 4_000);
  nowMs += 60_000;
  const told =
    '2 rows that wait: rows came up to 7 min after newer ones, so older ones may still come; these are judged by 12:07:20 UTC if nothing more comes before';
  expect(await waiting()).toEqual([told]);
  nowMs += 360_000;
  expect(await waiting()).toEqual([told]);
  nowMs += 20_000;
  expect(await waiting()).toEqual([]);
});

it('says that no baseline is admitted, not that no feature is known, where calls fail after others had features', async () => {
  let nowMs = Date.UTC(2026, 10, 28, 12);
  const fleet = fleetOn(new MemoryStore(), AT_ONCE, { clock: { now: () => nowMs, sleep: AT_ONCE } });
  await fleet.add(modelNamed('a'));
  const failure = { reason: 'http_5xx', detail: '', httpStatus: 500, retryAfterMs: null } as const;
  const rows = Array.from({ length: 400 }, (_, i) => {
    const atMs = nowMs - 400 + i;
    return i < 150
      ? observation({ atMs, features: { x: i } })
      : observation({ atMs, features: null, prediction: null, confidence: null, failure });
  });
  await fleet.ingest(A, answers([], { observations: rows }));
  nowMs += 20_000;
  await fleet.catchUp(A);
  expect(fleet.status(A).blindSpots).toContainEqual({ check: 'input drift', reason: 'no baseline is admitted yet' });
});

it('says of log files which line was refused last, and how to see it', async () => {
  const fleet = fleetOn(new MemoryStore(), AT_ONCE);
  await fleet.add(modelNamed('a'));
  await fleet.catchUp(A);
  const atMs = Date.UTC(2026, 10, 28, 12);
  fleet.notes.noteRefusedLine(A, { atMs, file: 'app.log', offset: 42, reason: 'not_json', field: '' });
  const told = (): { reason: string } | undefined =>
    fleet.status(A).blindSpots.find(({ check }) => check === 'refused rows of log files');
  expect(told()?.reason).toBe(
    "rows were refused, last at 2026-11-28 12:00:00 UTC (not_json); the first of those begins at byte 42 of app.log: tail -c +43 'app.log' | head -1",
  );
  fleet.notes.noteRefusedLine(A, null);
  expect(told()).toBeUndefined();
});

it('says that log files of a model cannot be read, for as long as they cannot', async () => {
  const fleet = fleetOn(new MemoryStore(), AT_ONCE);
  await fleet.add(modelNamed('a'));
  await fleet.catchUp(A);
  const told = (): { reason: string } | undefined =>
    fleet.status(A).blindSpots.find(({ check }) => check === 'rows in log files');
  expect(told()).toBeUndefined();
  const before = fleet.revision(A);
  fleet.notes.noteUnreadLogs(A, Date.UTC(2026, 10, 28, 12), 'log_files');
  expect(fleet.revision(A)).not.toBe(before);
  expect(told()?.reason).toMatch(/^since 2026-11-28 12:00:00 UTC/);
  fleet.notes.noteUnreadLogs(A, null, 'log_files');
  expect(told()).toBeUndefined();
  fleet.notes.noteUnreadLogs(modelId('gone'), 1, 'log_files');
});
