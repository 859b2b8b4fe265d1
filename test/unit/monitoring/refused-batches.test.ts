import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';
import { rowsOf, START_MS, Stored } from './stored-model.js';

const ROWS_TOGETHER = 7;

/** Rows as nobody else sends them: other fields, other kinds of them, another version, calls that failed. */
function foreignRows(seed: number, from: number): Observation[] {
  const random = seededRandom(`foreign ${seed}`);
  return Array.from({ length: 1 + Math.floor(60 * random.next()) }, (_, i) =>
    observation({
      atMs: START_MS + 1_000 * (from + i - 30),
      predictionId: `foreign ${i}`,
      features: { x: `text ${i}`, side: `a long text of many words ${i} ${'z'.repeat(100)}`, extra: random.next() },
      modelVersion: 'v9',
      ...(random.next() < 0.5
        ? { failure: { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null }, prediction: null }
        : {}),
    }),
  );
}

/** @param refusedBefore which commits come after a batch that is refused */
async function sent(seed: number, refusedBefore: (i: number) => boolean): Promise<unknown> {
  const stored = new Stored();
  const rows = rowsOf(seed);
  let nowMs = START_MS;
  for (let i = 0; i < rows.length; i += ROWS_TOGETHER) {
    nowMs = START_MS + 1_000 * (i + ROWS_TOGETHER);
    const late = [{ atMs: nowMs, predictionId: `p${i - 21}`, label: 'no' }];
    if (refusedBefore(i)) await stored.refuse(foreignRows(seed + i, i), nowMs, late);
    const batch = rows
      .slice(i, i + ROWS_TOGETHER)
      .map((row, k) => ({ ...row, predictionId: `p${i + k}`, label: null }));
    await stored.commit(batch, nowMs, late);
    if (i % 3 === 0) stored.monitored.advance(nowMs, false);
  }
  return { end: await stored.end(nowMs + 3_600_000), kinds: [...stored.monitored.featureReadings] };
}

it('leaves totals, learning, detectors, rows, windows and kinds of features as they were when a batch is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 1_000 }), async (seed) => {
      const random = seededRandom(`refused ${seed}`);
      expect(await sent(seed, () => random.next() < 0.5)).toEqual(await sent(seed, () => false));
    }),
    { numRuns: 4 },
  );
}, 60_000);
