import { describe, expect, it } from 'vitest';
import { DETECTORS } from '../../../exporter/src/detection/detectors/index.js';
import { growForestBaseline, growWindowForest } from '../../../exporter/src/detection/forest-baseline.js';
import { mergeWindows } from '../../../exporter/src/statistics/window-profile.js';
import { DETECTOR_IDS, UNDERSTANDING } from '../../../exporter/src/domain/finding.js';
import type { MonitoredModelState } from '../../../exporter/src/domain/monitored-model-state.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { baselineOf, detectIn, MODEL, stateOf, normal, observation, profileOf, quietRow } from './rows.js';

const quietRows = (seed: string, count: number): Observation[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => quietRow(random, i));
};
const detectorsIn = (input: MonitoredModelState): Set<string> =>
  new Set(detectIn(input).findings.map(({ detector }) => detector));
const failed = (reason: 'timeout' | 'http_5xx'): Observation =>
  observation({
    prediction: null,
    confidence: null,
    failure: { reason, detail: '', httpStatus: null, retryAfterMs: null },
  });

describe('every detector', () => {
  it('is in the table once', () => {
    expect(DETECTORS.map(({ id }) => id).sort()).toEqual([...DETECTOR_IDS].sort());
  });

  const strange: readonly (readonly [string, readonly Observation[]])[] = [
    ['an empty window', []],
    ['one row', [observation()]],
    [
      'only nulls',
      Array.from({ length: 60 }, () =>
        observation({ prediction: null, confidence: null, latencySeconds: null, features: { a: null } }),
      ),
    ],
    [
      'NaN and flipped types',
      Array.from({ length: 60 }, (_, i) => observation({ features: { n1: i % 2 === 0 ? NaN : 'text', c1: 7 } })),
    ],
    ['constants', Array.from({ length: 60 }, () => observation({ features: { n1: 1, c1: 'a' } }))],
    ['5,000 categories', Array.from({ length: 5_000 }, (_, i) => observation({ features: { c1: `v${i}` } }))],
    ['a clock that stepped back', Array.from({ length: 60 }, (_, i) => observation({ atMs: 1_000 - i }))],
    ['only failures', Array.from({ length: 60 }, () => failed('timeout'))],
  ];
  it.each(strange)('survives %s, with and without a baseline, with finite numbers', (_name, rows) => {
    for (const baseline of [null, quietRows('b', 300), rows]) {
      for (const finding of detectIn(stateOf(baseline, rows)).findings) {
        expect(Number.isFinite(finding.statistic.value)).toBe(true);
        expect(Number.isFinite(finding.effect.value)).toBe(true);
        expect(finding.sentence).not.toMatch(/NaN(?! or of)|undefined|Infinity/);
      }
    }
  });

  it('finds the same however the window was split and merged', () => {
    const baseline = quietRows('b', 400);
    const shifted = quietRows('s', 200).map((row) => ({
      ...row,
      features: { ...row.features, n1: Number(row.features?.n1) + 20 },
    }));
    const input = stateOf(baseline, shifted);
    const split = mergeWindows(
      profileOf(shifted.slice(0, 71), input.baseline?.profile),
      profileOf(shifted.slice(71), input.baseline?.profile),
    );
    expect(detectIn({ ...input, window: split }).findings).toEqual(detectIn(input).findings);
  });
});

describe('false findings', () => {
  it('stay rare: 400 quiet looks of 200 samples at a model with 20 features', () => {
    let looks = 0;
    let misfired = 0;
    for (let baselineSeed = 0; baselineSeed < 8; baselineSeed += 1) {
      const baseline = quietRows(`baseline-${baselineSeed}`, 500);
      const forest = growForestBaseline(baseline, baselineOf(baseline).profile, seededRandom(1));
      const windowForest = growWindowForest(baseline, seededRandom(1));
      for (let look = 0; look < 50; look += 1) {
        looks += 1;
        const found = detectIn(
          stateOf(baseline, quietRows(`look-${baselineSeed}-${look}`, 200), { forest, windowForest }),
        ).findings;
        if (found.length > 0) misfired += 1;
      }
    }
    process.stdout
      .write(`quiet looks with a false finding: ${misfired} of ${looks} (p < 0.05 on each of 20 features: about 64 %)
`);
    expect(misfired / looks).toBeLessThanOrEqual(0.01);
  }, 90_000);
});

describe('what is seen', () => {
  const baseline = quietRows('baseline', 500);
  it.each([0.5, 1, 2])(
    'a shift of one feature of 20 by %s standard deviations is found, and only that feature named',
    (shift) => {
      const rows = quietRows('shifted', 200).map((row) => ({
        ...row,
        features: { ...row.features, n1: Number(row.features?.n1) + 10 * shift },
      }));
      const found = detectIn(stateOf(baseline, rows)).findings;
      expect(found.map(({ subject }) => subject)).toEqual(['feature:n1']);
      expect(found[0]?.effect.value).toBeGreaterThan(shift * 0.6);
      expect(found[0]?.effect.value).toBeLessThan(shift * 1.4);
    },
  );

  it('tells a shift that was cut as more than that, and not as a figure', () => {
    const rows = quietRows('shifted', 200).map((row) => ({
      ...row,
      features: { ...row.features, n1: 1_024 * 1_000 * Number(row.features?.n1) },
    }));
    const [found] = detectIn(stateOf(baseline, rows)).findings;
    expect(found?.sentence).toMatch(/ \(by over 1000 standard deviations\) \(200 values against 500\)\.$/);
  });

  it('reports a larger effect for a larger shift', () => {
    const effects = [1, 2, 4].map((shift) => {
      const rows = quietRows('shifted', 200).map((row) => ({
        ...row,
        features: { ...row.features, n1: Number(row.features?.n1) + 10 * shift },
      }));
      return detectIn(stateOf(baseline, rows)).findings[0]?.effect.value ?? 0;
    });
    expect(effects).toEqual([...effects].sort((a, b) => a - b));
  });

  it.each<readonly [string, string, (row: Observation, i: number) => Observation]>([
    [
      'null flood',
      'missing-values',
      (row, i) => ({ ...row, features: { ...row.features, n1: i % 2 === 0 ? null : Number(row.features?.n1) } }),
    ],
    [
      'NaN flood',
      'invalid-values',
      (row, i) => ({ ...row, features: { ...row.features, n1: i % 2 === 0 ? NaN : Number(row.features?.n1) } }),
    ],
    [
      'renamed category',
      'unseen-categories',
      (row) => ({
        ...row,
        features: { ...row.features, c1: row.features?.c1 === 'a' ? 'A!' : (row.features?.c1 ?? null) },
      }),
    ],
    [
      'other mix',
      'categorical-drift',
      (row, i) => ({ ...row, features: { ...row.features, c1: i % 2 === 0 ? 'd' : (row.features?.c1 ?? null) } }),
    ],
    ['lower confidence', 'confidence-distribution', (row) => ({ ...row, confidence: (row.confidence ?? 0) - 0.15 })],
    ['other answers', 'prediction-mix', (row, i) => ({ ...row, prediction: i % 2 === 0 ? 'yes' : row.prediction })],
    ['one answer only', 'constant-predictions', (row) => ({ ...row, prediction: 'no' })],
    ['late answers', 'latency-regression', (row) => ({ ...row, latencySeconds: (row.latencySeconds ?? 0) * 8 })],
  ])('%s', (_name, detector, change) => {
    expect(detectorsIn(stateOf(baseline, quietRows('changed', 200).map(change)))).toContain(detector);
  });

  it('no collapse where inputs lie so near each other that a tree answers them alike, and says so', () => {
    const answered = (features: (i: number) => Observation['features']) =>
      quietRows('near', 60).map((row, i) => ({ ...row, features: features(i), prediction: 'ok', confidence: 0.88 }));
    const near = detectIn(
      stateOf(
        null,
        answered((i) => ({ amount: 46 + (i % 8), age: 28 + (i % 5), country: 'DE' })),
      ),
    );
    expect(near.findings.map(({ detector }) => detector)).not.toContain('constant-predictions');
    expect(near.blindSpots.map(({ check }) => check)).toContain('one prediction for every input');
    for (const features of [
      (i: number) => ({ amount: 20 + 10 * (i % 8) }),
      (i: number) => ({ amount: 46 + (i % 8), country: i % 2 === 0 ? 'DE' : 'FR' }),
    ])
      expect(detectorsIn(stateOf(null, answered(features)))).toContain('constant-predictions');
  });

  it('no collapse where nobody has said what the model takes, and it answers all that mlfi thought up alike', () => {
    const alike = (source: 'probe' | 'ingest') =>
      quietRows('alike', 60).map((row) => ({ ...row, source, prediction: 'no', confidence: 0.5 }));
    const guessed = { model: { ...MODEL, arePayloadsGuessed: true } };
    const { findings, blindSpots } = detectIn(stateOf(null, alike('probe'), guessed));
    expect(findings).toEqual([]);
    expect(blindSpots.find(({ check }) => check === UNDERSTANDING)?.reason).toContain('60 calls');
    expect(detectorsIn(stateOf(null, alike('ingest'), guessed))).toContain('constant-predictions');
    // A person or a document says what it takes, or its answers used to differ.
    expect(detectorsIn(stateOf(null, alike('probe')))).toContain('constant-predictions');
    const goldenInputs = [{ id: 'own', payload: { text: 'yes' }, origin: 'user' as const }];
    const given = { model: { ...guessed.model, goldenInputs } };
    expect(detectorsIn(stateOf(null, alike('probe'), given))).toContain('constant-predictions');
    expect(detectorsIn(stateOf(baseline, alike('probe'), guessed))).toContain('constant-predictions');
  });

  it('no understanding without a confidence either, once ten answers to five different payloads are the same', () => {
    const probes = (count: number, prediction: (i: number) => Observation['prediction'], features = {}) =>
      quietRows('told', count).map((row, i) => ({
        ...row,
        source: 'probe' as const,
        prediction: prediction(i),
        confidence: null,
        features: { ...row.features, ...features },
      }));
    const guessed = { model: { ...MODEL, arePayloadsGuessed: true } };
    const isTold = (rows: readonly Observation[], settings = guessed): boolean =>
      detectIn(stateOf(null, rows, settings)).blindSpots.some(({ check }) => check === UNDERSTANDING);
    expect(isTold(probes(10, () => 'accepted'))).toBe(true);
    expect(isTold(probes(20, () => true))).toBe(true);
    // A coin may fall alike a few times, and one payload is answered alike by every sound model.
    expect(isTold(probes(9, () => 'accepted'))).toBe(false);
    expect(isTold(probes(20, (i) => (i % 3 === 0 ? 'a' : 'b')))).toBe(false);
    expect(isTold(probes(20, () => 'a').map((row) => ({ ...row, features: { n1: 1 } })))).toBe(false);
    expect(isTold(probes(20, () => 'a').map((row, i) => ({ ...row, confidence: 0.5 + i / 50 })))).toBe(false);
    // Of a language model the prediction is how its answer ended.
    expect(isTold(probes(20, () => 'answered', { 'output.length': 40 }))).toBe(false);
    expect(
      isTold(
        probes(20, () => 'a'),
        { model: { ...MODEL, arePayloadsGuessed: false } },
      ),
    ).toBe(false);
    expect(
      detectorsIn(
        stateOf(
          null,
          probes(60, () => 'a'),
          guessed,
        ),
      ),
    ).not.toContain('constant-predictions');
  });

  it('errors and unreachability', () => {
    const rows = quietRows('errors', 200).map((row, i) => (i % 5 === 0 ? failed('http_5xx') : row));
    expect(detectorsIn(stateOf(baseline, rows))).toContain('error-rate');
    expect(detectorsIn(stateOf(null, [failed('timeout'), failed('timeout'), failed('timeout')]))).toContain(
      'unreachable',
    );
    expect(detectorsIn(stateOf(baseline, quietRows('fine', 200), { consecutiveFailures: 5 }))).toContain('unreachable');
  });

  it('a confidence that sinks inside the window, without a baseline', () => {
    const random = seededRandom(5);
    const rows = Array.from({ length: 60 }, (_, i) =>
      observation({ confidence: 0.9 - 0.006 * i + 0.02 * normal(random) }),
    );
    expect(detectorsIn(stateOf(null, rows))).toContain('confidence-trend');
  });

  it('rows that are unlike the baseline’s taken together, blaming the features that make them so', () => {
    const random = seededRandom(9);
    const ordinary = (shift: number): Observation =>
      observation({
        features: Object.fromEntries(
          Array.from({ length: 6 }, (_, i) => [`f${i}`, normal(random) + (i < 3 ? shift : 0)]),
        ),
      });
    const before = Array.from({ length: 1_000 }, () => ordinary(0));
    const now = Array.from({ length: 200 }, (_, i) => ordinary(i % 3 === 0 ? 3.5 : 0));
    const forest = growForestBaseline(before, baselineOf(before).profile, seededRandom(1));
    const found = detectIn(stateOf(before, now, { forest })).findings.find(
      ({ detector }) => detector === 'isolation-forest',
    );
    expect(found?.statistics.map(({ name }) => name).sort()).toEqual([
      'contribution:f0',
      'contribution:f1',
      'contribution:f2',
    ]);
  });

  it('a model that behaves unusually although no features are known', () => {
    const bare = (seed: string, count: number, spread: number): Observation[] => {
      const random = seededRandom(seed);
      return Array.from({ length: count }, () =>
        observation({ confidence: Math.min(1, Math.max(0, 0.7 + spread * normal(random))) }),
      );
    };
    const before = bare('before', 600, 0.03);
    const windowForest = growWindowForest(before, seededRandom(1));
    const subjectsOf = (rows: Observation[]) =>
      detectIn(stateOf(before, rows, { windowForest })).findings.filter(
        ({ detector }) => detector === 'isolation-forest',
      );
    expect(subjectsOf(bare('now', 200, 0.2)).map(({ subject }) => subject)).toEqual(['traffic']);
    expect(subjectsOf(bare('quiet', 200, 0.03))).toEqual([]);
  });

  it('accuracy, from labels', () => {
    const input = stateOf(baseline, quietRows('labels', 200));
    const labels = (correct: number) => ({
      labelled: 200,
      correct,
      labelledByConfidence: new Array<number>(10).fill(20),
      correctByConfidence: new Array<number>(10).fill(correct / 10),
      losses: {},
    });
    const before = { ...baselineOf(baseline), profile: { ...baselineOf(baseline).profile, labels: labels(180) } };
    expect(detectorsIn({ ...input, baseline: before, window: { ...input.window, labels: labels(140) } })).toContain(
      'accuracy-drop',
    );
    expect(detectorsIn({ ...input, baseline: before, window: { ...input.window, labels: labels(176) } })).not.toContain(
      'accuracy-drop',
    );
  });
});

it('says what it cannot see', () => {
  const { blindSpots } = detectIn(
    stateOf(
      null,
      Array.from({ length: 40 }, () => observation({ confidence: null })),
    ),
  );
  expect(blindSpots.map(({ reason }) => reason).join(' ')).toMatch(/no confidence.*no features/s);
});

it('takes a confidence of 0 in each answer for a default, and a fall to 0 for a fault', () => {
  const zeros = Array.from({ length: 60 }, (_, i) => observation({ confidence: 0, atMs: i }));
  const { findings, blindSpots } = detectIn(stateOf(null, zeros));
  expect(findings.map(({ detector }) => detector)).not.toContain('low-confidence');
  expect(blindSpots.map(({ reason }) => reason).join(' ')).toContain('a default and no doubt');
  const surer = Array.from({ length: 200 }, (_, i) => observation({ confidence: 0.8, atMs: i }));
  expect(detectIn(stateOf(surer, zeros)).findings.map(({ detector }) => detector)).toContain('low-confidence');
  const unsure = zeros.map((row, i) => (i === 0 ? { ...row, confidence: 0.1 } : row));
  expect(detectIn(stateOf(null, unsure)).findings.map(({ detector }) => detector)).toContain('low-confidence');
});
