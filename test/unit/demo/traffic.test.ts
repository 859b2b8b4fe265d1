import { describe, expect, it } from 'vitest';
import { readAdult, type AdultRow } from '../../../exporter/demo/tabular/adult.js';
import type { TabularFault } from '../../../exporter/demo/tabular/faults.js';
import { createTraffic, type Traffic } from '../../../exporter/demo/traffic.js';
import { parseBatch } from '../../../exporter/src/capture/ingest/parse.js';
import type { JsonObject } from '../../../exporter/src/domain/json.js';
import type { Clock } from '../../../exporter/src/domain/ports.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

const START_MS = Date.UTC(2026, 10, 24, 12);

interface Setup {
  readonly traffic: Traffic;
  readonly batches: JsonObject[][];
  readonly asked: AdultRow['features'][];
  fault: TabularFault;
  nowMs: number;
}

function setUp(seed: string, rows = readAdult().slice(0, 40)): Setup {
  const batches: JsonObject[][] = [];
  const asked: AdultRow['features'][] = [];
  const clock: Clock = { now: () => setup.nowMs, sleep: async (ms) => void (setup.nowMs += ms) };
  const setup: Setup = {
    batches,
    asked,
    fault: { kind: 'none' },
    nowMs: START_MS,
    traffic: createTraffic({
      rows,
      ask: async (features) => {
        asked.push(features);
        return { prediction: '>50K', confidence: 0.75, modelVersion: 'v1', latencySeconds: 0.002 };
      },
      send: async (lines) => void batches.push([...lines]),
      fault: () => setup.fault,
      clock,
      random: seededRandom(seed),
      rowsPerBatch: 10,
      labelDelayMs: 1_000,
    }),
  };
  return setup;
}

const predictionsIn = (batch: readonly JsonObject[] | undefined): JsonObject[] =>
  (batch ?? []).filter((line) => 'features' in line);
const labelsIn = (batch: readonly JsonObject[] | undefined): JsonObject[] =>
  (batch ?? []).filter((line) => 'label' in line);

describe('the traffic of the tabular model', () => {
  it('logs predictions that the ingest parser takes without a complaint, features and all', async () => {
    const setup = setUp('a');
    await setup.traffic.step();
    setup.nowMs += 1_000;
    await setup.traffic.step();
    const body = setup.batches
      .flat()
      .map((line) => JSON.stringify(line))
      .join('\n');
    const parsed = parseBatch(body, 'application/x-ndjson', setup.nowMs);
    expect(parsed.errors).toEqual([]);
    expect(parsed.observations).toHaveLength(20);
    expect(parsed.labels).toHaveLength(10);
    expect(parsed.observations[0]).toMatchObject({
      atMs: START_MS,
      source: 'ingest',
      prediction: '>50K',
      confidence: 0.75,
      latencySeconds: 0.002,
      modelVersion: 'v1',
      features: setup.asked[0],
    });
  });

  it('sends every label once, after its delay, for the prediction it belongs to', async () => {
    const rows = readAdult().slice(0, 10);
    const setup = setUp('b', rows);
    await setup.traffic.step();
    setup.nowMs += 999;
    await setup.traffic.step();
    expect(labelsIn(setup.batches[1])).toEqual([]);
    setup.nowMs += 1;
    await setup.traffic.step();
    const truth = new Map(
      predictionsIn(setup.batches[0]).map((line) => [
        line['prediction_id'],
        rows.find(({ features }) => JSON.stringify(features) === JSON.stringify(line['features']))?.label,
      ]),
    );
    expect(truth.size).toBe(10);
    expect(new Map(labelsIn(setup.batches[2]).map((line) => [line['prediction_id'], line['label']]))).toEqual(truth);
    setup.nowMs += 5_000;
    await setup.traffic.step();
    expect(labelsIn(setup.batches[3])).toHaveLength(20);
  });

  it('shows the model and the log the same faulty features', async () => {
    const setup = setUp('c');
    setup.fault = { kind: 'unit_change', feature: 'hours-per-week', factor: 100 };
    await setup.traffic.step();
    const logged = predictionsIn(setup.batches[0]).map((line) => line['features']);
    expect(logged).toEqual(setup.asked);
    for (const { 'hours-per-week': hours } of setup.asked) expect(Number(hours)).toBeGreaterThanOrEqual(100);
  });

  it('reports the other class as truth inside the segment of a concept flip', async () => {
    const row = readAdult().find(({ features, label }) => features.workclass === 'Private' && label === '<=50K');
    if (row === undefined) expect.fail('there is such a row in the data');
    const setup = setUp('d', [row]);
    setup.fault = { kind: 'concept_flip', feature: 'workclass', value: 'Private' };
    await setup.traffic.step();
    setup.nowMs += 1_000;
    await setup.traffic.step();
    expect(new Set(labelsIn(setup.batches[1]).map((line) => line['label']))).toEqual(new Set(['>50K']));
  });

  it('replays the same rows in the same order for the same seed, all of them before any comes again', async () => {
    const [one, two, other] = [setUp('e'), setUp('e'), setUp('f')];
    for (const { traffic } of [one, two, other]) for (let i = 0; i < 4; i += 1) await traffic.step();
    expect(one.batches).toEqual(two.batches);
    expect(one.asked).not.toEqual(other.asked);
    const key = (features: object): string => JSON.stringify(features);
    expect(one.asked.map(key).sort()).toEqual(
      readAdult()
        .slice(0, 40)
        .map(({ features }) => key(features))
        .sort(),
    );
  });

  it('runs until it is stopped', async () => {
    const setup = setUp('g');
    const stop = new AbortController();
    const send = setup.batches.push.bind(setup.batches);
    setup.batches.push = (...batches) => {
      if (setup.batches.length === 2) stop.abort();
      return send(...batches);
    };
    await setup.traffic.run(100, stop.signal);
    expect(setup.batches).toHaveLength(3);
    expect(setup.nowMs).toBe(START_MS + 300);
  });
});
