import { describe, expect, test } from 'vitest';
import { RiskEDetector } from '../../../../exporter/src/detection/sequential/risk-e-detector.js';
import { StakeClock } from '../../../../exporter/src/detection/sequential/stake-clock.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const CLOCK = { tickMs: 1_000, meanTimeBetweenMs: 1_000_000 };
/** Ten ticks a step. */
const clock = (stakedUntilMs?: number): StakeClock => new StakeClock(10, CLOCK, stakedUntilMs);

describe('a stake', () => {
  test('is what a step usually lasts, as long as steps take their time', () => {
    const stakes = clock();
    stakes.take(0);
    for (let i = 1; i < 100; i += 1) expect(stakes.take(i * 10_000)).toBe(10);
    // Slow steps stake no more.
    expect(stakes.take(2_000_000)).toBe(10);
  });

  test('of all steps together is never more than the time that has passed, and a thousandth of the budget', () => {
    const random = seededRandom('stakes');
    const stakes = clock();
    let [atMs, staked] = [0, 0];
    for (let i = 0; i < 5_000; i += 1) {
      atMs += random.next() < 0.5 ? 0 : 4_000 * random.next();
      staked += stakes.take(atMs);
      expect(staked * CLOCK.tickMs).toBeLessThanOrEqual(atMs + 1_000 + 1e-6);
    }
    // … and is all of it, nearly: what is not staked costs power.
    expect(staked * CLOCK.tickMs).toBeGreaterThan(0.95 * atMs);
  });

  test('after a pause of years is that of a thirtieth of the budget', () => {
    const stakes = new StakeClock(1e9, CLOCK, 0);
    expect(stakes.take(1e12)).toBeCloseTo(1_000_000 / 30 / 1_000, 5);
    expect(stakes.take(1e12)).toBeCloseTo(0, 5);
  });

  test('goes back by no time that is dated wrongly', () => {
    const stakes = clock(5_000);
    expect(stakes.take(1_000)).toBe(0);
    expect(stakes.take(6_000)).toBe(1);
  });

  test('of steps at once is that of one after the other', () => {
    const [atOnce, single] = [clock(0), clock(0)];
    expect(4 * atOnce.look(20_000, 4)).toBe(20);
    expect(4 * atOnce.take(20_000, 4)).toBe(20);
    expect([1, 2, 3, 4].reduce((sum) => sum + single.take(20_000), 0)).toBe(20);
    expect(atOnce.snapshot()).toEqual(single.snapshot());
  });
});

test('losses at the bound raise the evidence by a tick in a tick at most, at ten times the pace as at the baseline’s', () => {
  const RUNS = 400;
  const meanAfter = (everyMs: number, tickMs: number | null): number => {
    const random = seededRandom('pace');
    let sum = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const detector = new RiskEDetector({
        bound: 0.1,
        variance: null,
        startWeight: 1,
        clock: tickMs === null ? null : { ...CLOCK, tickMs },
      });
      for (let atMs = 0; atMs < 200_000; atMs += everyMs) detector.add(random.next() < 0.1 ? 1 : 0, atMs);
      sum += detector.value;
    }
    return sum / RUNS;
  };
  expect(meanAfter(1_000, 1_000)).toBeLessThan(1.3 * 201);
  expect(meanAfter(100, 1_000)).toBeLessThan(1.3 * 201);
  // What it was before stakes followed the clock.
  expect(meanAfter(100, null)).toBeGreaterThan(5 * 201);
});
