import { describe, expect, test } from 'vitest';
import { betUntilMs } from '../../../../exporter/src/detection/sequential/drift-monitor-state.js';
import { DriftMonitor } from '../../../../exporter/src/detection/sequential/drift-monitor.js';
import { RiskEDetector } from '../../../../exporter/src/detection/sequential/risk-e-detector.js';
import { ScoreStream } from '../../../../exporter/src/detection/sequential/score-stream.js';
import { StakeClock } from '../../../../exporter/src/detection/sequential/stake-clock.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../../exporter/src/domain/alert-evidence.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { observation } from '../rows.js';

const CLOCK = { tickMs: 1_000, meanTimeBetweenMs: 1_000_000 };
/** Ten ticks a step. */
const clock = (stakedUntilMs?: number): StakeClock => new StakeClock(10, CLOCK, stakedUntilMs);

const take = (stakes: StakeClock, atMs: number): number => stakes.take(atMs, 1, false);

describe('a stake', () => {
  test('is what a step usually lasts, as long as steps take their time', () => {
    const stakes = clock(0);
    for (let i = 1; i < 100; i += 1) expect(take(stakes, i * 10_000)).toBe(10);
    // Slow steps stake no more.
    expect(take(stakes, 2_000_000)).toBe(10);
  });

  test('of all steps together is never more than the time that has passed, and a thousandth of the budget', () => {
    const random = seededRandom('stakes');
    const stakes = clock();
    stakes.begin(0, 0);
    let [atMs, staked] = [0, 0];
    for (let i = 0; i < 5_000; i += 1) {
      atMs += random.next() < 0.5 ? 0 : 4_000 * random.next();
      staked += take(stakes, atMs);
      expect(staked * CLOCK.tickMs).toBeLessThanOrEqual(atMs + 1_000 + 1e-6);
    }
    // … and is all of it, nearly: what is not staked costs power.
    expect(staked * CLOCK.tickMs).toBeGreaterThan(0.95 * atMs);
  });

  test('begins a thousandth of the budget before the first step, however long that usually lasts; of a late one when it happened', () => {
    for (const perStep of [0.4, 1e6]) {
      const fresh = new StakeClock(perStep, CLOCK);
      fresh.begin(50_000, 50_000);
      expect(fresh.snapshot()).toEqual({ stakedUntilMs: 49_000 });
    }
    const late = clock();
    late.begin(10_000, 900_000);
    late.begin(0, 950_000);
    expect(late.snapshot()).toEqual({ stakedUntilMs: 10_000 });
  });

  test('of a step, and of a pause, is a thirtieth of the budget at most; what is known of late has its whole time', () => {
    const slow = new StakeClock(1e6, CLOCK, 0);
    expect(take(slow, 500_000)).toBeCloseTo(1_000_000 / 30 / 1_000, 9);
    expect(take(slow, 500_000)).toBeCloseTo(0, 9);
    const late = clock(0);
    const staked = Array.from({ length: 60 }, () => late.take(500_000, 1, true));
    expect(staked.reduce((sum, each) => sum + each, 0)).toBeCloseTo(500, 9);
  });

  test('goes on from where time was set back to', () => {
    const stakes = clock(5_000);
    expect(take(stakes, 1_000)).toBe(0);
    expect(take(stakes, 3_000)).toBe(2);
  });

  test('of steps at once is that of one after the other', () => {
    const [atOnce, single] = [clock(0), clock(0)];
    expect(atOnce.look(20_000, 4, false)).toBe(20);
    expect(atOnce.take(20_000, 4, false)).toBe(20);
    expect([1, 2, 3, 4].reduce((sum) => sum + take(single, 20_000), 0)).toBe(20);
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
  const BUDGET = { ...DEFAULT_FALSE_PAGE_BUDGET, tickMs: 1_000, meanTimeBetweenMs: 100_000, season: 'none' } as const;

  /** Mean evidence of streams that learnt from a sample a second, after as many samples as come in a minute at that pace. */
  function evidence(hypothesis: 'shift' | 'risk', everyMs: number): number {
    const RUNS = 40;
    let sum = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const random = seededRandom(`pace ${run}`);
      const next = (): number => (hypothesis === 'shift' ? random.next() : random.next() < 0.1 ? 1 : 0);
      const of = { statistic: 's', binary: hypothesis === 'risk', seasonal: false, tolerance: 0, seed: run };
      const stream = new ScoreStream({ ...of, hypothesis }, BUDGET);
      let atMs = 0;
      for (let i = 0; i < 500; i += 1) stream.add(next(), (atMs += 1_000));
      stream.startMonitoring(25, true);
      expect(stream.isMonitoring).toBe(true);
      for (let i = 0; i < 60_000 / everyMs; i += 1) stream.add(next(), (atMs += everyMs));
      sum += stream.value / stream.size;
    }
    return sum / RUNS;
  }

  test.each(['shift', 'risk'] as const)(
    'of a %s gathers no more in a minute at a hundred times the pace than that minute allows',
    (hypothesis) => {
      expect(evidence(hypothesis, 1_000)).toBeGreaterThan(1);
      // A minute, and what may be staked at once.
      expect(evidence(hypothesis, 10)).toBeLessThan(1.5 * 61);
    },
  );
});

test('a fault that stays is not over, however the pace was thought to be when it began', () => {
  const recoveredShare = (first: number, everyMs: number): number => {
    const random = seededRandom(`stays ${first}`);
    const monitor = new DriftMonitor('m', { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' }, (text) => text);
    let atMs = 1_767_225_600_000;
    const row = (share: number): void => {
      const age = random.next() < share ? null : 20 + 50 * random.next();
      monitor.observe(observation({ atMs, features: { age } }));
    };
    for (let i = 0; i < 1_000; i += 1, atMs += 1) row(0.05);
    monitor.settle(atMs, Number.MAX_SAFE_INTEGER);
    monitor.endTrainingSet(200, true);
    monitor.startWatching();
    for (let i = 0; i < first; i += 1, atMs += everyMs) row(0.05);
    let [looks, recovered] = [0, 0];
    for (let i = 0; i < 6_000; i += 1, atMs += 1_000) {
      row(i < 500 ? 0.05 : 0.25);
      if (i % 10 === 0) monitor.settle(atMs, 200);
      if (!monitor.isAlarmed || i % 10 !== 0) continue;
      looks += 1;
      if (monitor.hasRecovered) recovered += 1;
    }
    expect(looks).toBeGreaterThan(300);
    return recovered / looks;
  };
  for (const [first, everyMs] of [
    [200, 0],
    [30, 3_600_000],
    [30, 1_000],
  ] as const)
    expect(recoveredShare(first, everyMs), `${first} every ${everyMs} ms`).toBeLessThan(0.05);
});

test('rows that wait for their pace are drawn anew after a start, whatever else learns from them', () => {
  for (const season of ['auto', 'daily'] as const) {
    const random = seededRandom(season);
    const monitor = new DriftMonitor('m', { ...DEFAULT_FALSE_PAGE_BUDGET, season }, (text) => text);
    const setMs = 1_767_225_600_000;
    const rows = (count: number, fromMs: number): void => {
      for (let i = 0; i < count; i += 1)
        monitor.observe(
          observation({ atMs: fromMs + i * 1_000, features: { age: random.next(), rare: i % 10 === 0 ? 1 : null } }),
        );
    };
    rows(1_000, setMs);
    monitor.settle(setMs + 1e6, Number.MAX_SAFE_INTEGER);
    monitor.endTrainingSet(200, true);
    monitor.startWatching();
    rows(8, setMs + 1e9);
    expect(monitor.rowsHeld).toBe(8);
    expect(betUntilMs(monitor.snapshot())).toBeLessThan(setMs + 1e9);
  }
});
