import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createWindowBuilder } from '../../exporter/src/statistics/window-profile.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../exporter/src/domain/profile.js';
import { estimatePerformance } from '../../exporter/src/performance/estimate.js';
import { say, streams } from './streams.js';

/** The real log of a deployed model; see test/data/employment_MA/SOURCES.md. */
interface Answer {
  readonly confidence: number;
  readonly correct: boolean;
}
function read(name: string): Answer[] {
  const text = gunzipSync(readFileSync(new URL(`../data/employment_MA/${name}.csv.gz`, import.meta.url))).toString();
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [thousandths, correct] = line.split(',');
      return { confidence: Number(thousandths) / 1_000, correct: correct === '1' };
    });
}

const observation = (confidence: number): Observation => ({
  atMs: 1,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features: null,
  prediction: 'x',
  confidence,
  latencySeconds: null,
  failure: null,
  label: null,
  modelVersion: null,
});

function profile(answers: readonly Answer[], labelled: boolean, like?: WindowProfile): WindowProfile {
  const builder = createWindowBuilder(like === undefined ? {} : { like });
  for (const { confidence, correct } of answers) {
    builder.add(observation(confidence));
    if (labelled)
      builder.addLabel({ kind: 'class', correct, confidenceTenth: Math.min(9, Math.floor(confidence * 10)) });
  }
  return builder.build();
}

const CHUNK = 5_000;
const shareCorrect = (answers: readonly Answer[]): number =>
  answers.filter(({ correct }) => correct).length / answers.length;

test('estimates the accuracy of employment_MA without its labels within 0.006 on average', () => {
  const reference = read('reference');
  const baseline = profile(reference, true);
  const analysis = read('analysis');
  const constant = shareCorrect(reference);
  const errors = { cbpe: 0, doc: 0, constant: 0 };
  let chunks = 0;
  let inBand = 0;
  for (let start = 0; start + CHUNK <= analysis.length; start += CHUNK) {
    const chunk = analysis.slice(start, start + CHUNK);
    const truth = shareCorrect(chunk);
    const estimate = estimatePerformance(baseline, profile(chunk, false, baseline), []);
    if (estimate.kind === 'unknown' || estimate.measure !== 'accuracy') throw new Error(JSON.stringify(estimate));
    errors.cbpe += Math.abs(estimate.accuracy - truth);
    errors.doc += Math.abs(estimate.crossCheck - truth);
    errors.constant += Math.abs(constant - truth);
    if (truth >= estimate.band.low && truth <= estimate.band.high) inBand += 1;
    chunks += 1;
  }
  const mean = (sum: number): string => (sum / chunks).toFixed(4);
  say(
    `mean absolute error over ${chunks} chunks of ${CHUNK}: CBPE ${mean(errors.cbpe)}, DoC ${mean(errors.doc)}, last known accuracy ${mean(errors.constant)}; ${inBand} of ${chunks} truths in the 95 % band`,
  );
  expect(errors.cbpe / chunks).toBeLessThanOrEqual(0.006);
  expect(errors.doc / chunks).toBeLessThanOrEqual(0.006);
  expect(errors.cbpe).toBeLessThan(errors.constant);
});

test('says "unknown" rather than guess', () => {
  const reference = read('reference').slice(0, 2_000);
  const baseline = profile(reference, true);
  const window = profile(reference.slice(0, 500), false, baseline);
  expect(estimatePerformance(null, window, [])).toMatchObject({ kind: 'unknown' });
  expect(estimatePerformance(profile(reference.slice(0, 199), true), window, [])).toMatchObject({
    kind: 'unknown',
    reason: expect.stringContaining('199 labelled answers') as string,
  });
  const moved = {
    detector: 'golden-answers',
    subject: 'golden',
    kind: 'model',
    direction: 'changed',
    statistic: { name: 'changed_share', value: 0.5 },
    threshold: 0.2,
    pValue: null,
    effect: { measure: 'share', value: 0.5, interval: null },
    statistics: [],
    before: null,
    now: null,
    window: { fromMs: 0, toMs: 1, samples: 10 },
    baselineSamples: null,
    sentence: '',
  } as const;
  expect(estimatePerformance(baseline, window, [moved])).toMatchObject({ kind: 'unknown' });
});

test('recalibrates a model that overstates itself, and then estimates what it is really worth', () => {
  const honest = read('reference').slice(0, 20_000);
  const boastful = honest.map(({ confidence, correct }) => ({ confidence: Math.sqrt(confidence), correct }));
  const estimate = estimatePerformance(
    profile(boastful.slice(0, 10_000), true),
    profile(boastful.slice(10_000), false),
    [],
  );
  if (estimate.kind === 'unknown' || estimate.measure !== 'accuracy') throw new Error(JSON.stringify(estimate));
  expect(estimate.calibrated).toBe(true);
  expect(Math.abs(estimate.accuracy - shareCorrect(boastful.slice(10_000)))).toBeLessThan(0.015);
});

/** A regressor whose errors grow with its answer, and the answers it is asked for. */
function regression(seed: number, count: number, draw: (normal: number) => number, like?: WindowProfile) {
  const source = streams(seed);
  const builder = createWindowBuilder(like === undefined ? {} : { like });
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    const prediction = draw(source.normal());
    const absoluteError = Math.abs(0.2 * prediction * source.normal());
    builder.add({ ...observation(0), confidence: null, prediction });
    if (like === undefined) builder.addLabel({ kind: 'quantity', prediction, absoluteError });
    sum += absoluteError;
  }
  return { profile: builder.build(), truth: sum / count };
}

test('estimates the error of a regressor without labels when it is asked for other quantities', () => {
  const baseline = regression(1, 4_000, (z) => 100 * Math.exp(0.5 * z));
  for (const [name, factor] of [
    ['as before', 1],
    ['smaller ones', 0.7],
    ['larger ones', 1.3],
  ] as const) {
    const window = regression(2, 2_000, (z) => factor * 100 * Math.exp(0.4 * z), baseline.profile);
    const estimate = estimatePerformance(baseline.profile, window.profile, []);
    if (estimate.kind === 'unknown' || estimate.measure !== 'mean-absolute-error') {
      throw new Error(JSON.stringify(estimate));
    }
    const { meanAbsoluteError, band, baselineError } = estimate;
    say(
      `mean absolute error when asked for ${name}: estimated ${meanAbsoluteError.toFixed(2)} (${band.low.toFixed(2)} to ${band.high.toFixed(2)}), true ${window.truth.toFixed(2)}; last known ${baselineError.mean.toFixed(2)}`,
    );
    expect(Math.abs(meanAbsoluteError / window.truth - 1)).toBeLessThan(0.08);
    if (factor !== 1) {
      expect(Math.abs(meanAbsoluteError - window.truth)).toBeLessThan(Math.abs(baselineError.mean - window.truth) / 3);
    }
  }
});

test('says "unknown" for quantities no label ever covered', () => {
  const baseline = regression(1, 4_000, (z) => 100 * Math.exp(0.5 * z));
  const window = regression(2, 500, (z) => 5_000 * Math.exp(0.1 * z), baseline.profile);
  expect(estimatePerformance(baseline.profile, window.profile, [])).toMatchObject({
    kind: 'unknown',
    reason: expect.stringMatching(/^100 % of the answers are smaller or larger/) as string,
  });
});
