import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../exporter/src/domain/finding.js';
import type { Features, FeatureValue, Observation } from '../../../exporter/src/domain/observation.js';
import type { PerformanceEstimate } from '../../../exporter/src/domain/performance.js';
import type { Random } from '../../../exporter/src/domain/ports.js';
import { costOfShift, withCosts } from '../../../exporter/src/performance/cost-of-shift.js';
import { extremeFeature } from '../../../exporter/src/performance/extremes.js';
import { createWindowBuilder } from '../../../exporter/src/statistics/window-profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf } from '../detection/rows.js';

const row = (features: Features, confidence: number): Observation => ({
  atMs: 1,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features,
  prediction: 'yes',
  confidence,
  latencySeconds: null,
  failure: null,
  label: null,
  modelVersion: null,
});
const NONE = { interval: { low: NaN, high: NaN } };
const ESTIMATED = {
  kind: 'estimated',
  measure: 'accuracy',
  calibrated: false,
  crossCheck: 0,
  samples: 100,
  blindTo: '',
  realised: { accuracy: null, error: null, labelledShare: null },
} as const;
const CONFIDENCE_FELL: Finding = {
  detector: 'numeric-drift',
  subject: 'confidence',
  kind: 'model',
  direction: 'down',
  statistic: { name: 'ks', value: 0.4 },
  threshold: 0.1,
  pValue: null,
  effect: { measure: 'distance', value: 0.4, interval: null },
  statistics: [],
  before: null,
  now: null,
  window: { fromMs: 1, toMs: 2, samples: 100 },
  baselineSamples: 100,
  sentence: 'Confidence fell.',
};
const stated = (confidence: number): number => confidence;

describe('what a moved feature costs', () => {
  /** Answers on the mobile channel are right 70 % of the time, on the web 90 %. */
  const rows = (seed: string, mobile: number, count = 2_000): Observation[] => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => {
      const isMobile = random.next() < mobile;
      return row(
        { channel: isMobile ? 'mobile' : 'web', size: random.next() },
        (isMobile ? 0.7 : 0.9) + 0.1 * (random.next() - 0.5),
      );
    });
  };

  it('is the change of mix times the difference between its values: 0.4 × 0.2', () => {
    const cost = costOfShift('channel', rows('a', 0.2), rows('b', 0.6), stated);
    expect(cost?.value).toBeCloseTo(0.08, 2);
    expect(cost?.interval.low).toBeGreaterThan(0.06);
    expect(cost?.interval.high).toBeLessThan(0.1);
  });

  it('is nothing for a feature that did not move, or that confidence does not follow', () => {
    const cost = costOfShift('size', rows('a', 0.2), rows('b', 0.6), stated);
    expect(cost?.interval.low).toBeLessThan(0.01);
    const same = costOfShift('channel', rows('a', 0.2), rows('c', 0.2), stated);
    expect(same?.interval.low).toBeLessThan(0);
    expect(same?.interval.high).toBeGreaterThan(0);
  });

  it.each<readonly [string, (random: Random) => FeatureValue, number]>([
    ['is no longer sent', () => null, 0],
    ['has no value in every third row', (random) => (random.next() < 1 / 3 ? null : random.next()), 0],
    ['moves to where answers are surer', (random) => 0.5 + random.next() / 2, -0.025],
  ])('holds the truth in its interval 95 times of 100 where a feature %s', (_, now, cost) => {
    let held = 0;
    for (let world = 0; world < 400; world += 1) {
      const random = seededRandom(`cost ${world}`);
      const sample = (count: number, size: (random: Random) => FeatureValue): Observation[] =>
        Array.from({ length: count }, () => {
          const value = size(random);
          const sure = typeof value === 'number' ? 0.1 * value : 0.05;
          return row({ size: value }, 0.6 + sure + 0.3 * random.next());
        });
      const { interval } =
        costOfShift(
          'size',
          sample(405, (each) => each.next()),
          sample(242, now),
          stated,
        ) ?? NONE;
      if (interval.low <= cost && cost <= interval.high) held += 1;
    }
    expect(held / 400).toBeGreaterThan(0.92);
  });

  it('knows nothing of a value that was seen once but that it is a share', () => {
    const each = (from: number): Observation[] =>
      Array.from({ length: 100 }, (_, i) => row({ id: `v${from + i}` }, 0.9));
    const { interval } = costOfShift('id', each(0), each(100), stated) ?? NONE;
    expect(interval.high).toBeCloseTo(1.96 * Math.sqrt(0.25 / 100 + 0.25 / 100), 6);
    expect(interval.low).toBeCloseTo(-interval.high, 6);
  });

  it('of confidence is as unsure as the baseline’s accuracy and the estimate of now together', () => {
    const builder = createWindowBuilder();
    for (let i = 0; i < 100; i += 1) builder.add(row({}, 0.9));
    const shares = { labelled: 100, correct: 90, losses: {} };
    const tenths = (n: number): number[] => [...new Array<number>(9).fill(0), n];
    const labels = { ...shares, labelledByConfidence: tenths(100), correctByConfidence: tenths(90) };
    const baseline = { ...baselineOf([]), profile: { ...builder.build(), labels } };
    const performance: PerformanceEstimate = {
      ...ESTIMATED,
      accuracy: 0.8,
      band: { low: 0.78, high: 0.81, level: 0.95 },
      baselineAccuracy: { share: 0.9, interval: { low: 0.82, high: 0.94, level: 0.95 }, of: 100, count: 90 },
    };
    const [priced] = withCosts([CONFIDENCE_FELL], performance, { baseline, baselineRows: [], rows: [] });
    expect(priced?.cost?.value).toBeCloseTo(0.1, 9);
    expect(priced?.cost?.interval.low).toBeCloseTo(0.1 - Math.hypot(0.08, 0.01), 9);
    expect(priced?.cost?.interval.high).toBeCloseTo(0.1 + Math.hypot(0.04, 0.02), 9);
  });

  it('is not told from fewer than 50 rows, nor without confidence', () => {
    expect(costOfShift('channel', rows('a', 0.2), rows('b', 0.6, 49), stated)).toBeNull();
    const silent = rows('b', 0.6).map((each) => ({ ...each, confidence: null }));
    expect(costOfShift('channel', rows('a', 0.2), silent, stated)).toBeNull();
  });
});

describe('values beyond the baseline', () => {
  const profile = (seed: string, value: (u: number) => number) => {
    const random = seededRandom(seed);
    const builder = createWindowBuilder();
    for (let i = 0; i < 2_000; i += 1) builder.add(row({ x: value(random.next()), y: random.next() }, 0.5));
    return builder.build();
  };
  const before = profile('before', (u) => 10 + u);

  it('are named with their share', () => {
    expect(
      extremeFeature(
        before,
        profile('now', (u) => (u < 0.2 ? 40 : 10 + u)),
      ),
    ).toMatch(/^(19|20|21) % of “x” lie beyond/);
  });
  it('are not seen where there are none', () => {
    for (let i = 0; i < 20; i += 1)
      expect(
        extremeFeature(
          before,
          profile(`quiet ${i}`, (u) => 10 + u),
        ),
      ).toBeNull();
  });
});
