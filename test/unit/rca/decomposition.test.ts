import { expect, test } from 'vitest';
import type { Decomposition, DecompositionPartName, FeatureEvidence } from '../../../exporter/src/domain/symptoms.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { decompose } from '../../../exporter/src/rca/decomposition/decompose.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

interface World {
  readonly rows: number;
  readonly seed: number;
  readonly mobileShare?: number;
  readonly missingShare?: number;
  /** Added to every confidence. */
  readonly shift?: number;
  /** Chance of being right on mobile and on the web; null without labels. */
  readonly right?: readonly [mobile: number, web: number] | null;
  readonly failedShare?: number;
}

/** Confidence and correctness depend on the channel alone. */
function traffic({
  rows,
  seed,
  mobileShare = 0.2,
  missingShare = 0,
  shift = 0,
  right = null,
  failedShare = 0,
}: World): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, (_, i): Observation => {
    const mobile = random.next() < mobileShare;
    const missing = random.next() < missingShare;
    const confidence = (missing ? 0.5 : mobile ? 0.6 : 0.9) + shift + 0.1 * (random.next() - 0.5);
    const failed = random.next() < failedShare;
    const correct = right !== null && random.next() < (mobile ? right[0] : right[1]);
    return {
      atMs: i,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features: { channel: missing ? null : mobile ? 'mobile' : 'web', basket: random.next() },
      prediction: failed ? null : 'a',
      confidence: failed ? null : confidence,
      latencySeconds: null,
      failure: failed ? { reason: 'http_5xx', detail: '', httpStatus: 500, retryAfterMs: null } : null,
      label: right === null || failed ? null : correct ? 'a' : 'b',
      modelVersion: null,
    };
  });
}

const CHANNEL: FeatureEvidence = {
  feature: 'channel',
  kind: 'categorical',
  samples: 2_000,
  distance: 0.4,
  meanShift: null,
  spreadRatio: null,
  missingBefore: 0,
  missingNow: 0,
  absentNow: 0,
  invalidBefore: 0,
  invalidNow: 0,
  unseenShare: 0,
  reported: true,
  minusLog10P: 20,
  changed: true,
  hint: null,
};

function split(before: World, now: World, modelChanged: boolean | null = null): Decomposition {
  const result = decompose({
    baselineRows: traffic(before),
    rows: traffic(now),
    features: [CHANNEL],
    modelChanged,
    experiment: null,
    attributions: [],
  });
  if (result === null) throw new Error('nothing to decompose');
  const parts = result.parts.reduce((sum, { value }) => sum + value, 0);
  expect(parts + result.remainder).toBeCloseTo(result.total, 12);
  expect(result.before + result.total).toBeCloseTo(result.now, 12);
  return result;
}
const part = (of: Decomposition, name: DecompositionPartName): number =>
  of.parts.find((one) => one.name === name)?.value ?? NaN;
const holds = (of: Decomposition, name: DecompositionPartName, truth: number): boolean => {
  const interval = of.parts.find((one) => one.name === name)?.interval;
  return interval != null && interval.low <= truth && truth <= interval.high;
};

test('other inputs, answered as before, are input mix', () => {
  const result = split({ rows: 2_000, seed: 1 }, { rows: 2_000, seed: 2, mobileShare: 0.7 });
  expect(result).toMatchObject({ measure: 'confidence', method: 'counts', interventional: false });
  expect(part(result, 'input mix')).toBeCloseTo(-0.15, 1);
  expect(Math.abs(part(result, 'model'))).toBeLessThan(0.01);
  expect(Math.abs(result.remainder)).toBeLessThan(0.01);
});

test('the same inputs, answered with less confidence, are the model', () => {
  const result = split({ rows: 2_000, seed: 3 }, { rows: 2_000, seed: 4, shift: -0.2 });
  expect(part(result, 'model')).toBeCloseTo(-0.2, 1);
  expect(Math.abs(part(result, 'input mix'))).toBeLessThan(0.02);
});

test('rows the baseline could not have had are data quality', () => {
  const result = split({ rows: 2_000, seed: 5 }, { rows: 2_000, seed: 6, missingShare: 0.5 });
  expect(part(result, 'data quality')).toBeCloseTo(result.total, 1);
  expect(Math.abs(part(result, 'model'))).toBeLessThan(0.01);
});

test('with labels, another mix and another truth are told apart, and unanswered calls are serving', () => {
  const usual = { rows: 4_000, right: [0.6, 0.9] as const };
  const mix = split({ ...usual, seed: 7 }, { ...usual, seed: 8, mobileShare: 0.6 });
  expect(mix).toMatchObject({ measure: 'accuracy', method: 'reweighting' });
  expect(part(mix, 'input mix')).toBeCloseTo(mix.total, 1);
  expect(Math.abs(part(mix, 'concept'))).toBeLessThan(0.03);
  expect(mix.effectiveRows).toBeGreaterThan(1_000);
  expect(Math.abs(mix.remainder)).toBeLessThan(1e-9);

  const concept = split({ ...usual, seed: 9 }, { ...usual, seed: 10, right: [0.6, 0.7] });
  expect(part(concept, 'concept')).toBeCloseTo(-0.16, 1);
  expect(Math.abs(part(concept, 'input mix'))).toBeLessThan(0.02);
  expect(part(split({ ...usual, seed: 9 }, { ...usual, seed: 10, right: [0.6, 0.7] }, true), 'model')).toBe(
    part(concept, 'concept'),
  );

  const serving = split({ ...usual, seed: 11 }, { ...usual, seed: 12, failedShare: 0.3 });
  expect(part(serving, 'serving')).toBeCloseTo(-0.3 * 0.84, 1);
  expect(Math.abs(part(serving, 'concept'))).toBeLessThan(0.03);
});

test('without new labels, what the baseline’s labels say of confidence estimates accuracy, and mix and model are told apart', () => {
  // Twice as sure as it should be above one half: labels say so.
  const usual = { rows: 4_000, right: [0.55, 0.75] as const };
  const unlabelled = (rows: Observation[]): Observation[] => rows.map((row) => ({ ...row, label: null }));
  const estimate = (now: World, modelChanged: boolean | null): Decomposition => {
    const found = decompose({
      baselineRows: traffic({ ...usual, seed: 21 }),
      rows: unlabelled(traffic(now)),
      features: [CHANNEL],
      modelChanged,
      experiment: null,
      attributions: [],
    });
    if (found === null) throw new Error('nothing to decompose');
    return found;
  };
  const mix = estimate({ ...usual, seed: 22, mobileShare: 0.6 }, false);
  expect(mix).toMatchObject({ measure: 'estimated accuracy', method: 'counts', interventional: false });
  // 20 % mobile before, 60 % now: 0.4 · (0.55 − 0.75) fewer right.
  expect(mix.total).toBeCloseTo(-0.08, 1.5);
  expect(part(mix, 'input mix')).toBeCloseTo(mix.total, 1.5);
  expect(Math.abs(part(mix, 'model'))).toBeLessThan(0.02);
  const model = estimate({ ...usual, seed: 23, shift: -0.25 }, null);
  expect(part(model, 'model')).toBeLessThan(-0.04);
  expect(Math.abs(part(model, 'input mix'))).toBeLessThan(0.02);
  // Golden inputs say that the model answers otherwise: what its confidence was worth is no guide.
  expect(estimate({ ...usual, seed: 23, shift: -0.25 }, true).measure).toBe('confidence');
});

test('intervals hold the truth about as often as they say', () => {
  let held = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    const result = split(
      { rows: 500, seed: 100 + seed },
      { rows: 500, seed: 200 + seed, mobileShare: 0.5, shift: -0.1 },
    );
    held += Number(holds(result, 'input mix', -0.09));
  }
  expect(held).toBeGreaterThanOrEqual(50);
});

test('what was found by asking the model replaces what was read off counts', () => {
  const before = traffic({ rows: 500, seed: 13 });
  const rows = traffic({ rows: 500, seed: 14, mobileShare: 0.7 });
  const result = decompose({
    baselineRows: before,
    rows,
    features: [CHANNEL],
    modelChanged: null,
    experiment: {
      atMs: 0,
      kind: 'cohort-shapley',
      output: 'confidence',
      calls: 100,
      callsBudget: 100,
      callFailures: 0,
      pairs: 30,
      total: -0.14,
      additivityGap: 0.01,
      modelShift: 0.001,
      limitation: null,
    },
    attributions: [{ feature: 'channel', value: -0.14, standardError: 0.01, method: 'interventional-shapley' }],
  });
  expect(result).toMatchObject({ method: 'experiment', interventional: true });
  expect(result?.parts.find(({ name }) => name === 'input mix')?.interval).toMatchObject({ low: -0.14 - 0.0196 });
  expect(Math.abs(result?.remainder ?? 1)).toBeLessThan(0.03);
});

test('too few rows are not decomposed', () => {
  const few = traffic({ rows: 20, seed: 15 });
  expect(
    decompose({ baselineRows: few, rows: few, features: [], modelChanged: null, experiment: null, attributions: [] }),
  ).toBeNull();
});

test('no accuracy is estimated of inputs that the baseline could not have had, which a model is sure of without being right', () => {
  const before = traffic({ rows: 2_000, seed: 31, right: [0.55, 0.75] });
  const farOut = (share: number): Observation[] =>
    traffic({ rows: 1_000, seed: 32 }).map((row, i) =>
      i >= share * 1_000
        ? row
        : {
            ...row,
            confidence: 0.99,
            features: { ...row.features, basket: 100 * Number(row.features?.['basket']) + 2 },
          },
    );
  const measured = (rows: Observation[]): Decomposition | null =>
    decompose({
      baselineRows: before,
      rows,
      features: [{ ...CHANNEL, feature: 'basket', kind: 'numeric' }],
      modelChanged: false,
      experiment: null,
      attributions: [],
    });
  expect(measured(farOut(0.02))?.measure).toBe('estimated accuracy');
  expect(measured(farOut(0.8))?.measure).toBe('confidence');
});
