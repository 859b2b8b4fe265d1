import { expect, it } from 'vitest';
import { seeSince } from '../../../exporter/src/evaluation/seen-since.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';
import { A, probed } from './probed-model.js';

const ENOUGH = DEFAULT_BASELINE_REQUIREMENTS.minimumSamples;

it.each(['commit', 'memory'] as const)('keeps what was learnt from probes when one row is logged (%s)', async (how) => {
  const model = await probed(600);
  expect(model.version).toBe(1);
  const { calls } = model.counters;
  expect(await model.send(1, how)).toMatchObject([{ reason: 'probes_judge', rows: 1 }]);
  expect(model.version).toBe(1);
  expect(model.counters).toMatchObject({ basis: 'probe', calls: calls + 1, lastPredictionAtMs: null });
  const spots = model.fleet.status(A).blindSpots;
  // Whoever connects a sender sees that it is heard.
  expect(model.fleet.status(A)).toMatchObject({ lastPredictionAtMs: null, lastLoggedAtMs: model.nowMs });
  expect(spots.find(({ check }) => check === 'logged rows')?.reason).toContain(`until ${ENOUGH} rows were logged`);
  await model.probe(10);
  expect(model.counters).toMatchObject({ basis: 'probe', calls: calls + 11 });
  await model.restart();
  expect(model.version).toBe(1);
  expect(model.counters).toMatchObject({ basis: 'probe', calls: calls + 11, rowsAside: 1 });
});

it('goes on learning from probes when one row is logged', async () => {
  const model = await probed(100);
  await model.send(1);
  await model.probe(600);
  expect(model.version).toBe(1);
});

it.each(['commit', 'memory'] as const)(
  'learns from logged rows, all of them, once they are enough (%s)',
  async (how) => {
    const model = await probed(600);
    const { calls } = model.counters;
    for (let sent = 0; sent < ENOUGH - 50; sent += 50) await model.send(50, how);
    expect(model.version).toBe(1);
    expect(await model.send(50, how)).toMatchObject([{ reason: 'rows_judge' }]);
    model.nowMs += 60_000;
    await model.fleet.catchUp(A);
    expect(model.version).toBeNull();
    expect(model.counters).toMatchObject({ basis: 'ingest', calls: calls + ENOUGH });
    expect(model.fleet.monitoredModel(A).learning).toMatchObject({ profile: { calls: ENOUGH } });
    expect(await model.send(1, how)).toEqual([]);
  },
);

it.each(['commit', 'memory'] as const)(
  'tells whoever sends at the same time by which rows it is enough (%s)',
  async (how) => {
    const model = await probed(600);
    await model.send(ENOUGH - 100, how);
    const both = await Promise.all([model.send(60, how), model.send(60, how)]);
    const told = both.flat().map(({ reason }) => reason);
    // What is stored together is taken together; what is counted at once is taken one after the other.
    expect(told).toEqual(how === 'commit' ? ['rows_judge', 'rows_judge'] : ['probes_judge', 'rows_judge']);
  },
);

it('says among the changes of the model that rows judge it', async () => {
  const model = await probed(600);
  await model.send(ENOUGH - 1);
  expect(model.counters.changes).toEqual([]);
  await model.send(1);
  const change = {
    kind: 'source',
    atMs: model.nowMs,
    text: expect.stringContaining('Enough rows were logged') as string,
  };
  expect(model.counters.changes).toEqual([change]);
  await model.restart();
  expect(model.counters.changes).toEqual([change]);
});

it('is judged by its probes again once no row came for an hour and its baseline is reset', async () => {
  const model = await probed(600);
  await model.send(ENOUGH);
  model.nowMs += 3_000_000;
  await model.probe(10);
  await model.reset();
  expect(model.counters.basis).toBe('ingest');
  model.nowMs += 1_000_000;
  await model.probe(10);
  await model.reset();
  expect(model.counters).toMatchObject({ basis: 'probe', lastPredictionAtMs: null, lastArrivalAtMs: null });
  expect(model.counters.changes.at(-1)).toMatchObject({ kind: 'source', atMs: model.nowMs });
  await model.probe(600);
  expect(model.version).toBe(2);
  expect(await model.send(1)).toMatchObject([{ reason: 'probes_judge' }]);
  await model.restart();
  expect(model.counters).toMatchObject({ basis: 'probe', rowsAside: 1 });
  expect(model.version).toBe(2);
});

it('counts what was logged before a restart', async () => {
  const model = await probed(600);
  await model.send(ENOUGH - 1);
  await model.restart();
  expect(await model.send(1)).toMatchObject([{ reason: 'rows_judge' }]);
  expect(model.counters).toMatchObject({ basis: 'ingest' });
});

it('keeps a frozen baseline however many rows are logged', async () => {
  const model = await probed(600);
  await model.fleet.inModel(A, (monitored) => monitored.traffic.freeze(true));
  expect(await model.send(2 * ENOUGH)).toMatchObject([{ reason: 'probes_judge' }]);
  expect(model.version).toBe(1);
  await model.restart();
  expect(await model.send(1)).toMatchObject([{ reason: 'probes_judge' }]);
  expect(model.version).toBe(1);
  // Nor do they make up for others once it is frozen no more.
  await model.fleet.inModel(A, (monitored) => monitored.traffic.freeze(false));
  expect(await model.send(1)).toMatchObject([
    { reason: 'probes_judge', message: expect.stringContaining('1 so far') as string },
  ]);
  expect(model.version).toBe(1);
});

it('sees by its probes that a model answers again which logs its calls and has no rows in its window', async () => {
  const model = await probed(10);
  await model.send(ENOUGH);
  for (let i = 0; i < 10; i += 1) await model.ask(false);
  await model.restart();
  const restartedAtMs = model.nowMs;
  const seen = () => {
    const state = { ...model.fleet.monitoredModel(A).modelState(), rows: [] };
    return seeSince(state)(restartedAtMs, ['errors']);
  };
  await model.ask(false);
  expect(seen()).toEqual({ rows: 0, abnormal: [] });
  for (let i = 0; i < 3; i += 1) await model.ask(true);
  expect(model.counters).toMatchObject({ basis: 'ingest', consecutiveFailures: 0 });
  expect(seen()).toEqual({ rows: 3, abnormal: [] });
});
