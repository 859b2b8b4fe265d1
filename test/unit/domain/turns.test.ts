import { expect, it } from 'vitest';
import { atOnce, inTurns } from '../../../exporter/src/domain/turns.js';

function* counting(to: number): Generator<void, number> {
  for (let i = 0; i < to; i += 1) yield;
  return to;
}

it('lets others have the thread between pieces of long work, one piece a turn, and gives what came of it', async () => {
  let turns = 0;
  let isOver = false;
  const watching = (async () => {
    for (; !isOver; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  })();
  const all = await Promise.all([inTurns(counting(5_000)), inTurns(counting(5_000)), inTurns(counting(7), 5_000)]);
  isOver = true;
  await watching;
  expect(all).toEqual([5_000, 5_000, 7]);
  expect(turns).toBeGreaterThanOrEqual(10);
  expect(atOnce(counting(5_000))).toBe(5_000);
});

it('throws what the work throws', async () => {
  function* failing(): Generator<void> {
    yield;
    throw new Error('counting failed');
  }
  await expect(inTurns(failing())).rejects.toThrow('counting failed');
});
