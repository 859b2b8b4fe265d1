import { describe, expect, it } from 'vitest';
import { SampleInterval } from '../../../../exporter/src/detection/sequential/sample-interval.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 2);
const inOrder = Array.from({ length: 200 }, (_, i) => START_MS + i * MINUTE_MS);

function paceOf(timesMs: readonly number[], restoredAfter = Infinity): SampleInterval {
  let interval = new SampleInterval();
  for (const [i, atMs] of timesMs.entries()) {
    if (i === restoredAfter) interval = new SampleInterval(interval.snapshot());
    interval.add(atMs);
  }
  return interval;
}

describe('the time between samples', () => {
  const newestFirst = inOrder.toReversed();
  const shuffled = [...inOrder];
  const random = seededRandom('sample-interval');
  for (let i = shuffled.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.next() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] ?? 0, shuffled[i] ?? 0];
  }

  it.each([
    ['in order', inOrder],
    ['newest first', newestFirst],
    ['shuffled', shuffled],
  ])('is a minute where they come %s, and after a start amid them', (_, timesMs) => {
    for (const restoredAfter of [Infinity, 1, 70]) {
      const interval = paceOf(timesMs, restoredAfter);
      expect(interval.meanMs).toBeCloseTo(MINUTE_MS, 6);
      expect(interval.elapsedMs).toBeCloseTo(199 * MINUTE_MS, 6);
    }
  });

  it('leaves out a time that is far off, on either side', () => {
    expect(paceOf([0, ...inOrder]).meanMs).toBeCloseTo((199 * MINUTE_MS) / 200, 6);
    expect(paceOf([...newestFirst, 0]).meanMs).toBeCloseTo((199 * MINUTE_MS) / 200, 6);
  });

  it('is 0 before two different times were seen', () => {
    expect(new SampleInterval().meanMs).toBe(0);
    expect(paceOf([START_MS, START_MS]).meanMs).toBe(0);
  });
});
