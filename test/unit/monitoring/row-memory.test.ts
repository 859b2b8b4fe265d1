import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { DEFAULT_BASELINE_REQUIREMENTS } from '../../../exporter/src/domain/thresholds.js';
import { observation } from '../detection/rows.js';
import { answers, fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

/** In the order in which they got their last rows. */
const IDS = ['first', 'second', 'third'].map(modelId);
/** Of two features; with the 20 bytes that `RowMemory` takes a value for, 1.76 MB a model. */
const ROWS = 4_000;

/** Three models with rows that wait. */
async function world(rowsMemoryBytes: number) {
  let nowMs = 1e12;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const clock = { now: () => (nowMs += 1_000), sleep: turn };
  const requirements = { ...DEFAULT_BASELINE_REQUIREMENTS, minimumSamples: 1e6 };
  const fleet = fleetOn(new MemoryStore(), turn, { clock }, { rowsKept: 5_000, rowsMemoryBytes, requirements });
  for (const id of IDS) await fleet.add(modelNamed(id));
  for (const id of IDS) {
    const observations = Array.from({ length: ROWS }, (_, i) =>
      observation({ atMs: 1e12 - 4e6 + 1_000 * i, features: { a: i, b: i % 7 } }),
    );
    await fleet.ingest(id, { ...answers([]), observations });
  }
  const rowsOf = (): Promise<number[]> =>
    Promise.all(IDS.map((id) => fleet.inModel(id, ({ traffic }) => traffic.rows.all.length)));
  const judgeAll = async (): Promise<void> => {
    nowMs += 3_600_000;
    for (const id of IDS) await fleet.judge(id);
  };
  return { fleet, rowsOf, judgeAll };
}

it.each([
  { megabytes: 6, left: [ROWS, ROWS, ROWS] },
  { megabytes: 4, left: [1_000, ROWS, ROWS] },
  { megabytes: 2, left: [1_000, 1_000, 1_000] },
  { megabytes: 1, left: [100, 1_000, 1_000] },
  { megabytes: 0.1, left: [100, 100, 100] },
])('leaves three models with 5.3 MB of rows $left where all may take $megabytes MB', async ({ megabytes, left }) => {
  const { fleet, rowsOf, judgeAll } = await world(megabytes * 1e6);
  await judgeAll();
  expect(await rowsOf()).toEqual([ROWS, ROWS, ROWS]);
  await fleet.giveRowsBack();
  expect(await rowsOf()).toEqual(left);
});

it('gives no row back that is still to be judged', async () => {
  const { fleet, rowsOf, judgeAll } = await world(100_000);
  await fleet.giveRowsBack();
  await judgeAll();
  expect(await rowsOf()).toEqual([ROWS, ROWS, ROWS]);
  expect(IDS.map((id) => fleet.monitoredModel(id).counters.calls)).toEqual([ROWS, ROWS, ROWS]);
});
