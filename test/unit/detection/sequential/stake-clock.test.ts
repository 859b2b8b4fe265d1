import { describe, expect, test } from 'vitest';
import { RiskEDetector } from '../../../../exporter/src/detection/sequential/risk-e-detector.js';
import { StakeClock } from '../../../../exporter/src/detection/sequential/stake-clock.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const CLOCK = { tickMs: 1_000, meanTimeBetweenMs: 1_000_000 };
/** Ten ticks a step. */
const clock = (stakedUntilMs?: number): StakeClock => new StakeClock(10, CLOCK, stakedUntilMs);

describe('a stake', () => {
  test('is what a step usually lasts, as long as steps take their time', () => {
    const stakes = clock(0);
    for (let i = 1; i < 100; i += 1) expect(stakes.take(i * 10_000)).toBe(10);
    // Slow steps stake no more.
    expect(stakes.take(2_000_000)).toBe(10);
  });

  test('of all steps together is never more than the time that has passed, and one step', () => {
    const random = seededRandom('stakes');
    const stakes = clock();
    stakes.begin(0, 0);
    let [atMs, staked] = [0, 0];
    for (let i = 0; i < 5_000; i += 1) {
      atMs += random.next() < 0.5 ? 0 : 4_000 * random.next();
      staked += stakes.take(atMs);
      expect(staked * CLOCK.tickMs).toBeLessThanOrEqual(atMs + 10_000 + 1e-6);
    }
    // … and is all of it, nearly: what is not staked costs power.
    expect(staked * CLOCK.tickMs).toBeGreaterThan(0.95 * atMs);
  });

  test('begins with the step, or a thousandth of the budget earlier; of a late one when it happened', () => {
    const fresh = new StakeClock(0.4, CLOCK);
    fresh.begin(50_000, 50_000);
    expect(fresh.snapshot()).toEqual({ stakedUntilMs: 49_000 });
    const late = clock();
    late.begin(10_000, 900_000);
    late.begin(0, 950_000);
    expect(late.snapshot()).toEqual({ stakedUntilMs: 10_000 });
  });

  test('goes on from where time was set back to', () => {
    const stakes = clock(5_000);
    expect(stakes.take(1_000)).toBe(0);
    expect(stakes.take(3_000)).toBe(2);
  });

  test('of steps at once is that of one after the other', () => {
    const [atOnce, single] = [clock(0), clock(0)];
    expect(atOnce.look(20_000, 4)).toBe(20);
    expect(atOnce.take(20_000, 4)).toBe(20);
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

test('losses of one time raise it by no more than they stake, though those of 0 are bet on together', () => {
  const RUNS = 4_000;
  const random = seededRandom('at once');
  let sum = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const settings = { bound: 0.3, variance: null, startWeight: 1, clock: { ...CLOCK, meanTimeBetweenMs: 20_000_000 } };
    const detector = new RiskEDetector(settings);
    // Twenty ticks in all.
    for (let i = 0; i < 60; i += 1) detector.add(random.next() < 0.3 ? 1 : 0, 0);
    sum += detector.value;
  }
  expect(sum / RUNS).toBeLessThan(1.15 * 20);
});

describe('a stream of scores', () => {
  const BUDGET = { ...DEFAULT_FALSE_PAGE_BUDGET, tickMs: 1_000, season: 'none' } as const;
  /** One that has learnt from a sample a second. */
  function learnt(hypothesis: 'shift' | 'risk', next: () => number): { readonly stream: ScoreStream; atMs: number } {
    const of = { statistic: 's', binary: hypothesis === 'risk', seasonal: false, tolerance: 0, seed: 1 };
    const stream = new ScoreStream({ ...of, hypothesis }, BUDGET);
    let atMs = 0;
    for (let i = 0; i < 500; i += 1) stream.add(next(), (atMs += 1_000));
    stream.startMonitoring(25, true);
    expect(stream.isMonitoring).toBe(true);
    return { stream, atMs };
  }

  test.each(['shift', 'risk'] as const)(
    'of %ss raises the evidence by a tick in a tick at most at a hundred times the pace',
    (hypothesis) => {
      let [sum, RUNS] = [0, 60];
      for (let run = 0; run < RUNS; run += 1) {
        const random = seededRandom(`fast ${run}`);
        const next = (): number => (hypothesis === 'shift' ? random.next() : random.next() < 0.1 ? 1 : 0);
        const { stream, atMs } = learnt(hypothesis, next);
        // After an hour is spent that may be staked at once, a minute more.
        const fromMs = atMs + BUDGET.meanTimeBetweenMs;
        for (let i = 1; i <= 6_000; i += 1) stream.add(next(), fromMs + 10 * i);
        sum += stream.value / stream.size;
      }
      expect(sum / RUNS).toBeGreaterThan(0);
      expect(Number.isFinite(sum)).toBe(true);
    },
  );
});
