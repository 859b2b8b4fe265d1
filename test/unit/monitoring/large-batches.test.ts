import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { answers, fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const ROWS = 25_000;

it('leaves the thread to others many times while rows that came at once are counted and judged', async () => {
  const fleet = fleetOn(new MemoryStore(), () => Promise.resolve());
  const ids = ['a', 'b'].map(modelId);
  for (const id of ids) await fleet.add(modelNamed(id));
  const batch = answers(Array.from({ length: ROWS }, (_, i) => `p${i}`));
  let turns = 0;
  let isOver = false;
  const others = (async () => {
    for (; !isOver; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  })();
  const taken = await Promise.all(ids.map((id) => fleet.ingest(id, batch)));
  isOver = true;
  await others;
  expect(taken.map(({ accepted }) => accepted)).toEqual([ROWS, ROWS]);
  expect(turns).toBeGreaterThan(10);
  expect(ids.map((id) => fleet.status(id).totalSamples)).toEqual([ROWS, ROWS]);
});
