import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { riskBets, shiftBets, type Bets } from '../../../../exporter/src/detection/sequential/bets.js';
import { BlockCalibration } from '../../../../exporter/src/detection/sequential/block-length.js';
import { ConformalReference } from '../../../../exporter/src/detection/sequential/conformal-reference.js';
import { ConformalEDetector } from '../../../../exporter/src/detection/sequential/conformal-e-detector.js';
import { counterUniform, seedOf } from '../../../../exporter/src/detection/sequential/counter-random.js';
import { evidenceBenjaminiHochberg } from '../../../../exporter/src/detection/sequential/e-d-bh.js';
import { ReferenceQuantiles } from '../../../../exporter/src/detection/sequential/reference-quantiles.js';
import { riskBound } from '../../../../exporter/src/detection/sequential/risk-e-detector.js';
import { SeasonalPattern } from '../../../../exporter/src/detection/sequential/season.js';
import { EvidenceBank } from '../../../../exporter/src/detection/sequential/shiryaev-roberts.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

interface Reference {
  readonly e_sr_trace: {
    readonly x: readonly number[];
    readonly m: number;
    readonly lambda_: readonly number[];
    readonly log_sr_mixture: readonly number[];
  };
  readonly clopper_pearson_upper: readonly {
    readonly k: number;
    readonly n: number;
    readonly delta: number;
    readonly u: number;
  }[];
}
const reference = JSON.parse(
  readFileSync(new URL('../../../data/reference/scipy_reference.json', import.meta.url), 'utf8'),
) as Reference;

describe('conformal reference', () => {
  test('counts blocks below as a scan of all bins does, whatever is accepted, suspected and dropped', () => {
    const random = seededRandom(11);
    const reference = new ConformalReference(400);
    for (let i = 0; i < 3_000; i += 1) {
      const value = random.next() ** 2;
      const { counts, pending } = reference.snapshot();
      const bin = Math.min(399, Math.floor(value * 400));
      let [below, ties, size] = [0, 1, 0];
      for (const pairs of [counts, pending])
        for (let at = 0; at < pairs.length; at += 2) {
          const [each = 0, blocks = 0] = [pairs[at], pairs[at + 1]];
          size += blocks;
          if (each < bin) below += blocks;
          else if (each === bin) ties += blocks;
        }
      expect(reference.pValue(value, 0.25)).toBe((below + 0.25 * ties) / (size + 1));
      if (i % 97 === 0) reference.drop();
      reference.add(value, random.next() < 0.8);
    }
    const restored = new ConformalReference(400, reference.snapshot());
    expect(restored.snapshot()).toEqual(reference.snapshot());
    expect(restored.pValue(0.3, 0.5)).toBe(reference.pValue(0.3, 0.5));
  });
});

describe('evidence bank', () => {
  test('follows the reference trace of the Shiryaev–Roberts mixture to 1e-9', () => {
    const { x, m, lambda_, log_sr_mixture } = reference.e_sr_trace;
    const bets: Bets = {
      mean: m,
      slopes: Float64Array.from(lambda_),
      powers: new Float64Array(),
      weights: new Float64Array(lambda_.length).fill(1 / lambda_.length),
    };
    const bank = new EvidenceBank(bets);
    x.forEach((value, i) => {
      bank.step(value, i, 1);
      expect(Math.log(bank.value)).toBeCloseTo(log_sr_mixture[i] ?? NaN, 9);
    });
  });

  test.each([1, 2, 17, 400, 20_000])('takes %i losses of 0 at once as one by one, what they stake first', (zeros) => {
    for (const [bets, most] of [
      [riskBets(0.01, null), 1e9],
      [riskBets(0.3, null), 16.5],
      [riskBets(0.2, 0.05), 0.5],
    ] as const) {
      const oneByOne = new EvidenceBank(bets);
      const atOnce = new EvidenceBank(bets);
      // Enough for 16 steps and a half, or for all.
      const stakes = { perStep: 0.4, all: Math.min(0.4 * zeros, 0.4 * most) };
      for (const bank of [oneByOne, atOnce]) for (let i = 0; i < 6; i += 1) bank.step(i % 2, i, 0.4);
      for (let i = 0; i < zeros; i += 1) oneByOne.step(0, 100 + i, Math.min(0.4, Math.max(0, stakes.all - 0.4 * i)));
      expect(atOnce.valueAfterZeros(zeros, stakes)).toBeCloseTo(oneByOne.value, 9);
      atOnce.stepZeros(zeros, 99 + zeros, stakes);
      const [expected, found] = [oneByOne.snapshot(), atOnce.snapshot()];
      for (const [j, value] of expected.evidence.entries()) expect(found.evidence[j]).toBeCloseTo(value, 9);
      for (const [j, value] of expected.cusum.entries()) expect((found.cusum[j] ?? 0) / value).toBeCloseTo(1, 9);
      expect(found.resetAtMs).toEqual(expected.resetAtMs);
    }
  });

  test('dates a change by the last reset of the bet that gained most', () => {
    const random = seededRandom(3);
    const bank = new EvidenceBank(shiftBets(0.03, true));
    for (let i = 0; i < 500; i += 1) bank.step(random.next(), i, 1);
    for (let i = 500; i < 540; i += 1) bank.step(0.7 + 0.3 * random.next(), i, 1);
    expect(bank.changeAtMs).toBeGreaterThan(480);
    expect(bank.changeAtMs).toBeLessThan(515);
    expect(bank.logRatio).toBeGreaterThan(8);
  });

  test('stays finite under endless evidence and falls to nothing at a reset', () => {
    const bank = new EvidenceBank(shiftBets(0, true));
    for (let i = 0; i < 5_000; i += 1) bank.step(1, i, 1);
    expect(Number.isFinite(bank.value)).toBe(true);
    bank.reset();
    expect(bank.value).toBe(0);
  });
});

describe('bets', () => {
  const GRID = 200_000;
  const expectationUnderUniform = (bets: Bets, shiftTo: number): number[] => {
    const sums = new Array<number>(bets.weights.length).fill(0);
    for (let i = 0; i < GRID; i += 1) {
      const q = Math.min(1, (i + 0.5) / GRID + shiftTo);
      bets.slopes.forEach((slope, j) => (sums[j] = (sums[j] ?? 0) + 1 + slope * (q - bets.mean)));
      bets.powers.forEach((power, j) => {
        const at = bets.slopes.length + j;
        sums[at] = (sums[at] ?? 0) + power * (1 - (i + 0.5) / GRID) ** (power - 1);
      });
    }
    return sums.map((sum) => sum / GRID);
  };

  test('gain nothing on average while nothing changes', () => {
    for (const expectation of expectationUnderUniform(shiftBets(0.03, true), 0))
      expect(expectation).toBeLessThanOrEqual(1 + 1e-3);
  });

  test('linear bets allow the tolerance and nothing more', () => {
    const bets = shiftBets(0.03, false);
    for (const expectation of expectationUnderUniform(bets, 0.029)) expect(expectation).toBeLessThanOrEqual(1);
    for (const expectation of expectationUnderUniform(bets, 0.1)) expect(expectation).toBeGreaterThan(1);
  });

  test('never stake everything: a factor is positive for every value', () => {
    for (const bets of [shiftBets(0, true), shiftBets(0.3, true), riskBets(0.01, null), riskBets(0.9, 0.05)]) {
      for (const slope of bets.slopes) expect(1 + slope * (0 - bets.mean)).toBeGreaterThan(0);
      expect(bets.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
  });

  test('refuse a mean that leaves nothing to bet on', () => {
    expect(() => riskBets(1, null)).toThrow(/between 0 and 1/);
    expect(() => riskBets(0, null)).toThrow(/between 0 and 1/);
  });
});

test('risk bound agrees with SciPy for indicators and covers bounded losses', () => {
  for (const { k, n, delta, u } of reference.clopper_pearson_upper)
    expect(riskBound({ units: n, mean: k / n, variance: 0, binary: true }, delta, 0)).toBeCloseTo(u, 9);
  const random = seededRandom(1);
  let covered = 0;
  for (let run = 0; run < 300; run += 1) {
    const losses = Array.from({ length: 200 }, () => random.next() ** 3);
    const mean = losses.reduce((sum, x) => sum + x, 0) / 200;
    const variance = losses.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 199;
    if (riskBound({ units: 200, mean, variance, binary: false }, 0.05, 0) >= 0.25) covered += 1;
  }
  expect(covered).toBeGreaterThanOrEqual(0.95 * 300);
});

describe('conformal reference', () => {
  test('p-values of exchangeable blocks are uniform, ties and all', () => {
    const random = seededRandom(5);
    const blocks = new ConformalReference(100);
    const deciles = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i += 1) {
      const value = Math.floor(4 * random.next()) / 4;
      const p = blocks.pValue(value, random.next());
      deciles[Math.floor(10 * p)] = (deciles[Math.floor(10 * p)] ?? 0) + 1;
      blocks.add(value, true);
    }
    const chiSquared = deciles.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0);
    expect(chiSquared).toBeLessThan(27.9);
  });

  test('takes suspected blocks out again', () => {
    const blocks = new ConformalReference(100);
    blocks.add(0.2, true);
    blocks.add(0.9, false);
    expect(blocks.size).toBe(2);
    blocks.drop();
    expect(blocks.size).toBe(1);
    expect(blocks.pValue(0.9, 0.5)).toBeGreaterThan(0.5);
  });
});

test('counter random numbers are uniform, reproducible and unlike for other seeds', () => {
  const seed = seedOf('model\nsignal');
  const values = Array.from({ length: 50_000 }, (_, i) => counterUniform(seed, i));
  expect(values).toEqual(Array.from({ length: 50_000 }, (_, i) => counterUniform(seed, i)));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
  const lag = values.slice(1).reduce((sum, value, i) => sum + (value - 0.5) * ((values[i] ?? 0) - 0.5), 0);
  expect(Math.abs(lag / values.length / (1 / 12))).toBeLessThan(0.02);
  expect(counterUniform(seedOf('model\nother'), 0)).not.toBe(values[0]);
  expect(Math.min(...values)).toBeGreaterThan(0);
  expect(Math.max(...values)).toBeLessThan(1);
});

describe('ruler', () => {
  test('places the warm-up distribution uniformly and is blind to units', () => {
    const random = seededRandom(2);
    const draw = (): number => Math.exp(3 * random.next());
    const warmUp = Array.from({ length: 2_000 }, draw);
    const quantiles = ReferenceQuantiles.fit(warmUp);
    const scaled = ReferenceQuantiles.fit(warmUp.map((x) => 100 * x));
    const places = Array.from({ length: 5_000 }, () => {
      const x = draw();
      const v = random.next();
      expect(scaled.position(100 * x, v)).toBeCloseTo(quantiles.position(x, v), 9);
      return quantiles.position(x, v);
    });
    expect(places.reduce((sum, u) => sum + u, 0) / places.length).toBeCloseTo(0.5, 1);
    expect(ReferenceQuantiles.restore(quantiles.snapshot()).position(5, 0.3)).toBe(quantiles.position(5, 0.3));
  });

  test('a constant signal is uniform by its random ties, and any other value lies outside', () => {
    const quantiles = ReferenceQuantiles.fit(new Array<number>(50).fill(7));
    expect(quantiles.position(7, 0.1)).toBeCloseTo(0.1, 9);
    expect(quantiles.position(7.1, 0.5)).toBeGreaterThan(0.98);
    expect(quantiles.position(6.9, 0.5)).toBeLessThanOrEqual(0.5);
  });
});

describe('block length', () => {
  const calibrated = (correlation: number, samples: number): BlockCalibration => {
    const random = seededRandom(11);
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(random.next() + 1e-12)) * Math.cos(2 * Math.PI * random.next());
    const calibration = new BlockCalibration(true);
    let level = normal();
    for (let i = 0; i < samples; i += 1) {
      level = correlation * level + Math.sqrt(1 - correlation ** 2) * normal();
      calibration.add(1 / (1 + Math.exp(-level)));
    }
    return calibration;
  };

  test('measures the autocorrelation time (1 + φ)/(1 − φ)', () => {
    expect(calibrated(0, 20_000).autocorrelationTime).toBeLessThan(1.3);
    expect(calibrated(0.5, 20_000).autocorrelationTime).toBeGreaterThan(2.3);
    expect(calibrated(0.5, 20_000).autocorrelationTime).toBeLessThan(4);
    expect(calibrated(0.8, 20_000).autocorrelationTime).toBeGreaterThan(7);
    expect(calibrated(0.8, 20_000).autocorrelationTime).toBeLessThan(12);
  });

  test('asks for longer blocks the more samples hang together, and refuses a baseline too short to tell', () => {
    const lengthOf = (correlation: number): number => 2 ** (calibrated(correlation, 20_000).choose(0) ?? NaN);
    expect(lengthOf(0)).toBeLessThanOrEqual(4);
    expect(lengthOf(0.5)).toBeGreaterThanOrEqual(16);
    expect(lengthOf(0.8)).toBeGreaterThanOrEqual(64);
    expect(calibrated(0.8, 400).choose(0)).toBeNull();
  });

  test('a signal that never varies needs no blocks', () => {
    const calibration = new BlockCalibration(false);
    for (let i = 0; i < 200; i += 1) calibration.add(0.5);
    expect(calibration.choose(0)).toBe(0);
  });
});

describe('e-d-BH', () => {
  test('names the k largest that reach A·K/k', () => {
    expect(evidenceBenjaminiHochberg([1, 400, 210, 3], 100)).toEqual([1, 2]);
    expect(evidenceBenjaminiHochberg([1, 399, 2, 3], 100)).toEqual([]);
    expect(evidenceBenjaminiHochberg([150, 150, 150, 150], 100)).toHaveLength(4);
    expect(evidenceBenjaminiHochberg([], 100)).toEqual([]);
  });
});

describe('season', () => {
  const HOUR = 3_600_000;
  const fed = (wave: number, season: 'auto' | 'none' | 'weekly', days: number): SeasonalPattern => {
    const random = seededRandom(4);
    const pattern = new SeasonalPattern(season);
    for (let i = 0; i < days * 24 * 20; i += 1) {
      const hour = i / 20;
      pattern.add(0.5 + wave * Math.sin((2 * Math.PI * hour) / 24) + 0.2 * (random.next() - 0.5), 1, hour * HOUR);
    }
    return pattern;
  };

  test('finds a daily wave after two days and subtracts it', () => {
    const pattern = fed(0.2, 'auto', 2);
    expect(pattern.isProvisional).toBe(true);
    expect(pattern.due(47 * HOUR)).toBeNull();
    expect(pattern.due(48 * HOUR)).toBe('daily');
    expect(pattern.repeats('daily')).toBe(true);
    expect(pattern.settle('daily', true)).toBe(true);
    expect(pattern.isProvisional).toBe(false);
    expect(pattern.expected((5 * 24 + 6) * HOUR)).toBeCloseTo(0.2, 1);
    expect(pattern.expected((5 * 24 + 18) * HOUR)).toBeCloseTo(-0.2, 1);
  });

  test('takes noise for no pattern', () => {
    const pattern = fed(0, 'auto', 2);
    expect(pattern.repeats('daily')).toBe(false);
    expect(pattern.settle('daily', false)).toBe(false);
    expect(pattern.expected(60 * HOUR)).toBe(0);
  });

  test('waits two weeks for a configured weekly one, and for nothing when there is none', () => {
    expect(fed(0.1, 'weekly', 3).isWaiting).toBe(true);
    expect(fed(0.1, 'weekly', 3).due(13 * 24 * HOUR)).toBeNull();
    expect(fed(0.1, 'weekly', 14).due(14 * 24 * HOUR)).toBe('weekly');
    expect(fed(0.1, 'none', 1).isProvisional).toBe(false);
    expect(fed(0.1, 'none', 1).due(1e12)).toBeNull();
  });
});

describe('the end of a change', () => {
  const detectorAfter = (normalBlocks: number, seed: number) => {
    const random = seededRandom(seed);
    const detector = new ConformalEDetector({
      blockLength: 4,
      tolerance: 0.03,
      powerBets: true,
      startWeight: 0.01,
      clock: null,
      sides: 'both',
      seed,
    });
    const feed = (blocks: number, shift: number): void => {
      for (let i = 0; i < 4 * blocks; i += 1) detector.add(Math.min(1, random.next() + shift), i);
    };
    feed(normalBlocks, 0);
    return { detector, feed };
  };

  test('is nothing to a detector that knew no normal yet, and the change does not become its normal', () => {
    const { detector, feed } = detectorAfter(10, 1);
    detector.freeze(5);
    feed(100, 0.9);
    expect(detector.referenceBlocks).toBe(10);
    expect(detector.hasRecovered).toBe(true);
    detector.resume();
    feed(20, 0);
    expect(detector.isReady).toBe(true);
    expect(detector.value).toBeLessThan(1);
  });
});
