import { expect, it } from 'vitest';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { LogMovedOn, type LogStep } from '../../../exporter/src/domain/log-position.js';
import { logPositionsCodec, PositionsInCommit } from '../../../exporter/src/monitoring/log-positions.js';
import { answers, fleetOn, modelNamed, storedCounts } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

const A = modelId('a');
const step = (log: string, number: number, next: number, open: readonly number[] = []): LogStep => ({
  log,
  position: { next, open, step: number },
});

it('stores a position with the rows it was taken with, and takes nothing of who has not seen the last one', async () => {
  const store = new MemoryStore();
  const fleet = fleetOn(store, () => Promise.resolve());
  await fleet.add(modelNamed('a'));
  const take = (ids: readonly string[], ...steps: LogStep[]) => fleet.ingest(A, { ...answers([...ids]), steps });
  const positions = async () => (await store.logPositions.get(A, logPositionsCodec)) ?? new Map();
  await take(['p1', 'p2'], step('x', 1, 2, [0]));
  store.isDown = true;
  await expect(take(['p3'], step('x', 2, 3))).rejects.toBeInstanceOf(Unavailable);
  store.isDown = false;
  expect(await positions()).toEqual(new Map([['x', { next: 2, open: [0], step: 1 }]]));
  // Both know of the first: one of them is the second, and of the other not even the log that nobody else has read is stepped on.
  const both = await Promise.allSettled([
    take(['p3'], step('x', 2, 3)),
    take(['p3', 'p4'], step('y', 1, 9), step('x', 2, 4)),
  ]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(both[1]).toMatchObject({ reason: expect.any(LogMovedOn) as unknown });
  await take(['p4'], step('x', 3, 4), step('y', 1, 1));
  expect(await positions()).toEqual(
    new Map([
      ['x', { next: 4, open: [], step: 3 }],
      ['y', { next: 1, open: [], step: 1 }],
    ]),
  );
  expect(storedCounts(store, A).calls).toBe(4);
});

it('takes no step behind one that was not taken', () => {
  const positions = new PositionsInCommit(new Map());
  expect(positions.take([step('x', 2, 4)])).toBeInstanceOf(LogMovedOn);
  expect(positions.changed).toBeNull();
  expect(positions.take([step('x', 1, 2)])).toBeNull();
  expect(positions.take([step('x', 1, 2)])).toBeInstanceOf(LogMovedOn);
  expect(positions.take([step('x', 3, 6)])).toBeInstanceOf(LogMovedOn);
  expect(positions.take([step('x', 2, 4)])).toBeNull();
});
