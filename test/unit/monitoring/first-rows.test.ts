import { expect, it } from 'vitest';
import { seeSince } from '../../../exporter/src/evaluation/seen-since.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';
import { NO_CALLS } from '../../../exporter/src/monitoring/call-counters.js';
import { FirstRows } from '../../../exporter/src/monitoring/first-rows.js';
import type { MonitoredModel } from '../../../exporter/src/monitoring/monitored-model.js';
import { observation } from '../detection/rows.js';
import { askedModel } from './fleet-on-memory.js';
import { A, probed, Probed, UNANSWERED } from './probed-model.js';

/** Its address is taken away. */
const notAsked = (monitored: MonitoredModel): void => void (monitored.model = { ...monitored.model, endpoint: null });
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
  expect(model.counters).toMatchObject({ basis: 'probe', calls: calls + 11 });
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
    expect(model.fleet.status(A).blindSpots.map(({ check }) => check)).not.toContain('logged rows');
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
    text: expect.stringContaining('by its logged rows') as string,
  };
  expect(model.counters.changes).toEqual([change]);
  await model.restart();
  expect(model.counters.changes).toEqual([change]);
});

it('takes no baseline away after a restart for one row, and tells how many are gone', async () => {
  const model = await probed(600);
  await model.send(ENOUGH - 1);
  await model.restart();
  expect(await model.send(1)).toMatchObject([
    { reason: 'probes_judge', message: expect.stringContaining('(baseline.minimum_samples; 1 so far)') as string },
  ]);
  expect(model.version).toBe(1);
  const gone = `up to ${ENOUGH - 1} rows that waited in memory`;
  expect(model.fleet.status(A).blindSpots.map(({ check }) => check)).toContain(gone);
  // They are told once, not again of each start after it.
  await model.restart();
  await model.fleet.catchUp(A);
  expect(model.fleet.status(A).blindSpots.map(({ check }) => check)).toContain('up to 1 row that waited in memory');
});

it('learns nothing after a reset from rows that came before it', async () => {
  const model = await probed(600);
  await model.send(ENOUGH - 1);
  await model.reset();
  expect(await model.send(1)).toMatchObject([{ reason: 'probes_judge' }]);
  await model.send(ENOUGH - 1);
  model.nowMs += 60_000;
  await model.fleet.catchUp(A);
  expect(model.counters.basis).toBe('ingest');
  expect(model.fleet.monitoredModel(A).learning).toMatchObject({ profile: { calls: ENOUGH } });
});

it('counts failed rows that were set aside once', async () => {
  const model = await probed(600);
  await model.send(50, 'commit', UNANSWERED);
  await model.send(ENOUGH - 50);
  expect(model.counters).toMatchObject({ basis: 'ingest', failures: { connect: 50 } });
});

it('is judged by its rows at once when no probe was ever answered, or it is asked no more', async () => {
  const silent = new Probed();
  await silent.fleet.add({ ...askedModel('a'), state: 'configuring' });
  expect(silent.fleet.status(A).model.state).toBe('configuring');
  for (let i = 0; i < 3; i += 1) await silent.ask(false);
  expect(await silent.send(1)).toMatchObject([{ reason: 'rows_judge' }]);
  expect(silent.counters.basis).toBe('ingest');
  const removed = await probed(600);
  await removed.fleet.inModel(A, (monitored) => notAsked(monitored));
  expect(await removed.send(1)).toMatchObject([{ reason: 'rows_judge' }]);
  const frozen = await probed(600);
  await frozen.fleet.inModel(A, (monitored) => {
    notAsked(monitored);
    monitored.traffic.freeze(true);
  });
  expect(await frozen.send(1)).toMatchObject([
    { reason: 'probes_judge', message: expect.stringContaining('judged by nothing') as string },
  ]);
});

it('is no more being configured once it has a sample, evaluated or not', async () => {
  const fresh = new Probed();
  await fresh.fleet.add({ ...askedModel('a'), state: 'configuring' });
  await fresh.fleet.inModel(A, (monitored) =>
    monitored.observe([{ observation: observation({ source: 'probe', atMs: fresh.nowMs }), shape: null }], fresh.nowMs),
  );
  expect(fresh.fleet.status(A)).toMatchObject({ evaluatedAtMs: null, model: { state: 'learning' } });
});

it('keeps rows that are set aside within the bound of all rows in memory, and shows them to whoever asks for what came', async () => {
  const model = await probed(600, {}, { rowsMemoryBytes: 1 });
  await model.send(ENOUGH - 1);
  await model.fleet.inModel(A, (monitored) => {
    const sampled = monitored.modelState().rows.length;
    expect(monitored.stateWithWaiting().rows).toHaveLength(sampled + ENOUGH - 1);
    expect(monitored.first.rows.valuesHeld).toBeGreaterThan(ENOUGH);
  });
  await model.fleet.giveRowsBack();
  await model.fleet.inModel(A, ({ first }) => void expect(first.rows.all).toHaveLength(100));
});

it('takes rows that were set aside for those of a sender of rows, not of one that sent labels alone', () => {
  const first = new FirstRows();
  const calls = { ...NO_CALLS, probes: 10, lastProbeAnswerAtMs: 1 };
  const by = { calls, baseline: null, isAsked: true, minimumSamples: 3 };
  const rows = [observation({ atMs: 1 }), observation({ atMs: 2 })];
  first.settle(first.split({ observations: rows, labels: [] }, by, 2));
  const senders = [
    { sender: 'labels', rows: 0 },
    { sender: 'rows', rows: 1 },
  ];
  const { judged } = first.split({ observations: [observation({ atMs: 3 })], senders, labels: [] }, by, 3);
  expect(judged.observations.map(({ atMs }) => atMs)).toEqual([1, 2, 3]);
  expect(judged.senders).toEqual([{ sender: 'rows', rows: 2 }, ...senders]);
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
